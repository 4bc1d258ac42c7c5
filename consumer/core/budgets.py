"""Budgets: what they had for their period, what was spent, and what it will have come to by the period's end.

Owns the arithmetic: spent is fully absorbed cost. What is still to come is what pools will accrue, which is known (a
scope bears of each pool what it used of it lately), and direct cost by the shape of past weeks; and by the same measure
a part of the budget falls to any stretch of time, so that steady spending burns it at 1×, at night as by day.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from consumer.core.accrual import accrued_nano
from consumer.core.calendar import Period
from consumer.core.cells import Sums
from consumer.core.intervals import Part, sum_intervals
from consumer.core.money import NANO, round_half_up
from consumer.core.pools import Budget, CostPool, Driver
from consumer.core.rates import RateTable
from consumer.core.reading import Reading, Segment, WindowReading
from consumer.core.shape import WeeklyShape
from consumer.core.windows import spans

#: The window that shows a period so far; of other periods the fold has none.
TRACKED: dict[Period, str] = {
    "day": "day-to-date", "week": "week-to-date", "month": "month-to-date", "quarter": "quarter-to-date",
}  # fmt: skip
#: Where the pace is looked at: pairs of a short and a long one.
BURN_WINDOWS = ("1h", "8h", "24h", "7d")

_SHARE_WINDOW = "30d"

PoolKey = tuple[str, Driver]  # units of different drivers cannot be added up


class BudgetWindow(NamedTuple):
    """What was spent in a window, and the part of the budget that falls to it."""

    window: str
    cost_nano: int
    allotted_nano: int


@dataclass(frozen=True, slots=True)
class BudgetReading:
    """One budget in its current period. Money is nano-units of the reporting currency."""

    name: str
    per: Period
    from_ms: int
    to_ms: int
    amount_nano: int
    spent_nano: int
    projected_nano: int
    history_weeks: int  # behind the shape; 0: direct cost is taken to be the same at any hour
    windows: tuple[BudgetWindow, ...]


def untracked(budget: Budget, dimensions: Sequence[str]) -> str | None:
    """Why nothing can be said of a budget; None where it can."""
    if budget.per not in TRACKED:
        return f"budget {budget.name}: nothing is summed per {budget.per}; expected one of {', '.join(TRACKED)}"
    others = [name for name in budget.scope.allowed if name not in dimensions]
    if others:
        return f"budget {budget.name}: its scope names {', '.join(others)}, not one of [fold] dimensions"
    return None


def segments_of(budget: Budget, segments: Sequence[Segment], dimensions: Sequence[str]) -> frozenset[Segment]:
    """Those that a budget is for."""
    allowed = [(dimensions.index(name), values) for name, values in budget.scope.allowed.items()]
    return frozenset(one for one in segments if all(one[place] in values for place, values in allowed))


@dataclass(frozen=True, slots=True)
class Borne:
    """What part of what pools accrue some segments bear."""

    of_pool: Mapping[PoolKey, Fraction]  # that accrued in the last 30 days
    of_all: Fraction  # of the others, which begin later: as of all those together

    def of(self, pool: CostPool) -> Fraction:
        """Of one pool."""
        return self.of_pool.get((pool.name, pool.driver), self.of_all)


#: Unused capacity included.
ALL_OF_IT = Borne({}, Fraction(1))


def borne(
    table: RateTable, parts: Sequence[Part], chosen: Sequence[frozenset[Segment]], as_of_ms: int
) -> list[Borne]:  # fmt: skip
    """What each choice of segments bears: of every pool as much as of its driver units in the last 30 days."""
    (span,) = spans(table.calendar, as_of_ms, (_SHARE_WINDOW,))
    units = _units(table, parts, span.from_ms, span.to_ms)
    accrued: dict[PoolKey, int] = defaultdict(int)
    for version in table.versions:
        for pool in version.pools:
            accrued[pool.name, pool.driver] += accrued_nano(table, version, pool, span.from_ms, span.to_ms)
    return [_borne(units, {key: nano for key, nano in accrued.items() if nano}, some) for some in chosen]


def _units(
    table: RateTable, parts: Sequence[Part], from_ms: int, to_ms: int
) -> dict[PoolKey, dict[Segment, int]]:  # fmt: skip
    """The driver units that each segment used of each pool, all versions of it together."""
    segments, intervals = sum_intervals(parts, [from_ms, to_ms], left_out=(1,))
    units: dict[PoolKey, dict[Segment, int]] = defaultdict(lambda: defaultdict(int))
    for columns, matrix in intervals[0].sums.items():
        for number, pool in enumerate(columns.pools):
            for segment, more in zip(segments, Sums(matrix).pool_units(number), strict=True):
                units[pool.name, pool.driver][segment] += more
    return units


def _borne(
    units: Mapping[PoolKey, Mapping[Segment, int]], accrued: Mapping[PoolKey, int], chosen: frozenset[Segment]
) -> Borne:
    of_pool: dict[PoolKey, Fraction] = {}
    for key in accrued:
        used = units.get(key, {})
        own = sum(more for segment, more in used.items() if segment in chosen)
        of_pool[key] = _part(Fraction(own), sum(used.values()))
    of_all = sum((accrued[key] * share for key, share in of_pool.items()), start=Fraction(0))
    return Borne(of_pool, _part(of_all, sum(accrued.values())))


def _part(some: Fraction, whole: int) -> Fraction:
    return some / whole if whole else Fraction(0)


def read_budget(
    table: RateTable, budget: Budget, reading: Reading, chosen: frozenset[Segment], shape: WeeklyShape, bears: Borne
) -> BudgetReading | None:
    """A budget as of the reading, which is by all dimensions and of all parts; None without an exchange rate.

    What `chosen` segments bear is of no account for a budget of everything.
    """
    windows = {one.window: one for one in reading.windows}
    from_ms, to_ms = table.calendar.period(reading.as_of_ms - 1, budget.per)
    rate = table.fx.at(budget.currency, from_ms)
    if rate is None:
        return None
    amount = round_half_up(budget.amount * rate * NANO)

    def cost(window: WindowReading) -> int:
        return _cost(window, None if not budget.scope.allowed else chosen)

    expected = _Expected(table, shape, bears if budget.scope.allowed else ALL_OF_IT)
    spent = cost(windows[TRACKED[budget.per]])
    in_period = expected.nano(from_ms, to_ms)
    paces = []
    for name in BURN_WINDOWS:
        window = windows[name]
        of_window = expected.nano(window.from_ms, window.to_ms)
        if in_period > 0:
            allotted = amount * of_window // in_period
        else:
            allotted = amount * (window.to_ms - window.from_ms) // (to_ms - from_ms)
        paces.append(BudgetWindow(name, cost(window), allotted))
    projected = spent + expected.nano(reading.as_of_ms, to_ms)
    return BudgetReading(
        budget.name, budget.per, from_ms, to_ms, amount, spent, projected, shape.weeks, tuple(paces)
    )  # fmt: skip


def _cost(window: WindowReading, chosen: frozenset[Segment] | None) -> int:
    """Fully absorbed cost of some segments; of everything, idle capacity included, where None."""
    if chosen is None:
        return window.rows[-1].figures.absorbed_nano
    return sum(row.figures.absorbed_nano for row in window.rows if row.segment in chosen)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a stretch of time is expected to cost: past or to come, by the same measure."""

    table: RateTable
    shape: WeeklyShape
    bears: Borne

    def nano(self, from_ms: int, to_ms: int) -> int:
        accrued = sum(
            accrued_nano(self.table, version, pool, from_ms, to_ms) * self.bears.of(pool)
            for version in self.table.versions
            for pool in version.pools
        )
        return round_half_up(Fraction(accrued)) + self.shape.expected_nano(self.table.calendar, from_ms, to_ms)
