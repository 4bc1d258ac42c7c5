"""What a call's cost is computed from: a rate version while no exchange rate changes, ready to be multiplied.

Owns capacity cost rates and prices in nano-units, and what calls of the same dimensions have in common.
Knows no single call's cost.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from consumer.core.accrual import amount_nano
from consumer.core.calls import DIMENSIONS, MAX_DURATION_MS, CompletedCall
from consumer.core.columns import PoolColumns, VersionColumns
from consumer.core.deck import FOREVER_MS
from consumer.core.money import NANO, Prices
from consumer.core.pools import CostFee, CostPool, Scope, units_a_driver_unit
from consumer.core.rates import RateTable, RateVersion
from consumer.core.tariff import Tariff

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
        return VersionColumns(self.version.id, tuple(map(PoolColumns.of, self.version.pools)))

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


def basis_starts(table: RateTable) -> list[int]:
    """Every instant from which calls are costed on another basis, the beginning of time first."""
    starts = {-FOREVER_MS, *table.fx.changes()}
    for version in table.versions:
        starts |= {version.from_ms, version.to_ms}
    return sorted(starts)


def basis_at(table: RateTable, start_ms: int) -> Basis:
    """The basis from one of the starts on."""
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


def dimensions_used(table: RateTable) -> list[str]:
    """Direction, and what any scope or match asks: calls that agree in these share a profile."""
    scopes: list[Scope] = []
    for version in table.versions:
        scopes += [pool.scope for pool in version.pools] + [fee.scope for fee in version.fees]
        scopes += [tariff.match for tariff in version.tariffs]
    used = {name for scope in scopes for name in scope.allowed} | {"direction", "disposition"}
    return [name for name in DIMENSIONS if name in used]
