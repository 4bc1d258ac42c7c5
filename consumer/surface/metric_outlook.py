"""The series of what is usual and what was planned: baselines, why the last hour differs, budgets.

Owns which of them there are. Segments that this scrape folds into `__other__` have no baseline: what is usual for all
of them together is no guide for any.
"""

from collections import defaultdict
from collections.abc import Container

from consumer.core.budgets import BudgetReading
from consumer.core.instants import DAY_MS
from consumer.core.outlook import Outlook
from consumer.core.reading import Segment
from consumer.surface.metric_families import (
    BASELINE_CALLS,
    BASELINE_COST,
    BASELINE_SAMPLES,
    BASELINE_SIGMA,
    BUDGET,
    BUDGET_ALLOTTED,
    BUDGET_COST,
    BUDGET_END,
    BUDGET_HISTORY,
    BUDGET_PROJECTED,
    BUDGET_SPENT,
    BUDGET_START,
    DIRECTION_BASELINE_CALLS,
    DIRECTION_BASELINE_COST,
    DIRECTION_BASELINE_SIGMA,
    MOVED,
)
from consumer.surface.metric_windows import Series

_OF_SEGMENTS = (BASELINE_CALLS, BASELINE_COST, BASELINE_SIGMA)
_OF_DIRECTIONS = (DIRECTION_BASELINE_CALLS, DIRECTION_BASELINE_COST, DIRECTION_BASELINE_SIGMA)


def outlook_series(outlook: Outlook) -> Series:
    """All of them but the segments' baselines."""
    series: Series = defaultdict(dict)
    for segment, usual in outlook.usual.items():
        if len(segment) == 1:
            for family, value in zip(_OF_DIRECTIONS, (usual.calls, usual.cost_nano, usual.sigma_nano), strict=True):
                series[family][segment] = value
        elif not segment:
            series[BASELINE_SAMPLES][()] = usual.hours
    for direction, effects in outlook.moved.items():
        series[MOVED] |= {(direction, effect): nano for effect, nano in effects.items()}
    for budget in outlook.budgets:
        _add_budget(series, budget)
    return series


def baseline_series(outlook: Outlook, dimensions: int, folded: Container[Segment]) -> Series:
    """The baselines of segments."""
    series: Series = defaultdict(dict)
    for segment, usual in outlook.usual.items():
        if len(segment) == dimensions > 1 and segment not in folded:
            for family, value in zip(_OF_SEGMENTS, (usual.calls, usual.cost_nano, usual.sigma_nano), strict=True):
                series[family][segment] = value
    return series


def _add_budget(series: Series, budget: BudgetReading) -> None:
    name = (budget.name,)
    series[BUDGET][(budget.name, budget.per)] = budget.amount_nano
    series[BUDGET_SPENT][name] = budget.spent_nano
    series[BUDGET_PROJECTED][name] = budget.projected_nano
    series[BUDGET_START][name] = budget.from_ms
    series[BUDGET_END][name] = budget.to_ms
    series[BUDGET_HISTORY][name] = budget.history_weeks * 7 * DAY_MS
    for window, cost_nano, allotted_nano in budget.windows:
        series[BUDGET_COST][(budget.name, window)] = cost_nano
        series[BUDGET_ALLOTTED][(budget.name, window)] = allotted_nano
