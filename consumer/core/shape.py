"""The shape of a week: what calls cost directly, hour by hour of the local week, as the past weeks had it.

Owns the step from slices to what is to be expected of a stretch of time. Without a whole week of history it is flat.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from consumer.core.calendar import LocalCalendar
from consumer.core.cells import Sums
from consumer.core.columns import Integers
from consumer.core.intervals import Part
from consumer.core.reading import Segment
from consumer.core.slices import hour_slot

MOST_WEEKS = 4  # slices have hours for 30 days


class HourOfWeek(NamedTuple):
    """By the wall clock."""

    weekday: int
    hour: int


@dataclass(slots=True)
class Had:
    """What all hours of one name had together: weeks with another clock have one of them twice, or not at all."""

    nano: int = 0
    ms: int = 0


@dataclass(frozen=True, slots=True)
class WeeklyShape:
    """Direct cost of some segments by hour of the week, over whole weeks; `flat` is what came since the first call."""

    weeks: int
    by_hour: dict[HourOfWeek, Had]
    flat_nano: int
    flat_ms: int  # in so much time

    def expected_nano(self, calendar: LocalCalendar, from_ms: int, to_ms: int) -> int:
        """What calls will cost directly in [from, to), or would have."""
        if not self.weeks:
            return self.flat_nano * max(to_ms - from_ms, 0) // self.flat_ms if self.flat_ms else 0
        totals: dict[int, int] = defaultdict(int)
        for hour, starts_ms, ends_ms in _hours(calendar, from_ms, to_ms):
            if had := self.by_hour.get(hour):
                totals[had.ms] += had.nano * (min(ends_ms, to_ms) - max(starts_ms, from_ms))
        return sum(total // ms for ms, total in totals.items())


def _hours(calendar: LocalCalendar, from_ms: int, to_ms: int) -> Iterator[tuple[HourOfWeek, int, int]]:
    """The hours that [from, to) touches, with their edges."""
    at = from_ms
    while at < to_ms:
        begins, ends, hour = hour_slot(calendar, at)
        yield HourOfWeek(calendar.date_of(at).weekday(), hour), begins, ends
        at = ends


def weekly_shapes(
    calendar: LocalCalendar, parts: Sequence[Part], chosen: Sequence[frozenset[Segment]], as_of_ms: int
) -> list[WeeklyShape]:
    """The shape of each choice of segments, of the last whole local days up to MOST_WEEKS back.

    The day on which the figures begin is not whole: slices do not tell whether it had calls from its first hour on.
    """
    began_ms = min((block.start_ms for part in parts for block in part.slices.blocks.values()), default=as_of_ms)
    today = calendar.date_of(as_of_ms)
    whole_days = (today - calendar.date_of(began_ms)).days - 1
    weeks = min(max(whole_days, 0) // 7, MOST_WEEKS)
    from_ms = calendar.start_of(today - timedelta(weeks=weeks)) if weeks else began_ms
    to_ms = calendar.day_start(as_of_ms) if weeks else as_of_ms
    hours = list(_hours(calendar, from_ms, to_ms))
    by_hour = _direct_by_hour(parts, chosen, [begins for _, begins, _ in hours], to_ms)
    shapes = []
    for amounts in by_hour:
        of_week: dict[HourOfWeek, Had] = defaultdict(Had)
        for (hour, begins, ends), amount in zip(hours, amounts, strict=True):
            of_week[hour].nano += amount
            of_week[hour].ms += ends - begins
        shapes.append(WeeklyShape(weeks, dict(of_week), sum(amounts), to_ms - from_ms))
    return shapes


def _direct_by_hour(
    parts: Sequence[Part], chosen: Sequence[frozenset[Segment]], begins: Sequence[int], to_ms: int
) -> list[list[int]]:
    """Carrier charges and fees by hour, for each choice of segments."""
    sums = [_Halves(len(begins)) for _ in chosen]
    bounds = np.array(begins, dtype=np.int64)
    for part in parts:
        masks = [np.array([segment in some for segment in part.segments], dtype=np.bool_) for some in chosen]
        for block in part.slices.blocks.values():
            if not begins or block.end_ms <= begins[0] or block.start_ms >= to_ms:
                continue
            for opened in block.opened().values():
                starts = block.start_ms + opened.offsets_ms
                hours = np.searchsorted(bounds, starts, side="right") - 1
                inside = (hours >= 0) & (starts < to_ms)
                for into, mask in zip(sums, masks, strict=True):
                    into.add(hours, inside & mask[opened.segments], Sums(opened.sums))
    return [one.joined() for one in sums]


class _Halves:
    """Sums of money by hour, in the two halves in which cells keep it."""

    def __init__(self, hours: int) -> None:
        self._high, self._low = np.zeros(hours, dtype=np.int64), np.zeros(hours, dtype=np.int64)

    def add(self, hours: Integers, kept: npt.NDArray[np.bool_], sums: Sums) -> None:
        """Add the direct cost of the rows that are kept."""
        for name in ("carrier", "fee"):
            high, low = sums.halves(name)
            np.add.at(self._high, hours[kept], high[kept])
            np.add.at(self._low, hours[kept], low[kept])

    def joined(self) -> list[int]:
        """As Python ints."""
        return [(high << 32) + low for high, low in zip(self._high.tolist(), self._low.tolist(), strict=True)]
