"""Budgets: what they had for their period, what was spent, and what it will have come to by the period's end.

Owns the arithmetic: spent is fully absorbed cost. What is still to come is what pools will accrue, which is known, and
direct cost by the shape of past weeks; and by the same shape a part of the budget falls to any stretch of time, so
that steady spending burns it at 1×, at night as by day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from consumer.core.accrual import accrued_nano
from consumer.core.calendar import Period
from consumer.core.money import NANO, round_half_up
from consumer.core.pools import Budget
from consumer.core.rates import RateTable
from consumer.core.reading import Figures, Reading, Segment, WindowReading
from consumer.core.shape import WeeklyShape

#: The window that shows a period so far; of other periods the fold has none.
TRACKED: dict[Period, str] = {
    "day": "day-to-date", "week": "week-to-date", "month": "month-to-date", "quarter": "quarter-to-date",
}  # fmt: skip
#: Where the pace is looked at: pairs of a short and a long one.
BURN_WINDOWS = ("1h", "8h", "24h", "7d")

_SHARE_WINDOW = "30d"


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


def read_budget(
    table: RateTable, budget: Budget, reading: Reading, chosen: frozenset[Segment], shape: WeeklyShape
) -> BudgetReading | None:
    """A budget as of the reading, which is by all dimensions and of all parts; None without an exchange rate."""
    windows = {one.window: one for one in reading.windows}
    from_ms, to_ms = table.calendar.period(reading.as_of_ms - 1, budget.per)
    rate = table.fx.at(budget.currency, from_ms)
    if rate is None:
        return None
    amount = round_half_up(budget.amount * rate * NANO)

    def cost(window: WindowReading) -> tuple[int, int]:
        return _cost(window, None if not budget.scope.allowed else chosen)

    expected = _Expected(table, shape, _share(windows[_SHARE_WINDOW], cost))
    spent = cost(windows[TRACKED[budget.per]])[0]
    in_period = expected.nano(from_ms, to_ms)
    paces = []
    for name in BURN_WINDOWS:
        window = windows[name]
        of_window = expected.nano(window.from_ms, window.to_ms)
        if in_period > 0:
            allotted = amount * of_window // in_period
        else:
            allotted = amount * (window.to_ms - window.from_ms) // (to_ms - from_ms)
        paces.append(BudgetWindow(name, cost(window)[0], allotted))
    projected = spent + expected.nano(reading.as_of_ms, to_ms)
    return BudgetReading(
        budget.name, budget.per, from_ms, to_ms, amount, spent, projected, shape.weeks, tuple(paces)
    )  # fmt: skip


def _cost(window: WindowReading, chosen: frozenset[Segment] | None) -> tuple[int, int]:
    """Fully absorbed and direct cost of some segments; of everything, idle capacity included, where None."""
    rows: list[Figures] = [window.rows[-1].figures]
    if chosen is not None:
        rows = [row.figures for row in window.rows if row.segment in chosen]
    return sum(one.absorbed_nano for one in rows), sum(one.direct_nano for one in rows)


def _share(window: WindowReading, cost: Callable[[WindowReading], tuple[int, int]]) -> Fraction:
    """The part of what all pools accrued that the segments had to bear."""
    accrued = sum(pool.accrued_nano for pool in window.pools)
    absorbed, direct = cost(window)
    return Fraction(absorbed - direct, accrued) if accrued else Fraction(0)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a stretch of time is expected to cost: past or to come, by the same measure."""

    table: RateTable
    shape: WeeklyShape
    share: Fraction

    def nano(self, from_ms: int, to_ms: int) -> int:
        accrued = sum(
            accrued_nano(self.table, version, pool, from_ms, to_ms)
            for version in self.table.versions
            for pool in version.pools
        )
        return round_half_up(accrued * self.share) + self.shape.expected_nano(self.table.calendar, from_ms, to_ms)
