"""Slices: time cut into cells, fine where it is recent and coarse where it is old.

Owns levels, the blocks that cells are kept in, and ageing. Every cell nests in one of the next level, so ageing only
adds up. Knows neither calls nor money: it adds rows to cells.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from consumer.core.calendar import LocalCalendar
from consumer.core.cells import Cells
from consumer.core.columns import Integers, VersionColumns
from consumer.core.histogram import BUCKET_BITS
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

SEGMENT_BITS = 32
FUTURE_MS = 5 * MINUTE_MS  # how far an event may be ahead of its record's timestamp, hence the watermark of the clock


@dataclass(frozen=True, slots=True)
class Level:
    """Cells of `step_ms`, kept in blocks of `block_ms` until the block's end is `keep_ms` behind the watermark."""

    name: str
    step_ms: int
    block_ms: int
    keep_ms: int | None  # None: for ever


def live_levels(out_of_orderness_ms: int) -> tuple[Level, ...]:
    """engine.md section 4: 10 s for 15 minutes, 1 min for an hour, 10 min for a day, 1 h for 30 days, then days.

    Each is kept longer by what the watermark may run ahead of the clock, and by a step, since windows begin on one.
    """
    ahead = FUTURE_MS + out_of_orderness_ms
    return (
        Level("10s", 10 * SECOND_MS, MINUTE_MS, 15 * MINUTE_MS + ahead + 10 * SECOND_MS),
        Level("1min", MINUTE_MS, 10 * MINUTE_MS, HOUR_MS + ahead + MINUTE_MS),
        Level("10min", 10 * MINUTE_MS, HOUR_MS, DAY_MS + ahead + 10 * MINUTE_MS),
        Level("1h", HOUR_MS, DAY_MS, 30 * DAY_MS + ahead + HOUR_MS),
        Level("1d", DAY_MS, DAY_MS, None),
    )


#: Recorded calls come in any order and are read as of any instant: nothing is ever made coarser.
REPLAY_LEVELS = (Level("10s", 10 * SECOND_MS, HOUR_MS, None),)

#: The longest window to date is a quarter; two of them let a quarter be compared with the one before.
RETENTION_MS = 190 * DAY_MS
_NEVER_DUE = 1 << 62


class Block:
    """All cells of one level in one span of time, by rate version."""

    def __init__(self, level: int, start_ms: int, end_ms: int) -> None:
        self.level, self.start_ms, self.end_ms = level, start_ms, end_ms
        self.cells: dict[VersionColumns, Cells] = {}
        self.changed = True  # since it was last written into a snapshot
        self._totals: dict[VersionColumns, Opened] | None = None

    def of(self, columns: VersionColumns) -> Cells:
        """The cells of a version, made when first asked for; whoever asks is going to change them."""
        self.changed, self._totals = True, None
        found = self.cells.get(columns)
        if found is None:
            found = self.cells[columns] = Cells(columns.width)
        return found

    def opened(self) -> dict[VersionColumns, "Opened"]:
        """The cells by version, as arrays."""
        found = {columns: Opened(*cells.opened()) for columns, cells in sorted(self.cells.items())}
        return {columns: opened for columns, opened in found.items() if len(opened.keys)}

    def totals(self, remember: bool) -> dict[VersionColumns, "Opened"]:
        """Summed over the slots: one row a segment. Worth remembering, until a cell changes, where it is read often."""
        if self._totals is not None:
            return self._totals
        totals = {columns: opened.by_segment() for columns, opened in self.opened().items()}
        if remember:
            self._totals = totals
        return totals


@dataclass(frozen=True, slots=True)
class Opened:
    """Cells as arrays: keys ascending, a row of sums a key, and the histogram as (row << 12 | bucket, count)."""

    keys: Integers
    sums: Integers
    buckets: Integers
    counts: Integers

    @property
    def segments(self) -> Integers:
        """The segment number of each row."""
        return self.keys & ((1 << SEGMENT_BITS) - 1)

    @property
    def offsets_ms(self) -> Integers:
        """Each row's slot, from the start of its block."""
        return self.keys >> SEGMENT_BITS

    def select(self, rows: npt.NDArray[np.bool_]) -> "Opened":
        """Some of the rows."""
        new_row = np.cumsum(rows) - 1
        old_row = self.buckets >> BUCKET_BITS
        kept = rows[old_row]
        buckets = new_row[old_row[kept]] << BUCKET_BITS | self.buckets[kept] & ((1 << BUCKET_BITS) - 1)
        return Opened(self.keys[rows], self.sums[rows], buckets, self.counts[kept])

    def by_segment(self) -> "Opened":
        """One row a segment, its key the segment number."""
        segments, row_of = np.unique(self.segments, return_inverse=True)
        sums = np.zeros((len(segments), self.sums.shape[1]), dtype=np.int64)
        np.add.at(sums, row_of, self.sums)
        buckets = row_of[self.buckets >> BUCKET_BITS] << BUCKET_BITS | self.buckets & ((1 << BUCKET_BITS) - 1)
        found, where = np.unique(buckets, return_inverse=True)
        counts = np.zeros(len(found), dtype=np.int64)
        np.add.at(counts, where, self.counts)
        return Opened(segments, sums, found, counts)


class Slices:
    """The blocks of all levels. `cuts` are instants at which cells are cut besides: a replay's window edges."""

    def __init__(self, calendar: LocalCalendar, levels: Sequence[Level], cuts: Iterable[int] = ()) -> None:
        self.calendar, self.levels, self.cuts = calendar, tuple(levels), sorted(set(cuts))
        self.blocks: dict[tuple[int, int], Block] = {}
        self._due_ms = _NEVER_DUE  # the least watermark at which a block is due

    def add(
        self,
        watermark_ms: int,
        columns: VersionColumns,
        ended_ms: Integers,
        segments: Integers,
        rows: Integers,
        buckets: Integers,
        signs: Integers,
    ) -> None:
        """Add each row to the one cell that holds `ended_ms` at the level it has at the watermark."""
        day_starts = self.calendar.day_starts(ended_ms)
        levels = self._levels_of(ended_ms, day_starts, watermark_ms)
        for level in sorted(set(levels.tolist())):
            block_starts = _grid(ended_ms, day_starts, self.levels[level].block_ms)
            slots = self._slot_starts(ended_ms, day_starts, self.levels[level].step_ms)
            keys = np.maximum(slots, block_starts) - block_starts << SEGMENT_BITS | segments
            for start in sorted(set(block_starts[levels == level].tolist())):
                cells = self.block(level, start).of(columns)
                here = (block_starts == start) & (levels == level)
                if here.all():
                    cells.add(keys, rows, buckets, signs)
                else:
                    lines = np.flatnonzero(here)
                    cells.add(keys[lines], rows[lines], buckets[lines], signs[lines])

    def _slot_starts(self, instants: Integers, day_starts: Integers, step_ms: int) -> Integers:
        slots = _grid(instants, day_starts, step_ms)
        if not self.cuts:
            return slots
        cuts = np.array([-1, *self.cuts], dtype=np.int64)
        return np.maximum(slots, cuts[np.searchsorted(cuts, instants, side="right") - 1])

    def _levels_of(self, instants: Integers, day_starts: Integers, watermark_ms: int) -> Integers:
        levels = np.full(len(instants), len(self.levels) - 1, dtype=np.int64)
        finest = self.levels[0]
        if finest.keep_ms is None or instants.min() > watermark_ms - finest.keep_ms:  # so its block's end is too
            levels[:] = 0
            return levels
        undecided = np.ones(len(instants), dtype=np.bool_)
        for number, level in enumerate(self.levels[:-1]):
            if level.keep_ms is not None:
                ends = self._block_ends(_grid(instants, day_starts, level.block_ms), level.block_ms)
                here = undecided & (ends > watermark_ms - level.keep_ms)
                levels[here] = number
                undecided &= ~here
                if not undecided.any():
                    break
        return levels

    def _block_ends(self, starts: Integers, block_ms: int) -> Integers:
        # The longest day has 25 hours and the shortest 23: two hours past 24 lie in the next day.
        return starts + block_ms if block_ms < DAY_MS else self.calendar.day_starts(starts + DAY_MS + 2 * HOUR_MS)

    def block(self, level: int, start_ms: int) -> Block:
        """The block of a level that starts at an instant, made when first asked for."""
        found = self.blocks.get((level, start_ms))
        if found is None:
            end = int(self._block_ends(np.array([start_ms], dtype=np.int64), self.levels[level].block_ms)[0])
            found = self.blocks[level, start_ms] = Block(level, start_ms, end)
            self._due_ms = min(self._due_ms, self._due_of(found))
        return found

    def _due_of(self, block: Block) -> int:
        if len(self.levels) == 1:
            return _NEVER_DUE
        keep = self.levels[block.level].keep_ms
        return block.end_ms + (RETENTION_MS if keep is None else keep)

    def age(self, watermark_ms: int) -> None:
        """Merge every block that is over its level's keep into the level it belongs to now; drop what is too old."""
        while watermark_ms >= self._due_ms:  # what is merged up may be too old for where it comes to
            for block in [block for block in self.blocks.values() if self._due_of(block) <= watermark_ms]:
                del self.blocks[block.level, block.start_ms]
                if self.levels[block.level].keep_ms is not None:
                    self._merge_up(block, watermark_ms)
            self._due_ms = min(map(self._due_of, self.blocks.values()), default=_NEVER_DUE)

    def _merge_up(self, block: Block, watermark_ms: int) -> None:
        start = np.array([block.start_ms], dtype=np.int64)
        day = self.calendar.day_starts(start)
        level = int(self._levels_of(start, day, watermark_ms)[0])
        into = self.block(level, int(_grid(start, day, self.levels[level].block_ms)[0]))
        slot = int(_grid(start, day, self.levels[level].step_ms)[0])
        for columns, total in block.totals(remember=False).items():
            keys = total.keys | (slot - into.start_ms) << SEGMENT_BITS
            into.of(columns).add_sums(keys, total.sums, total.buckets, total.counts)


def _grid(instants: Integers, day_starts: Integers, step_ms: int) -> Integers:
    """The start of the slot, counted in real time from the start of its local day."""
    return day_starts if step_ms >= DAY_MS else instants - (instants - day_starts) % step_ms


def grid_start(calendar: LocalCalendar, instant_ms: int, step_ms: int) -> int:
    """The start of one instant's slot."""
    day_start = calendar.day_start(instant_ms)
    return day_start if step_ms >= DAY_MS else instant_ms - (instant_ms - day_start) % step_ms


class HourSlot(NamedTuple):
    """A slot of an hour: shorter where its day ends before."""

    begins_ms: int
    ends_ms: int
    wall_hour: int  # that the clock shows when it begins


def hour_slot(calendar: LocalCalendar, instant_ms: int) -> HourSlot:
    """The hour that holds an instant."""
    begins = grid_start(calendar, instant_ms, HOUR_MS)
    next_day = calendar.start_of(calendar.date_of(instant_ms) + timedelta(days=1))
    return HourSlot(begins, min(begins + HOUR_MS, next_day), calendar.wall_ms(begins) // HOUR_MS)


def interval_of(edges: Sequence[int], instant_ms: int) -> int:
    """The index of the interval between ascending edges that holds an instant; −1 before the first."""
    return bisect_right(edges, instant_ms) - 1
