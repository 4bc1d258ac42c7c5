"""What calls cost under a rate table: columns of calls in, columns of costs out, every step of the way kept.

Owns the temporal join and the arithmetic of direct and standard cost (rate-table.md, Which rules). It is the only
costing there is: the fold adds its columns up, `explain` reads one call's line in them.
Knows no window, no index and no duplicates.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from consumer.core.accrual import life
from consumer.core.basis import Basis, Profile, Profiles, basis_at, basis_starts, dimensions_used
from consumer.core.calls import CompletedCall
from consumer.core.columns import STARTED, Integers, driver_column, number_rows
from consumer.core.counts import UNRATED_REASONS
from consumer.core.money import NANO, IntColumn, divide_half_up, int_column, parse_decimal, round_half_up
from consumer.core.pools import CATEGORIES
from consumer.core.rates import RateTable
from consumer.core.tariff import Charge, Tariff

COMPONENTS = ("carrier", "fee", *CATEGORIES)

_COSTED = 0
_REASON = {reason: code for code, reason in enumerate(UNRATED_REASONS, start=1)}


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

    def components(self, lines: Integers) -> IntColumn:
        """Standard cost of some calls by component: a row a call, columns as COMPONENTS."""
        pools = self.pools[lines]
        found: npt.NDArray[Any] = np.zeros((len(lines), len(COMPONENTS)), dtype=self.standard().dtype)
        found[:, 0], found[:, 1] = self.carrier[lines], self.fees[lines].sum(axis=1)
        for number, pool in enumerate(self.basis.pools):
            found[:, COMPONENTS.index(pool.category)] += pools[:, number]
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
        starts = basis_starts(self.table)
        self._bases = [basis_at(self.table, start) for start in starts]
        self._starts = np.array(starts, dtype=np.int64)
        self._dimensions = attrgetter(*dimensions_used(self.table))

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
        charged = _Charged([0] * len(profiles), [0] * len(profiles), [0] * len(profiles), [0] * len(profiles))
        for line, (call, profile) in enumerate(zip(costed.calls, profiles, strict=True)):
            if profile.tariff is not None or call.reported_price is not None:
                reason = self._charge_carrier(costed, charged, line, call, profile)
            else:
                reason = "no_tariff" if profile.needs_tariff and call.billable_ms > 0 else None
            if reason is not None:
                costed.unrated[line] = _REASON[reason]
        costed.carrier, costed.billed_s = int_column(charged.carrier), np.array(charged.billed_s, dtype=np.int64)
        if costed.has_reported.any():
            costed.reported, costed.carrier_of_reported = int_column(charged.reported), int_column(charged.deck)

    def _charge_carrier(
        self, costed: CostedCalls, charged: "_Charged", line: int, call: CompletedCall, profile: Profile
    ) -> str | None:
        """Charge one call by its tariff and by its reported price; why it cannot be, if so."""
        tariff, amount, reason = profile.tariff, 0, None
        if tariff is not None:
            charge = costed.charges[line] = tariff.charge(call)
            in_nano = None if charge is None else charge_nano(charge, tariff, costed.basis.fx[tariff.currency])
            if charge is None:
                reason = "no_prefix"
            elif in_nano is None:
                reason = "no_fx_rate"
            charged.billed_s[line] = 0 if charge is None else charge.billed_s
            amount = in_nano or 0
        elif profile.needs_tariff and call.billable_ms > 0:
            return "no_tariff"
        charged.carrier[line] = amount
        if call.reported_price is None:
            return reason
        price = self._reported_nano(call)
        if tariff is not None and tariff.prefer_reported:
            charged.carrier[line], reason = price or 0, "no_fx_rate" if price is None else None
        costed.unconverted[line], costed.has_reported[line] = price is None, price is not None
        charged.reported[line], charged.deck[line] = price or 0, amount if price is not None else 0
        return reason

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


@dataclass(frozen=True, slots=True)
class _Charged:
    """What carriers charge, call by call, before it is columns: in nano-units and seconds."""

    carrier: list[int]
    billed_s: list[int]
    reported: list[int]
    deck: list[int]  # what the decks charge for calls with a reported price


def charge_nano(charge: Charge, tariff: Tariff, fx: Fraction | None) -> int | None:
    """A carrier's charge in nano-units of the reporting currency, rounded as rate-table.md (Currency) says."""
    if charge.numerator == 0:
        return 0
    if fx is None:
        return None
    if tariff.rounding is None:
        return divide_half_up(charge.numerator * fx.numerator * NANO, charge.denominator * fx.denominator)
    return round_half_up(tariff.rounding.apply(Fraction(charge.numerator, charge.denominator)) * fx * NANO)


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
