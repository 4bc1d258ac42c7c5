"""What is usual and what was planned, beside a reading: baselines, why the last hour differs from them, and budgets.

Owns what of it is worth remembering: past hours hardly change, so they are summed once a minute, what is to be expected
of budgets once an hour; once a minute as well where there is no whole week behind it. Of the whole company: every
worker computes the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consumer.core.baseline import Baseline, Usual, baseline, same_hours
from consumer.core.budgets import Borne, BudgetReading, borne, read_budget, segments_of, untracked
from consumer.core.calls import DIRECTIONS
from consumer.core.comparison import of_direction
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.intervals import Part, sum_intervals
from consumer.core.rates import RateTable
from consumer.core.reading import Reading, Segment
from consumer.core.shape import WeeklyShape, weekly_shapes
from consumer.core.usage import Items
from consumer.core.why import Effect, split

WINDOW = "1h"  # that is held against the baseline


@dataclass(frozen=True, slots=True)
class Outlook:
    """As of a reading's instant."""

    usual: Mapping[Segment, Usual] = field(default_factory=dict)  # all dimensions, the direction, or () for everything
    moved: Mapping[str, Mapping[Effect, int]] = field(default_factory=dict)  # nano-units a call, by direction
    budgets: Sequence[BudgetReading] = ()


@dataclass
class Watch:
    """Looks again and again, and remembers between two looks."""

    dimensions: tuple[str, ...]
    _baseline: Baseline = field(init=False, default_factory=lambda: Baseline({}, {}))
    _baseline_of: object = None
    _expected: Mapping[str, tuple[WeeklyShape, Borne]] = field(init=False, default_factory=dict)  # by budget
    _expected_of: object = None

    def look(self, table: RateTable, parts: Sequence[Part], reading: Reading, state: object = None) -> Outlook:
        """The outlook beside a reading of all parts, by all dimensions. Another `state` forgets everything."""
        span = next(one for one in reading.windows if one.window == WINDOW)
        minute = (table.sha256, len(parts), state, reading.as_of_ms // MINUTE_MS)
        if minute != self._baseline_of:
            hours = same_hours(table, span.from_ms, span.to_ms)
            self._baseline, self._baseline_of = baseline(table, parts, hours), minute
        return Outlook(
            self._baseline.usual,
            self._moved(table, parts, span.from_ms, span.to_ms),
            tuple(self._budgets(table, parts, reading, state)),
        )

    def _moved(
        self, table: RateTable, parts: Sequence[Part], from_ms: int, to_ms: int
    ) -> dict[str, Mapping[Effect, int]]:
        segments, intervals = sum_intervals(parts, [from_ms, to_ms], left_out=(1,))
        now = Items(table).used(segments, intervals[0])
        moved: dict[str, Mapping[Effect, int]] = {}
        for direction in DIRECTIONS:
            if (direction,) in self._baseline.usual:
                found = split(of_direction(self._baseline.usage, direction), of_direction(now, direction))
                if found.change_nano is not None:
                    moved[direction] = found.effects
        return moved

    def _budgets(
        self, table: RateTable, parts: Sequence[Part], reading: Reading, state: object
    ) -> list[BudgetReading]:  # fmt: skip
        tracked = [one for one in table.budgets if untracked(one, self.dimensions) is None]
        segments = list({segment for part in parts for segment in part.segments})
        chosen = {one.name: segments_of(one, segments, self.dimensions) for one in tracked}
        every_ms = HOUR_MS if all(shape.weeks for shape, _ in self._expected.values()) else MINUTE_MS
        moment = (table.sha256, len(parts), state, reading.as_of_ms // every_ms)
        if tracked and moment != self._expected_of:
            self._expected = _expected(table, parts, chosen, reading.as_of_ms)
            self._expected_of = moment
        read = [read_budget(table, one, reading, chosen[one.name], *self._expected[one.name]) for one in tracked]
        return [one for one in read if one is not None]


def _expected(
    table: RateTable, parts: Sequence[Part], chosen: Mapping[str, frozenset[Segment]], as_of_ms: int
) -> dict[str, tuple[WeeklyShape, Borne]]:
    """What to go by for each budget's segments."""
    choices = list(chosen.values())
    shapes = weekly_shapes(table.calendar, parts, choices, as_of_ms)
    return dict(zip(chosen, zip(shapes, borne(table, parts, choices, as_of_ms), strict=True), strict=True))
