"""What calls of this hour usually cost: the same hours on past days and weeks, summed from the fold's own slices.

Owns which hours those are, the mean (all their cost ÷ all their calls) and the spread of their ratios. It is right as
soon as there is history, a back-fill included. Hours are the same by the wall clock. One that the clock showed twice
counts once, the first; one that it skipped, or that lies across two slots, is left out. So is one with other shifts or
tariff periods than the hour that is held against it, as the calendars of today's rates have them: a weekend's wages are
dearer than a weekday's, and that is no news every Saturday.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from consumer.core.calendar import OpeningHours
from consumer.core.instants import HOUR_MS
from consumer.core.intervals import Interval, Part, grouped_by, sum_intervals
from consumer.core.money import divide_half_up
from consumer.core.rates import RateTable
from consumer.core.reading import Segment
from consumer.core.slices import hour_slot
from consumer.core.usage import Items, Usage

#: The seven days before; of the three weeks before those the same weekday and the days on either side of it, so that
#: also weekends have some that are like them. Slices have hours for 30 days.
DAYS_BEFORE = (*range(1, 8), 13, 14, 15, 20, 21, 22, 27, 28, 29)
LEAST_HOURS = 3

_SPREAD_BITS = 40


class Hour(NamedTuple):
    """A past hour: half-open."""

    from_ms: int
    to_ms: int


def same_hours(table: RateTable, from_ms: int, to_ms: int) -> list[Hour]:
    """The hours that [from, to) touches, on each of the days before that are like its own; ascending, each once."""
    calendar, version = table.calendar, table.as_of(from_ms)
    opening_hours = version.opening_hours if version else ()
    found = set()
    at = from_ms
    while at < to_ms:
        hour, day = hour_slot(calendar, at), calendar.date_of(at)
        opened = _opened(opening_hours, Hour(hour.begins_ms, hour.ends_ms))
        for days in DAYS_BEFORE:
            past = day - timedelta(days=days)
            slot = hour_slot(calendar, calendar.instant_at(past, hour.wall_hour * HOUR_MS))
            like = Hour(slot.begins_ms, slot.ends_ms)
            if slot.wall_hour == hour.wall_hour and like.to_ms <= from_ms and _opened(opening_hours, like) == opened:
                found.add(like)
        at = hour.ends_ms
    return sorted(found)


def _opened(opening_hours: Sequence[OpeningHours], hour: Hour) -> list[int]:
    """For how long each is open within the hour, in ms."""
    return [one.open_ms(hour.from_ms, hour.to_ms) for one in opening_hours]


@dataclass(frozen=True, slots=True)
class Usual:
    """What calls of some kind cost in those hours."""

    hours: int  # that had such calls
    calls: int
    cost_nano: int  # standard
    sigma_nano: int  # of the hours' costs per call, weighted by calls; rounded down

    @property
    def per_call_nano(self) -> int:
        """Standard cost of a call, half-up to the nano."""
        return divide_half_up(self.cost_nano, self.calls)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual, where at least LEAST_HOURS had calls; and all that the hours used, for the split."""

    usual: Mapping[Segment, Usual]  # all dimensions, the direction alone, or () for everything
    usage: Mapping[Segment, Usage]


def baseline(table: RateTable, parts: Sequence[Part], hours: Sequence[Hour]) -> Baseline:
    """What calls cost in some hours, at standard."""
    edges = sorted({edge for hour in hours for edge in hour})
    begins = {hour.from_ms for hour in hours}
    left_out = frozenset(number for number, edge in enumerate(edges) if edge not in begins)
    segments, intervals = sum_intervals(parts, edges, left_out)
    items = Items(table)
    by_hour = [items.used(segments, one) for number, one in enumerate(intervals) if number not in left_out]
    usage = items.used(segments, Interval(len(segments)).add_all(intervals))
    usual = {segment: _usual([one[segment] for one in by_hour if segment in one]) for segment in usage}
    for places in ([0], []):
        wider, group_of = grouped_by(segments, places)
        grouped = [
            items.used(wider, one.grouped(group_of, len(wider)))
            for number, one in enumerate(intervals)
            if number not in left_out
        ]
        usual |= {segment: _usual([one[segment] for one in grouped if segment in one]) for segment in wider}
    return Baseline({segment: one for segment, one in usual.items() if one.hours >= LEAST_HOURS}, usage)


def _usual(hours: Sequence[Usage]) -> Usual:
    """σ² = Σ n (c/n − mean)² ÷ Σ n = Σ c²/n ÷ Σ n − mean², in fixed point."""
    calls, cost_nano = sum(one.calls for one in hours), sum(one.cost_nano for one in hours)
    if not calls:
        return Usual(0, 0, 0, 0)
    squares = sum((one.cost_nano**2 << _SPREAD_BITS) // one.calls for one in hours)
    variance = squares // calls - (cost_nano**2 << _SPREAD_BITS) // calls**2
    return Usual(len(hours), calls, cost_nano, math.isqrt(max(variance, 0) >> _SPREAD_BITS))
