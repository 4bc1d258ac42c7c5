"""Local time: where days, weeks, months, quarters and years begin, and when a calendar of opening hours is open.

Owns the step from wall clock to instant. Knows no money and no call. Everything is milliseconds since 1970.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from consumer.core.instants import DAY_MS, EPOCH, HOUR_MS, MINUTE_MS, from_ms, to_ms

Period = Literal["hour", "day", "week", "month", "quarter", "year"]
Interval = tuple[int, int]  # half-open

_EPOCH_DAY = EPOCH.date()
_DAYS_CACHED = 16_384
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class LocalCalendar:
    """The calendar of one time zone. A day begins at the first instant that has its date, whatever the clock does."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.start_of = lru_cache(_DAYS_CACHED)(self._start_of)
        self.stretches = lru_cache(_DAYS_CACHED)(self._split_by_offset)
        self._last_day: Interval = (0, 0)
        self._starts_near = lru_cache(_DAYS_CACHED)(self._starts_within_a_day_of)

    def date_of(self, instant_ms: int) -> date:
        """The local day that holds the instant (by day starts, so that it never goes back at midnight)."""
        day = from_ms(instant_ms).astimezone(self.zone).date()
        while self.start_of(day) > instant_ms:
            day -= timedelta(days=1)
        while self.start_of(day + timedelta(days=1)) <= instant_ms:
            day += timedelta(days=1)
        return day

    def _start_of(self, day: date) -> int:
        return to_ms(datetime(day.year, day.month, day.day, tzinfo=self.zone))

    def day_start(self, instant_ms: int) -> int:
        """The start of the local day that holds the instant."""
        starts = self._starts_near(instant_ms // DAY_MS)
        return starts[bisect_right(starts, instant_ms) - 1]

    def day_starts(self, instants_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """day_start of a column."""
        start, end = self._last_day
        if start <= instants_ms.min() and instants_ms.max() < end:  # nearly always: calls come day by day
            return np.full(len(instants_ms), start, dtype=np.int64)
        near: set[int] = set()
        for day in np.unique(instants_ms // DAY_MS).tolist():
            near.update(self._starts_near(day))
        starts = np.array(sorted(near), dtype=np.int64)
        place = np.searchsorted(starts, instants_ms, side="right") - 1
        last = int(place[-1])
        self._last_day = (int(starts[last]), int(starts[last + 1]))
        found: npt.NDArray[np.int64] = starts[place]
        return found

    def _starts_within_a_day_of(self, utc_day: int) -> tuple[int, ...]:
        middle = _EPOCH_DAY + timedelta(days=utc_day)
        return tuple(self.start_of(middle + timedelta(days=step)) for step in (-2, -1, 0, 1, 2))

    def wall_ms(self, instant_ms: int) -> int:
        """What the wall clock shows: milliseconds since it showed midnight."""
        return (instant_ms + self.offset(instant_ms)) % DAY_MS

    def instant_at(self, day: date, wall_ms: int) -> int:
        """When the wall clock of a day shows a time, first if twice; where it never does, when it has gone past it."""
        midnight = (day - _EPOCH_DAY).days * DAY_MS
        for start, end, offset in self.stretches(day):
            if midnight + wall_ms - offset < end:
                return max(midnight + wall_ms - offset, start)
        return self.start_of(day + timedelta(days=1))

    def period(self, instant_ms: int, per: Period) -> Interval:
        """The period that holds the instant. Weeks start on Monday; hours are whole UTC hours."""
        if per == "hour":
            start = instant_ms // HOUR_MS * HOUR_MS
            return start, start + HOUR_MS
        first, after = _period_dates(self.date_of(instant_ms), per)
        return self.start_of(first), self.start_of(after)

    def months_after(self, day: date, months: int) -> int:
        """The start of the day `months` after `day`, clipped to the month's end (31 January + 1 is 28 February)."""
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        return self.start_of(date(year, month + 1, min(day.day, last)))

    def _split_by_offset(self, day: date) -> tuple[tuple[int, int, int], ...]:
        """The day as (start, end, offset): the stretches in which wall clock = instant + offset."""
        start, end = self.start_of(day), self.start_of(day + timedelta(days=1))
        if start == end:  # a day that a country skipped when it crossed the date line
            return ()
        before, after = self.offset(start), self.offset(end - 1)
        if before == after:
            return ((start, end, before),)
        low, high = start, end - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.offset(middle) == before else (low, middle)
        return ((start, high, before), (high, end, after))

    def offset(self, instant_ms: int) -> int:
        """Wall clock minus UTC, in ms."""
        difference = from_ms(instant_ms).astimezone(self.zone).utcoffset()
        return int((difference or timedelta()) / timedelta(milliseconds=1))


def _period_dates(day: date, per: Period) -> tuple[date, date]:
    if per == "day":
        return day, day + timedelta(days=1)
    if per == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[per]
    first = (day.month - 1) // months * months
    after = first + months
    return date(day.year, first + 1, 1), date(day.year + after // 12, after % 12 + 1, 1)


class OpeningHours:
    """When something is open, by what the wall clock shows: days, from, to and closed days of one time zone.

    `to_minute` ≤ `from_minute` runs past midnight and belongs to the day it begins on, and so do closed days.
    Minutes are counted from local midnight; 24:00 is 1440. Immutable but for what it remembers of days.
    """

    def __init__(
        self,
        calendar: LocalCalendar,
        days: frozenset[int],  # 0 is Monday
        from_minute: int = 0,
        to_minute: int = 1440,
        closed: frozenset[date] = frozenset(),
    ) -> None:
        self.calendar, self.days, self.closed = calendar, days, closed
        self.from_minute, self.to_minute = from_minute, to_minute
        self._open_by_day: dict[date, tuple[Interval, ...]] = {}
        self._open_by_year: dict[int, tuple[int, ...]] = {}

    def open_on(self, day: date) -> tuple[Interval, ...]:
        """The open intervals of a local day, as instants."""
        found = self._open_by_day.get(day)
        if found is None:
            found = self._open_by_day[day] = self._find_open(day)
        return found

    def _open_in_year(self, year: int) -> tuple[int, ...]:
        found = self._open_by_year.get(year)
        if found is None:
            found = self._open_by_year[year] = self._sum_year(year)
        return found

    def _find_open(self, day: date) -> tuple[Interval, ...]:
        walls = [wall for nearby in (-1, 0, 1) for wall in self._wall_hours(day + timedelta(days=nearby))]
        found: list[Interval] = []
        for start, end, offset in self.calendar.stretches(day):
            for wall_from, wall_to in walls:
                opens, closes = max(start, wall_from - offset), min(end, wall_to - offset)
                if opens < closes:
                    found.append((opens, closes))
        return tuple(_joined(sorted(found)))

    def _wall_hours(self, day: date) -> list[Interval]:
        """The hours that begin on a date, in ms of the wall clock."""
        if day.weekday() not in self.days or day in self.closed:
            return []
        midnight = (day - _EPOCH_DAY).days * DAY_MS
        end = self.to_minute if self.from_minute < self.to_minute else self.to_minute + 1440
        return [(midnight + self.from_minute * MINUTE_MS, midnight + end * MINUTE_MS)]

    def is_open(self, instant_ms: int) -> bool:
        """Whether the wall clock shows an open time at the instant."""
        return any(opens <= instant_ms < closes for opens, closes in self.open_on(self.calendar.date_of(instant_ms)))

    def next_change(self, instant_ms: int) -> int:
        """An instant after the given one before which is_open does not change: an edge, or the local day's end."""
        day = self.calendar.date_of(instant_ms)
        edges = [edge for interval in self.open_on(day) for edge in interval if edge > instant_ms]
        return min(edges, default=self.calendar.start_of(day + timedelta(days=1)))

    def open_at(self, instants_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """is_open of a column."""
        opened = np.zeros(len(instants_ms), dtype=np.bool_)
        for start in np.unique(self.calendar.day_starts(instants_ms)).tolist():
            for opens, closes in self.open_on(self.calendar.date_of(start)):
                opened |= (instants_ms >= opens) & (instants_ms < closes)
        return opened

    def open_ms(self, start_ms: int, end_ms: int) -> int:
        """Open milliseconds in [start, end). Whole days come from sums by year: a year costs no more than an hour."""
        first, last = self.calendar.date_of(start_ms), self.calendar.date_of(end_ms)
        years = sum(self._open_in_year(year)[-1] for year in range(first.year, last.year))
        return years + self._open_this_year(last, end_ms) - self._open_this_year(first, start_ms)

    def _open_this_year(self, day: date, instant_ms: int) -> int:
        """Open milliseconds of the day's year before the instant, which is in the day."""
        today = sum(max(0, min(closes, instant_ms) - opens) for opens, closes in self.open_on(day))
        return today + self._open_in_year(day.year)[day.timetuple().tm_yday - 1]

    def _sum_year(self, year: int) -> tuple[int, ...]:
        """Open milliseconds of a year before each of its days, and last of the whole year."""
        totals, day = [0], date(year, 1, 1)
        while day.year == year:
            totals.append(totals[-1] + sum(closes - opens for opens, closes in self.open_on(day)))
            day += timedelta(days=1)
        return tuple(totals)


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted intervals with those that touch or overlap made one."""
    joined: list[Interval] = []
    for opens, closes in intervals:
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined
