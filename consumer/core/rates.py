"""The rate table: immutable versions in time, and the one that is in force at an instant.

Owns the temporal join. How it is read from a file is `consumer.rates`; what it makes a call cost is `costing`.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from consumer.core.calendar import LocalCalendar, OpeningHours
from consumer.core.currency import ExchangeRates
from consumer.core.pools import Budget, CostFee, CostPool
from consumer.core.tariff import Tariff


@dataclass(frozen=True)
class RateVersion:
    """What things cost in [from_ms, to_ms)."""

    id: str
    from_ms: int
    to_ms: int
    tariff_required: frozenset[str]
    pools: tuple[CostPool, ...] = ()
    fees: tuple[CostFee, ...] = ()
    tariffs: tuple[Tariff, ...] = ()

    @cached_property
    def opening_hours(self) -> tuple[OpeningHours, ...]:
        """Those of pools and of tariffs' periods, each once."""
        of_pools = [pool.hours for pool in self.pools if pool.hours is not None]
        of_periods = [period.hours for tariff in self.tariffs for period in tariff.periods]
        return tuple({id(hours): hours for hours in (*of_pools, *of_periods)}.values())


@dataclass(frozen=True)
class RateTable:
    """All versions, ascending and without overlap, with what they share."""

    currency: str
    calendar: LocalCalendar
    fx: ExchangeRates
    versions: tuple[RateVersion, ...]
    budgets: tuple[Budget, ...]
    sha256: str  # of rates.toml, then each deck in the order of mention

    def as_of(self, instant_ms: int) -> RateVersion | None:
        """The version in force at an instant; None before the first and in a gap."""
        found = bisect_right(self.versions, instant_ms, key=lambda version: version.from_ms)
        if found and instant_ms < self.versions[found - 1].to_ms:
            return self.versions[found - 1]
        return None
