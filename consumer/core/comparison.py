"""Two stretches of time side by side: which one a window is held against, and why its cost per call is another.

Owns what "the one before", "a day before" and "a week before" are. `why` does the arithmetic. Sums of older time are
coarse: a stretch is widened to whole slots, so that what accrued in it falls to the calls of the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from consumer.core.baseline import baseline, same_hours
from consumer.core.calendar import LocalCalendar
from consumer.core.instants import DAY_MS, HOUR_MS
from consumer.core.intervals import Part, known_from, sum_intervals, whole_slots
from consumer.core.rates import RateTable
from consumer.core.reader import read_windows
from consumer.core.reading import Segment
from consumer.core.usage import Items, Usage
from consumer.core.why import Split, split
from consumer.core.windows import TO_DATE, Span, spans

Against = Literal["baseline", "previous", "day", "week"]
AGAINST: tuple[Against, ...] = ("baseline", "previous", "day", "week")

MOST_HOURS_MS = DAY_MS + HOUR_MS  # of a window that is held against the same hours of other days

_LOCAL_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Question:
    """Which window is held against what. With `stretches` (before, after) these are, whatever else is said."""

    window: str = "1h"
    against: Against = "baseline"
    direction: str | None = None  # of which calls alone
    stretches: tuple[Span, Span] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as it was summed: half-open, or for the baseline from its first hour to the end of its last."""

    from_ms: int
    to_ms: int
    calls: int
    absorbed_nano: int | None  # fully absorbed cost of a call; None without calls, and for the baseline


@dataclass(frozen=True, slots=True)
class Comparison:
    """Why cost per call moved from one side to the other."""

    before: Side
    after: Side
    split: Split
    known_from_ms: int | None  # nothing is known of what was before this

    @property
    def before_is_whole(self) -> bool:
        """Whether the fold had begun when the earlier side began."""
        return self.known_from_ms is not None and self.known_from_ms <= self.before.from_ms

    @property
    def volume_nano(self) -> int | None:
        """What the absorbed cost per call moved by beyond the standard one: capacity that fewer or more calls used."""
        before, after, change = self.before.absorbed_nano, self.after.absorbed_nano, self.split.change_nano
        return None if before is None or after is None or change is None else after - before - change


def answer(table: RateTable, parts: Sequence[Part], as_of_ms: int, asked: Question) -> Comparison:
    """Why cost per call moved, as of an instant. Raises ValueError where that cannot be held against the other."""
    if asked.stretches is not None:
        before, after = (_whole(parts, one) for one in asked.stretches)
        return compare(table, parts, before, after, asked.direction)
    after = spans(table.calendar, as_of_ms, (asked.window,))[0]
    if asked.against != "baseline":
        before = _whole(parts, stretch_before(table.calendar, after, asked.against))
        return compare(table, parts, before, after, asked.direction)
    if after.to_ms - after.from_ms > MOST_HOURS_MS:
        raise ValueError(f"found baseline, expected previous, day or week: {asked.window} has too many hours")
    return compare_with_usual(table, parts, after, asked.direction)


def _whole(parts: Sequence[Part], span: Span) -> Span:
    return Span(span.window, *whole_slots(parts, span.from_ms, span.to_ms))


def stretch_before(calendar: LocalCalendar, window: Span, against: Literal["previous", "day", "week"]) -> Span:
    """What a window is held against: as long as it is, a local day or week before, or right before it.

    Of a window to date the previous one is the same part of the period before. Days are those of the wall clock, so one
    on which it changed is longer or shorter. A window that lies in a repeated hour is held against one of its length.
    """
    length = window.to_ms - window.from_ms
    if against != "previous":
        back = timedelta(days=_LOCAL_DAYS[against])
        begins, ends = (_moved_back(calendar, edge, back) for edge in (window.from_ms, window.to_ms))
        return Span(against, begins, ends if ends > begins else begins + length)
    if window.window in TO_DATE:
        begins = calendar.period(window.from_ms - 1, TO_DATE[window.window])[0]
        back = calendar.date_of(window.from_ms) - calendar.date_of(begins)
        return Span(against, begins, min(_moved_back(calendar, window.to_ms, back), window.from_ms))
    return Span(against, window.from_ms - length, window.from_ms)


def _moved_back(calendar: LocalCalendar, instant_ms: int, back: timedelta) -> int:
    """The same time of a local day before, by the wall clock."""
    return calendar.instant_at(calendar.date_of(instant_ms) - back, calendar.wall_ms(instant_ms))


def compare(
    table: RateTable, parts: Sequence[Part], before: Span, after: Span, direction: str | None
) -> Comparison:  # fmt: skip
    """Why the cost per call of one stretch is another than that of the one before."""
    sides = [_usage(table, parts, span, direction) for span in (before, after)]
    absorbed = (None, None) if direction else [
        one.rows[-1].figures.per_call(one.rows[-1].figures.absorbed_nano)
        for one in read_windows(table, parts, [before, after], places=(0,))
    ]  # fmt: skip
    found = [
        Side(span.from_ms, span.to_ms, _calls(usage), per_call)
        for span, usage, per_call in zip((before, after), sides, absorbed, strict=True)
    ]
    return Comparison(found[0], found[1], split(*sides), known_from(parts))


def compare_with_usual(
    table: RateTable, parts: Sequence[Part], after: Span, direction: str | None
) -> Comparison:  # fmt: skip
    """The same against the same hours of the past days and weeks. Raises ValueError where none is like them."""
    hours = same_hours(table, after.from_ms, after.to_ms)
    if not hours:
        raise ValueError("found baseline, expected previous, day or week: no past hour had the same shifts and periods")
    usage = of_direction(baseline(table, parts, hours).usage, direction)
    now = _usage(table, parts, after, direction)
    before = Side(hours[0].from_ms, hours[-1].to_ms, _calls(usage), None)
    return Comparison(before, Side(after.from_ms, after.to_ms, _calls(now), None), split(usage, now), known_from(parts))


def _usage(table: RateTable, parts: Sequence[Part], span: Span, direction: str | None) -> Mapping[Segment, Usage]:
    segments, intervals = sum_intervals(parts, [span.from_ms, span.to_ms], left_out=(1,))
    return of_direction(Items(table).used(segments, intervals[0]), direction)


def of_direction(usage: Mapping[Segment, Usage], direction: str | None) -> Mapping[Segment, Usage]:
    """The segments of one direction; all of them without one."""
    return {segment: used for segment, used in usage.items() if direction in (None, segment[0])}


def _calls(usage: Mapping[Segment, Usage]) -> int:
    return sum(one.calls for one in usage.values())
