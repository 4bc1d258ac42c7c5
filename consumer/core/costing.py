"""What calls cost under a rate table: columns of calls in, columns of costs out, every step of the way kept.

Owns the temporal join and the arithmetic of direct and standard cost (rate-table.md, Which rules). It is the only
costing there is: the fold adds its columns up, `explain` reads one call's line in them.
Knows no window, no index and no duplicates.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from consumer.core.accrual import amount_nano, life
from consumer.core.calls import DIMENSIONS, MAX_DURATION_MS, CompletedCall
from consumer.core.columns import STARTED, Integers, VersionColumns, driver_column, number_rows
from consumer.core.counts import UNRATED_REASONS
from consumer.core.deck import FOREVER_MS
from consumer.core.money import NANO, IntColumn, Prices, divide_half_up, int_column, parse_decimal, round_half_up
from consumer.core.pools import CATEGORIES, CostFee, CostPool, Scope, units_a_driver_unit
from consumer.core.rates import RateTable, RateVersion
from consumer.core.tariff import Charge, Tariff

COMPONENTS = ("carrier", "fee", *CATEGORIES)

_COSTED = 0
_REASON = {reason: code for code, reason in enumerate(UNRATED_REASONS, start=1)}
_MOST_UNITS = 3 * MAX_DURATION_MS  # handle time: talk, hold and wrap of a week each
_PROFILES_KEPT = 100_000


@dataclass(frozen=True)
class Basis:
    """A version while no exchange rate changes: everything a call's cost is computed from, in nano-units."""

    version: RateVersion | None  # None: before the first version, or in a gap
    pool_prices: Prices  # a base unit (a millisecond, a call); none without a capacity
    fee_prices: Prices  # a base unit; none without an exchange rate
    fx: dict[str, Fraction | None]  # of the tariffs' currencies

    @cached_property
    def columns(self) -> VersionColumns:
        """Where costs on this basis are summed."""
        if self.version is None:
            return VersionColumns("")
        return VersionColumns(self.version.id, tuple((pool.name, pool.category) for pool in self.version.pools))

    @property
    def pools(self) -> tuple[CostPool, ...]:
        """The version's pools."""
        return self.version.pools if self.version else ()

    @property
    def fees(self) -> tuple[CostFee, ...]:
        """The version's fees."""
        return self.version.fees if self.version else ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What calls with the same dimensions have in common under one version."""

    number: int  # the line of `served`
    tariff: Tariff | None
    needs_tariff: bool


class Profiles:
    """The profiles of one basis, and whom the pools and fees serve by their scopes: a line a profile."""

    def __init__(self, version: RateVersion) -> None:
        self._version = version
        self._known: dict[object, Profile] = {}
        self._pools = np.zeros((8, len(version.pools)), dtype=np.bool_)
        self._fees = np.zeros((8, len(version.fees)), dtype=np.bool_)

    def of(self, keys: list[object], calls: list[CompletedCall]) -> list[Profile]:
        """The profile of each call; `keys` are their values of the dimensions that the table asks for."""
        known = self._known
        if len(known) > _PROFILES_KEPT:
            known.clear()
        return [known.get(key) or self._add(key, call) for key, call in zip(keys, calls, strict=True)]

    def _add(self, key: object, call: CompletedCall) -> Profile:
        number, version = len(self._known), self._version
        if number == len(self._pools):
            self._pools = np.concatenate([self._pools, np.zeros_like(self._pools)])
            self._fees = np.concatenate([self._fees, np.zeros_like(self._fees)])
        self._pools[number] = [pool.scope.fits(call) for pool in version.pools]
        self._fees[number] = [fee.scope.fits(call) for fee in version.fees]
        tariff = next((tariff for tariff in version.tariffs if tariff.fits(call)), None)
        needs_tariff = bool(version.tariffs) and call.direction in version.tariff_required
        profile = self._known[key] = Profile(number, tariff, needs_tariff)
        return profile

    def served(self, profiles: list[Profile]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which pools and which fees serve each call."""
        numbers = np.array([profile.number for profile in profiles], dtype=np.int64)
        return self._pools[numbers], self._fees[numbers]


@dataclass(slots=True)
class CostedCalls:
    """Costs of the calls of one basis, a line a call. Money is nano-units of the reporting currency.

    Of an unrated call (`unrated` is not 0) every amount is 0.
    """

    basis: Basis
    positions: Integers  # of the calls in the sequence that was costed
    calls: list[CompletedCall]
    unrated: npt.NDArray[np.int8]  # 0, or 1 + index into UNRATED_REASONS
    numbers: Integers  # the calls as rows of numbers: columns.number_rows
    charges: list[Charge | None]  # what the tariff's deck charges, None without one
    billed_s: Integers
    carrier: IntColumn
    reported: IntColumn  # reported prices that could be converted
    has_reported: npt.NDArray[np.bool_]
    carrier_of_reported: IntColumn  # what the decks charge for those
    unconverted: npt.NDArray[np.bool_]  # reported prices without an exchange rate
    fee_units: Integers  # billed base units, a column a fee
    fees: IntColumn  # a column a fee
    pool_units: Integers  # base units, a column a pool
    pools: IntColumn  # a column a pool

    def reason(self, line: int) -> str | None:
        """Why a call is unrated; None when it is costed."""
        code = int(self.unrated[line])
        return UNRATED_REASONS[code - 1] if code else None

    def components(self) -> IntColumn:
        """Standard cost by component: a row a call, columns as COMPONENTS."""
        shape = (len(self.calls), len(COMPONENTS))
        found: npt.NDArray[Any] = np.zeros(shape, dtype=self.standard().dtype)
        found[:, 0], found[:, 1] = self.carrier, self.fees.sum(axis=1)
        for number, pool in enumerate(self.basis.pools):
            found[:, COMPONENTS.index(pool.category)] += self.pools[:, number]
        return found

    def standard(self) -> IntColumn:
        """Direct cost and every pool at its capacity cost rate."""
        standard: IntColumn = self.carrier + self.fees.sum(axis=1) + self.pools.sum(axis=1)
        return standard


@dataclass
class Costing:
    """A rate table made ready for costing. Remembers profiles of calls, which changes no result."""

    table: RateTable
    _bases: list[Basis] = field(init=False)
    _starts: Integers = field(init=False)
    _profiles: dict[int, Profiles] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        starts = _basis_starts(self.table)
        self._bases = [_basis(self.table, start) for start in starts]
        self._starts = np.array(starts, dtype=np.int64)
        self._dimensions = attrgetter(*_dimensions_used(self.table))

    def cost(self, calls: list[CompletedCall]) -> list[CostedCalls]:
        """Cost every call; one block of columns for each basis that occurs."""
        numbers = number_rows(calls)
        basis_of = np.searchsorted(self._starts, numbers[:, STARTED], side="right") - 1
        if (basis_of == basis_of[0]).all():
            return [self._cost_group(int(basis_of[0]), np.arange(len(calls)), calls, numbers)]
        groups = [(index, np.flatnonzero(basis_of == index)) for index in np.unique(basis_of).tolist()]
        return [
            self._cost_group(index, lines, [calls[line] for line in lines.tolist()], numbers[lines])
            for index, lines in groups
        ]

    def _cost_group(
        self, index: int, positions: Integers, calls: list[CompletedCall], numbers: Integers
    ) -> CostedCalls:
        basis = self._bases[index]
        costed = _empty(basis, positions, calls, numbers)
        if basis.version is None:
            costed.unrated[:] = _REASON["no_rate_version"]
            return costed
        known = self._profiles.get(index)
        if known is None:
            known = self._profiles[index] = Profiles(basis.version)
        profiles = known.of(list(map(self._dimensions, calls)), calls)
        self._charge_carriers(costed, profiles)
        pools_serve, fees_serve = known.served(profiles)
        if basis.fees:
            _add_fees(costed, fees_serve)
        if basis.pools:
            self._add_pools(costed, pools_serve)
        if costed.unrated.any():
            _clear_unrated(costed)
        return costed

    def _charge_carriers(self, costed: CostedCalls, profiles: list[Profile]) -> None:
        carrier, billed = [0] * len(costed.calls), [0] * len(costed.calls)
        reported: list[tuple[int, int, int]] = []  # line, reported, what the deck charges
        for line, (call, profile) in enumerate(zip(costed.calls, profiles, strict=True)):
            tariff = profile.tariff
            if tariff is None:
                if profile.needs_tariff and call.billable_ms > 0:
                    costed.unrated[line] = _REASON["no_tariff"]
                    continue
                amount: int | None = 0
            else:
                charge = costed.charges[line] = tariff.charge(call)
                amount = None
                if charge is not None:
                    billed[line] = charge.billed_s
                    amount = charge_nano(charge, tariff, costed.basis.fx[tariff.currency])
                if not (tariff.prefer_reported and call.reported_price):
                    if amount is None:
                        costed.unrated[line] = _REASON["no_prefix" if charge is None else "no_fx_rate"]
                        continue
                    carrier[line] = amount
            if call.reported_price:
                price = self._reported_nano(call)
                if tariff is not None and tariff.prefer_reported:
                    if price is None:
                        costed.unrated[line] = _REASON["no_fx_rate"]
                        continue
                    carrier[line] = price
                if price is None:
                    costed.unconverted[line] = True
                else:
                    reported.append((line, price, amount or 0))
        costed.carrier, costed.billed_s = int_column(carrier), np.array(billed, dtype=np.int64)
        if reported:
            _add_reported(costed, reported)

    def _reported_nano(self, call: CompletedCall) -> int | None:
        """The reported price in nano-units; None without an exchange rate. Zero needs none."""
        if call.reported_price is None:
            return None
        amount = parse_decimal(call.reported_price[0])
        if amount == 0:
            return 0
        rate = self.table.fx.at(call.reported_price[1], call.started_ms)
        return None if rate is None else round_half_up(amount * rate * NANO)

    def _add_pools(self, costed: CostedCalls, served: npt.NDArray[np.bool_]) -> None:
        started = costed.numbers[:, STARTED]
        for number, pool in enumerate(costed.basis.pools):
            if pool.hours is not None:
                served[:, number] &= pool.hours.open_at(started)
            if pool.per == "once":
                begins, ends = life(self.table.calendar, pool)
                served[:, number] &= (started >= begins) & (started < ends)
        drivers = [driver_column(pool.driver) for pool in costed.basis.pools]
        costed.pool_units = costed.numbers[:, drivers] * served
        costed.pools = costed.basis.pool_prices.scale(costed.pool_units)


def charge_nano(charge: Charge, tariff: Tariff, fx: Fraction | None) -> int | None:
    """A carrier's charge in nano-units of the reporting currency, rounded as rate-table.md (Currency) says."""
    if charge.numerator == 0:
        return 0
    if fx is None:
        return None
    if tariff.rounding is None:
        return divide_half_up(charge.numerator * fx.numerator * NANO, charge.denominator * fx.denominator)
    return round_half_up(tariff.rounding.apply(Fraction(charge.numerator, charge.denominator)) * fx * NANO)


def _add_reported(costed: CostedCalls, reported: list[tuple[int, int, int]]) -> None:
    prices, charged = [0] * len(costed.calls), [0] * len(costed.calls)
    for line, price, amount in reported:
        prices[line], charged[line] = price, amount
        costed.has_reported[line] = True
    costed.reported, costed.carrier_of_reported = int_column(prices), int_column(charged)


def _add_fees(costed: CostedCalls, served: npt.NDArray[np.bool_]) -> None:
    fees = costed.basis.fees
    costed.fee_units = costed.numbers[:, [driver_column(fee.driver) for fee in fees]] * served
    for number, fee in enumerate(fees):
        if fee.first_increment_s is not None and fee.next_increment_s is not None:
            consumed = costed.fee_units[:, number]
            costed.fee_units[:, number] = billed_units(
                consumed, fee.first_increment_s * 1000, fee.next_increment_s * 1000
            )
    for number in costed.basis.fee_prices.missing:
        unpriced = (costed.fee_units[:, number] > 0) & (costed.unrated == _COSTED)
        costed.unrated[unpriced] = _REASON["no_fx_rate"]
    costed.fees = costed.basis.fee_prices.scale(costed.fee_units)


def billed_units(consumed: Integers, first_ms: int, next_ms: int) -> Integers:
    """Whole increments of a column of milliseconds; nothing stays nothing."""
    beyond = np.maximum(consumed - first_ms, 0)
    billed: Integers = first_ms + -(-beyond // next_ms) * next_ms
    return np.where(consumed > 0, billed, 0)


def _clear_unrated(costed: CostedCalls) -> None:
    unrated = costed.unrated != _COSTED
    for column in (
        costed.billed_s, costed.carrier, costed.reported, costed.carrier_of_reported, costed.has_reported,
        costed.unconverted, costed.fee_units, costed.fees, costed.pool_units, costed.pools,
    ):  # fmt: skip
        column[unrated] = 0


def _empty(basis: Basis, positions: Integers, calls: list[CompletedCall], numbers: Integers) -> CostedCalls:
    length = len(calls)
    nothing, none = np.zeros(length, dtype=np.int64), np.zeros((length, 0), dtype=np.int64)
    pools = np.zeros((length, len(basis.pools)), dtype=np.int64)
    return CostedCalls(
        basis, positions, calls, np.zeros(length, dtype=np.int8), numbers, [None] * length,
        nothing, nothing, nothing, np.zeros(length, dtype=np.bool_), nothing, np.zeros(length, dtype=np.bool_),
        none, none, pools, pools,
    )  # fmt: skip


def _basis_starts(table: RateTable) -> list[int]:
    """Every instant from which calls are costed on another basis, the beginning of time first."""
    starts = {-FOREVER_MS, *table.fx.changes()}
    for version in table.versions:
        starts |= {version.from_ms, version.to_ms}
    return sorted(starts)


def _basis(table: RateTable, start_ms: int) -> Basis:
    version = table.as_of(start_ms)
    if version is None:
        return Basis(None, Prices.of([], 0), Prices.of([], 0), {})
    return Basis(
        version,
        Prices.of([_pool_price(table, pool, start_ms) for pool in version.pools], _MOST_UNITS),
        Prices.of([_fee_price(table, fee, start_ms) for fee in version.fees], 2 * _MOST_UNITS),
        {tariff.currency: table.fx.at(tariff.currency, start_ms) for tariff in version.tariffs},
    )


def _pool_price(table: RateTable, pool: CostPool, start_ms: int) -> Fraction | None:
    """The capacity cost rate: nano-units a base unit."""
    amount = amount_nano(table, pool, start_ms)
    if amount is None or pool.capacity is None:
        return None
    months = pool.life_months if pool.per == "once" else 1
    return Fraction(amount, months) / (pool.capacity * units_a_driver_unit(pool.driver))


def _fee_price(table: RateTable, fee: CostFee, start_ms: int) -> Fraction | None:
    rate = Fraction(1) if fee.price == 0 else table.fx.at(fee.currency, start_ms)
    return None if rate is None else fee.price * rate * NANO / (fee.per_units * units_a_driver_unit(fee.driver))


def _dimensions_used(table: RateTable) -> list[str]:
    """Direction, and what any scope or match asks: calls that agree in these share a profile."""
    scopes: list[Scope] = []
    for version in table.versions:
        scopes += [pool.scope for pool in version.pools] + [fee.scope for fee in version.fees]
        scopes += [tariff.match for tariff in version.tariffs]
    used = {name for scope in scopes for name in scope.allowed} | {"direction", "disposition"}
    return [name for name in DIMENSIONS if name in used]
