"""Every line of one call's cost, with the steps that a person can check with a pocket calculator.

Owns the words. It computes nothing of its own: it reads the columns that `costing` made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from consumer.core.accrual import amount_nano
from consumer.core.calls import CompletedCall
from consumer.core.columns import driver_column
from consumer.core.costing import CostedCalls, Costing
from consumer.core.money import NANO, format_nano, format_thousandths, parse_decimal, round_half_up
from consumer.core.pools import CostFee, CostPool, units_a_driver_unit
from consumer.core.tariff import Charge, Tariff


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a call's cost. Units and rate are decimals; the amount is nano-units."""

    kind: str  # carrier, fee or pool
    name: str
    category: str
    units: str
    rate: str
    amount_nano: int
    how: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A call's cost, or why it has none."""

    call_id: str
    unrated: str | None
    version: str | None
    billed_s: int
    lines: tuple[Line, ...]
    without_rate: tuple[str, ...] = ()  # what is in which currency, where a call is unrated for want of its rate

    @property
    def direct_nano(self) -> int:
        """Tariff charges and fees."""
        return sum(line.amount_nano for line in self.lines if line.kind != "pool")

    @property
    def standard_nano(self) -> int:
        """Direct cost and every pool at its capacity cost rate."""
        return sum(line.amount_nano for line in self.lines)


def explain(costing: Costing, call: CompletedCall) -> Explanation:
    """Cost one call and put every step into words."""
    costed = costing.cost([call])[0]
    version = costed.basis.version
    reason = costed.reason(0)
    if reason is not None or version is None:
        without = tuple(_without_rate(costing, costed, call)) if reason == "no_fx_rate" else ()
        return Explanation(call.call_id, reason or "no_rate_version", version.id if version else None, 0, (), without)
    lines = (*_carrier_lines(costing, costed, call), *_fee_lines(costed), *_pool_lines(costing, costed, call))
    return Explanation(call.call_id, None, version.id, int(costed.billed_s[0]), lines)


def _tariff_of(costed: CostedCalls, call: CompletedCall) -> Tariff | None:
    version = costed.basis.version
    return next((tariff for tariff in version.tariffs if tariff.fits(call)), None) if version else None


def _without_rate(costing: Costing, costed: CostedCalls, call: CompletedCall) -> Iterator[str]:
    """Every price other than zero that could not be converted. The columns of an unrated call say no more."""
    for what, currency in (*_carrier_price(costed, call), *_fees_without_rate(costed, call)):
        if costing.table.fx.at(currency, call.started_ms) is None:
            yield f"{what} is in {currency}"


def _carrier_price(costed: CostedCalls, call: CompletedCall) -> Iterator[tuple[str, str]]:
    """What the carrier charges by, and its currency, unless it charges nothing."""
    tariff, charge = _tariff_of(costed, call), costed.charges[0]
    if tariff is None:
        return
    if tariff.prefer_reported and call.reported_price is not None:
        amount, currency = call.reported_price
        if parse_decimal(amount):
            yield f"the platform's price, which tariff {tariff.name} prefers,", currency
    elif charge is not None and charge.numerator:
        yield f"tariff {tariff.name}", tariff.currency


def _fees_without_rate(costed: CostedCalls, call: CompletedCall) -> Iterator[tuple[str, str]]:
    for number in costed.basis.fee_prices.missing:
        fee = costed.basis.fees[number]
        if fee.scope.fits(call) and costed.numbers[0, driver_column(fee.driver)]:
            yield f"fee {fee.name}", fee.currency


def _carrier_lines(costing: Costing, costed: CostedCalls, call: CompletedCall) -> Iterator[Line]:
    tariff = _tariff_of(costed, call)
    if tariff is None:
        return
    amount, charge = int(costed.carrier[0]), costed.charges[0]
    units = str(int(costed.billed_s[0]))
    if tariff.prefer_reported and call.reported_price:
        price, currency = call.reported_price
        how = f"the platform's price {price} {currency} instead of the deck's{_fx(costing, currency, call.started_ms)}"
        yield Line("carrier", tariff.name, "carrier", units, price, amount, how)
    elif charge is not None:
        rate = _decimal(charge.row.price.rate_per_minute, tariff.scale) if charge.row else ""
        yield Line("carrier", tariff.name, "carrier", units, rate, amount, _charged(costing, tariff, charge, call))


def _charged(costing: Costing, tariff: Tariff, charge: Charge, call: CompletedCall) -> str:
    row, scale = charge.row, tariff.scale
    if row is None:
        steps = [f"never connected: attempt fee {_decimal(tariff.attempt_fee, scale)} of the tariff, no prefix fits"]
    elif charge.billed_s == 0:
        steps = [
            f"never connected: attempt fee {_decimal(row.price.attempt_fee, scale)}, "
            f"prefix {row.prefix!r} ({row.place})"
        ]
    else:
        steps = _usage(tariff, charge, call)
    exact = Fraction(charge.numerator, charge.denominator)
    if tariff.rounding is not None:
        rounded = round_half_up(tariff.rounding.apply(exact) * NANO)
        steps.append(f"rounded {tariff.rounding.mode} to {tariff.rounding.decimals} decimals: {format_nano(rounded)}")
    return "; ".join(steps) + _fx(costing, tariff.currency, call.started_ms)


def _usage(tariff: Tariff, charge: Charge, call: CompletedCall) -> list[str]:
    row, scale = charge.row, tariff.scale
    if row is None:
        raise AssertionError("a charged call has a row")
    price = row.price
    steps = [
        f"prefix {row.prefix!r} ({row.place}); {format_thousandths(call.billable_ms)} s in increments of "
        f"{price.first_increment_s}/{price.next_increment_s} = {charge.billed_s} s"
    ]
    usage = " + ".join(
        f"{seconds} s × {_decimal(part.price.rate_per_minute, scale)}/60" for part, seconds in charge.parts
    )
    connect = f"{_decimal(price.connect_fee, scale)} to connect + " if price.connect_fee else ""
    steps.append(connect + usage)
    total = 60 * price.connect_fee + sum(part.price.rate_per_minute * seconds for part, seconds in charge.parts)
    if charge.numerator > total:
        steps.append(f"raised to the minimum {_decimal(price.minimum_charge, scale)}")
    if price.maximum_charge is not None and charge.numerator < total:
        steps.append(f"cut to the maximum {_decimal(price.maximum_charge, scale)}")
    return steps


def _fee_lines(costed: CostedCalls) -> Iterator[Line]:
    for fee, units, amount in zip(
        costed.basis.fees, costed.fee_units[0].tolist(), costed.fees[0].tolist(), strict=True
    ):
        if units:
            shown = _units(units, fee)
            how = f"{_number(fee.price)} {fee.currency} for {_number(fee.per_units)} {fee.driver} × {shown}"
            if fee.first_increment_s is not None:
                how += f", billed in increments of {fee.first_increment_s}/{fee.next_increment_s} s"
            yield Line("fee", fee.name, "fee", shown, _number(fee.price / fee.per_units), amount, how)


def _pool_lines(costing: Costing, costed: CostedCalls, call: CompletedCall) -> Iterator[Line]:
    for number, pool in enumerate(costed.basis.pools):
        units = int(costed.pool_units[0, number])
        if pool.capacity is not None and units:
            amount = amount_nano(costing.table, pool, call.started_ms) or 0
            months = pool.life_months if pool.per == "once" else 1
            shown = _units(units, pool)
            yield Line(
                "pool", pool.name, pool.category, shown, _number(Fraction(amount, months * NANO) / pool.capacity),
                int(costed.pools[0, number]),
                f"{_amount(costing, pool, amount)} ÷ {_number(pool.capacity)} {pool.driver} of practical capacity "
                f"× {shown}",
            )  # fmt: skip


def _amount(costing: Costing, pool: CostPool, amount: int) -> str:
    if pool.per == "once":
        return f"{format_nano(amount)} {costing.table.currency} once, less residual, ÷ {pool.life_months} months"
    return f"{format_nano(amount)} {costing.table.currency} a {pool.per}"


def _units(base_units: int, driven: CostPool | CostFee) -> str:
    per_unit = units_a_driver_unit(driven.driver)
    return format_thousandths(base_units) if per_unit == 1000 else str(base_units)


def _fx(costing: Costing, currency: str, instant_ms: int) -> str:
    rate = costing.table.fx.at(currency, instant_ms)
    if currency == costing.table.currency or rate is None:
        return ""
    return f"; × {_number(rate)} {costing.table.currency} for one {currency}"


def _decimal(scaled: int, scale: int) -> str:
    return _number(Fraction(scaled, scale))


def _number(value: Fraction) -> str:
    """A decimal of up to 12 places, exact where it ends, else with … behind it."""
    scaled = value * 10**12
    whole, decimals = divmod(scaled.numerator // scaled.denominator, 10**12)
    text = f"{whole}.{decimals:012d}".rstrip("0").rstrip(".")
    return text if scaled.denominator == 1 else text + "…"
