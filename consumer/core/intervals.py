"""Slices summed between edges: the sums of every segment in each interval of time.

Owns the walk over blocks: each is summed once for all intervals. Folds of several parts of a source are summed as if
they were one. Knows no window and no price.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from consumer.core.columns import Integers, VersionColumns
from consumer.core.histogram import BUCKET_BITS
from consumer.core.instants import DAY_MS
from consumer.core.reading import Segment
from consumer.core.slices import Block, Opened, Slices, grid_start, interval_of

_BUCKET_MASK = (1 << BUCKET_BITS) - 1


class Part(NamedTuple):
    """The slices of one fold, and its segments by their numbers."""

    slices: Slices
    segments: Sequence[Segment]


def sum_intervals(
    parts: Sequence[Part], edges: Sequence[int], left_out: Container[int] = ()
) -> tuple[list[Segment], list["Interval"]]:
    """The segments of all parts, and the sums between each edge and the next; after the last one there are none.

    A cell is in the interval that holds its slot's start. Edges ascend and differ. Intervals whose numbers are
    `left_out` stay empty.
    """
    segments, numbers = _united([part.segments for part in parts])
    intervals = [Interval(len(segments)) for _ in edges]
    for part, number_of in zip(parts, numbers, strict=True):
        for block in part.slices.blocks.values():
            first, last = interval_of(edges, block.start_ms), interval_of(edges, block.end_ms - 1)
            wanted = {one for one in range(max(first, 0), last + 1) if one not in left_out}
            if wanted and first == last:
                for columns, total in block.totals(remember=len(part.slices.levels) > 1).items():
                    intervals[first].add(columns, total, number_of)
            elif wanted:
                _cut(block, edges, intervals, number_of, wanted)
    return segments, intervals


def whole_slots(parts: Sequence[Part], from_ms: int, to_ms: int) -> tuple[int, int]:
    """The least stretch of time around [from, to) whose edges cut no cell of any part."""
    last_ms = max(to_ms - 1, from_ms)
    begins, ends = from_ms, last_ms + 1
    for part in parts:
        for block in part.slices.blocks.values():
            begins = min(begins, _slot_of(part.slices, block, from_ms)[0])
            ends = max(ends, _slot_of(part.slices, block, last_ms)[1])
    return begins, ends


def _slot_of(slices: Slices, block: Block, instant_ms: int) -> tuple[int, int]:
    """The slot of a block's cell that holds an instant; the ms itself where no cell does."""
    step_ms, calendar = slices.levels[block.level].step_ms, slices.calendar
    if block.start_ms <= instant_ms < block.end_ms:
        begins = grid_start(calendar, instant_ms, step_ms)
        held = begins - block.start_ms
        if any((opened.offsets_ms == held).any() for opened in block.opened().values()):
            next_day = calendar.start_of(calendar.date_of(instant_ms) + timedelta(days=1))
            return begins, next_day if step_ms >= DAY_MS else min(begins + step_ms, next_day)
    return instant_ms, instant_ms + 1


def known_from(parts: Sequence[Part]) -> int | None:
    """The start of the first slot that has a call in any part; None where no call is known.

    A part whose first call came later knew that there was none before: all parts read the source from its beginning.
    What is so old that it was dropped is older than any window.
    """
    known: int | None = None
    for block in sorted((one for part in parts for one in part.slices.blocks.values()), key=lambda one: one.start_ms):
        if known is not None and known <= block.start_ms:
            break
        slots = [block.start_ms + int(opened.offsets_ms.min()) for opened in block.opened().values()]
        known = min(slots if known is None else [known, *slots], default=None)
    return known


def _united(parts: Sequence[Sequence[Segment]]) -> tuple[list[Segment], list[Integers]]:
    """The segments of all parts, and which of them each segment of each part is."""
    numbers: dict[Segment, int] = {}
    of_parts = [[numbers.setdefault(segment, len(numbers)) for segment in segments] for segments in parts]
    return list(numbers), [np.array(of_part, dtype=np.int64) for of_part in of_parts]


def grouped_by(segments: Sequence[Segment], places: Sequence[int]) -> tuple[list[Segment], Integers]:
    """Segments by some of their dimensions, and the number of each one's group."""
    groups: dict[Segment, int] = {}
    group_of = [groups.setdefault(tuple(segment[place] for place in places), len(groups)) for segment in segments]
    return list(groups), np.array(group_of, dtype=np.int64)


@dataclass
class Interval:
    """The sums between two neighbouring edges: a row a segment for each version."""

    segments: int
    sums: dict[VersionColumns, Integers] = field(default_factory=dict)
    histogram: list[tuple[Integers, Integers]] = field(default_factory=list)  # segment << 12 | bucket, count

    def add(self, columns: VersionColumns, opened: Opened, number_of: Integers) -> None:
        """Add rows, one a segment; `number_of` is the number that each segment of their part has here."""
        segments = number_of[opened.segments]  # each once
        self._of(columns)[segments] += opened.sums
        where = segments[opened.buckets >> BUCKET_BITS] << BUCKET_BITS | opened.buckets & _BUCKET_MASK
        self.histogram.append((where, opened.counts))

    def add_all(self, others: Iterable["Interval"]) -> "Interval":
        """Add other intervals' sums."""
        for other in others:
            self._add_interval(other)
        return self

    def _add_interval(self, other: "Interval") -> None:
        for columns, sums in other.sums.items():
            self._of(columns)
            self.sums[columns] += sums
        self.histogram += other.histogram

    def grouped(self, group_of: Integers, number: int) -> "Interval":
        """The same sums by group of segments."""
        if number == self.segments:
            return self
        grouped = Interval(number)
        for columns, sums in self.sums.items():
            np.add.at(grouped._of(columns), group_of, sums)
        grouped.histogram = [
            (group_of[where >> BUCKET_BITS] << BUCKET_BITS | where & _BUCKET_MASK, counts)
            for where, counts in self.histogram
        ]
        return grouped

    def _of(self, columns: VersionColumns) -> Integers:
        found = self.sums.get(columns)
        if found is None:
            found = self.sums[columns] = np.zeros((self.segments, columns.width), dtype=np.int64)
        return found

    def costs(self, groups: Integers, number: int) -> Integers:
        """The histograms of groups of segments: `groups` is the group of each segment, −1 for none.

        As many buckets as are used.
        """
        if not self.histogram:
            return np.zeros((number, 1), dtype=np.int64)
        where = np.concatenate([codes for codes, _ in self.histogram])
        counts = np.concatenate([numbers for _, numbers in self.histogram])
        group, bucket = groups[where >> BUCKET_BITS], where & _BUCKET_MASK
        known = group >= 0
        used = int(bucket.max(initial=0)) + 1
        # Calls are counted in float64, which is exact up to 9e15 of them.
        flat = np.bincount(group[known] * used + bucket[known], counts[known], minlength=number * used)
        return flat.astype(np.int64).reshape(number, used)


def _cut(
    block: Block, edges: Sequence[int], intervals: Sequence[Interval], number_of: Integers, wanted: set[int]
) -> None:
    """Add a block to the wanted ones of the intervals it lies in, slot by slot."""
    bounds = np.array(edges, dtype=np.int64)
    for columns, opened in block.opened().items():
        lies_in = np.searchsorted(bounds, block.start_ms + opened.offsets_ms, side="right") - 1
        for interval in wanted.intersection(np.unique(lies_in).tolist()):
            rows = opened.select(lies_in == interval).by_segment()
            intervals[interval].add(columns, rows, number_of)
