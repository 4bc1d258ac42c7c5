"""What calls cost, posted: counts, totals and the sums of slices, always together.

Owns the step from a batch's effects to sums, and from one rate table to the next. Knows no record and no window.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from consumer.core.calls import DIRECTIONS, CompletedCall
from consumer.core.cells import cell_rows, money_of, pool_nano_of
from consumer.core.columns import COUNTED, ENDED, Integers, VersionColumns
from consumer.core.costing import COMPONENTS, CostedCalls, Costing
from consumer.core.counts import COST_BUCKETS_NANO, UNRATED_REASONS, Counts, DirectionTotals, Totals
from consumer.core.effects import AFTER, BEFORE, FIRST, LATE, Effects
from consumer.core.exemplars import Exemplar
from consumer.core.histogram import bucket_of
from consumer.core.money import IntColumn
from consumer.core.segments import Segments
from consumer.core.slices import Slices

_SWITCH_BATCH = 5_000
Flags = npt.NDArray[np.bool_]
_COST_BUCKETS = np.array(COST_BUCKETS_NANO, dtype=np.int64)


class Ledger:
    """The sums of a fold. Every posting changes counts, totals and slices alike."""

    def __init__(self, costing: Costing, segments: Segments, slices: Slices) -> None:
        self.costing, self.segments, self.slices = costing, segments, slices
        self.counts, self.totals = Counts(), Totals()
        self.exemplars: dict[tuple[str, int], Exemplar] = {}

    def post(self, effects: Effects, watermark_ms: int) -> None:
        """Post what a batch did, to slices that are of the watermark's age before and after."""
        self.slices.age(watermark_ms)
        if effects:
            kinds = effects.kinds()
            segments = self._segments_of(effects.calls, kinds)
            groups = self.costing.cost(effects.calls)
            self._post_all(groups, kinds, segments, watermark_ms)
            self._note_closed_days(groups, kinds, effects.told_ms())
            self.slices.age(watermark_ms)

    def switch(self, costing: Costing, calls: Iterable[CompletedCall], watermark_ms: int) -> None:
        """Cost calls again under another table: each is taken back under the old one and posted under the new."""
        old, waiting = self.costing, iter(calls)
        while batch := list(islice(waiting, _SWITCH_BATCH)):
            groups = []
            for table, place in ((old, 0), (costing, 1)):  # befores and afters take turns, as in effects
                for costed in table.cost(batch):
                    costed.positions = costed.positions * 2 + place
                    groups.append(costed)
            segments = np.repeat(np.array(self.segments.numbers(batch), dtype=np.int64), 2)
            kinds = np.tile([BEFORE, AFTER], len(batch))
            self._post_all(groups, kinds, segments, watermark_ms)
            self._note_closed_days(groups, kinds, np.full(len(kinds), watermark_ms))
        self.costing = costing

    def _post_all(self, groups: list[CostedCalls], kinds: Integers, segments: Integers, watermark_ms: int) -> None:
        """Post groups whose positions are lines of `kinds` and `segments`."""
        first, before = kinds == FIRST, np.flatnonzero(kinds == BEFORE)
        if len(before):
            rated = np.empty(len(kinds), dtype=np.bool_)
            for costed in groups:
                rated[costed.positions] = costed.unrated == 0
            newly = ~rated[before] & rated[before + 1]  # unrated until now: this is their first costing
            first[before[newly] + 1] = True
            before = before[~newly]
        for costed in groups:
            at = costed.positions
            self._post(costed, kinds[at], first[at], segments[at], watermark_ms)
        if len(before):
            self._note_changes(groups, before)

    def _segments_of(self, calls: list[CompletedCall], kinds: Integers) -> Integers:
        """Numbers in the order of the records, whatever batches they came in; late calls are in no segment."""
        windowed = np.flatnonzero(kinds != LATE)
        numbers = self.segments.numbers(
            calls if len(windowed) == len(calls) else [calls[at] for at in windowed.tolist()]
        )
        segments = np.full(len(calls), -1, dtype=np.int64)
        segments[windowed] = numbers
        if self.segments.most_values is not None:
            first = segments[kinds == FIRST].tolist()
            self.totals.other_values += sum(map(self.segments.is_other, first))
        return segments

    def _post(self, costed: CostedCalls, kinds: Integers, first: Flags, segments: Integers, watermark_ms: int) -> None:
        standard = costed.standard()
        rows = cell_rows(costed, standard)
        buckets = bucket_of(standard)
        unrated = costed.unrated != 0
        if unrated.any():
            buckets[unrated] = -1
        late, taken = kinds == LATE, kinds == BEFORE
        is_any_late, is_any_taken = bool(late.any()), bool(taken.any())
        if is_any_late:
            self._post_late(int(late.sum()), exact_sums(standard[late][:, None])[0])
        self._count(costed, kinds, first)
        columns = costed.basis.columns
        self._note_first(costed, columns, rows, standard, first & ~unrated)
        signs = np.where(taken, -1, 1)
        if is_any_taken:
            rows *= signs[:, None]
        ended = costed.numbers[:, ENDED]
        if is_any_late:
            kept = ~late
            ended, segments, rows, buckets, signs = ended[kept], segments[kept], rows[kept], buckets[kept], signs[kept]
        if len(ended):
            self.slices.add(watermark_ms, columns, ended, segments, rows, buckets, signs)

    def _post_late(self, number: int, cost_nano: int) -> None:
        self.counts.late += number
        self.totals.late += number
        self.counts.late_cost_nano += cost_nano
        self.totals.late_cost_nano += cost_nano

    def _count(self, costed: CostedCalls, kinds: Integers, first: Flags) -> None:
        """Counts move by what is posted and by what is taken back; totals by first costings alone."""
        for code in set(costed.unrated.tolist()):
            reason = UNRATED_REASONS[code - 1] if code else None
            here = costed.unrated == code
            by_kind = np.bincount(kinds[here], minlength=4).tolist()
            self.counts.rate(reason, by_kind[FIRST] + by_kind[AFTER] - by_kind[BEFORE])
            if reason is None:
                self.totals.costed += int(first[here].sum())
            elif by_kind[FIRST]:
                self.totals.add(self.totals.unrated, reason, by_kind[FIRST])
        if costed.unconverted.any():
            self.totals.unconverted_prices += int((costed.unconverted & (kinds != BEFORE)).sum())
            by_kind = np.bincount(kinds[costed.unconverted], minlength=4).tolist()
            self.counts.unconverted_prices += by_kind[FIRST] + by_kind[AFTER] - by_kind[BEFORE]

    def _note_first(
        self, costed: CostedCalls, columns: VersionColumns, rows: Integers, standard: IntColumn,
        first: Flags,
    ) -> None:  # fmt: skip
        """Counters of first costings, by direction: sums of the very rows that go into cells."""
        directions = [call.direction for call in costed.calls]
        for direction in DIRECTIONS:
            if direction in directions:
                here = first & np.array([found == direction for found in directions], dtype=np.bool_)
                if here.any():
                    found = _add_first(self.totals.of(direction), columns, rows[here], standard[here])
                    last = dict(zip(found, np.flatnonzero(here).tolist(), strict=True))
                    self._note_exemplars(costed, direction, last, standard)

    def _note_exemplars(
        self, costed: CostedCalls, direction: str, line_of: Mapping[int, int], standard: IntColumn
    ) -> None:
        """The last call of each bucket."""
        for bucket, line in line_of.items():
            call = costed.calls[line]
            self.exemplars[direction, bucket] = Exemplar(call.call_id, int(standard[line]), call.ended_ms)

    def _note_changes(self, groups: list[CostedCalls], before: Integers) -> None:
        """Counters of changed calls: a component that rose counts as cost, one that fell as a correction."""
        changed = np.concatenate([before, before + 1])
        at: list[Integers] = []
        components: list[IntColumn] = []
        directions: list[int] = []
        for costed in groups:
            lines = np.flatnonzero(np.isin(costed.positions, changed))
            at.append(costed.positions[lines])
            components.append(costed.components(lines))
            directions += [DIRECTIONS.index(costed.calls[line].direction) for line in lines.tolist()]
        order = np.argsort(np.concatenate(at))  # befores and afters take turns
        amounts: npt.NDArray[Any] = np.concatenate(components)[order]
        in_direction = np.array(directions)[order]
        was, now = amounts[::2], amounts[1::2]
        from_direction, to_direction = in_direction[::2], in_direction[1::2]
        stays = (from_direction == to_direction)[:, None]
        fallen = np.where(stays, np.maximum(was - now, 0), was)
        risen = np.where(stays, np.maximum(now - was, 0), now)
        for number, direction in enumerate(DIRECTIONS):
            totals = self.totals
            if (from_direction == number).any():
                _add_components(totals.of(direction).corrections_nano, fallen[from_direction == number])
            if (to_direction == number).any():
                _add_components(totals.of(direction).cost_nano, risen[to_direction == number])

    def _note_closed_days(self, groups: list[CostedCalls], kinds: Integers, told_ms: Integers) -> None:
        """Counters of what changed in local days that were over when it was told: a call's cost rose, or fell."""
        calendar = self.costing.table.calendar
        days: Integers | None = None  # when the day began in which each was told
        amounts: npt.NDArray[Any] = np.zeros(len(kinds), dtype=object)
        for costed in groups:
            ended = costed.numbers[:, ENDED]
            if int(ended.min()) >= calendar.day_start(int(told_ms[-1])):
                continue
            days = calendar.day_starts(told_ms) if days is None else days
            here = np.flatnonzero((ended < days[costed.positions]) & (kinds[costed.positions] != LATE))
            amounts[costed.positions[here]] = costed.standard()[here]
        if days is None:
            return
        before = np.flatnonzero(kinds == BEFORE)
        amounts[before] = amounts[before + 1] - amounts[before]
        amounts[before + 1] = 0
        self.totals.closed_risen_nano += int(amounts[amounts > 0].sum())
        self.totals.closed_fallen_nano -= int(amounts[amounts < 0].sum())


def _add_components(totals: dict[str, int], components: IntColumn) -> None:
    for component, amount in zip(COMPONENTS, exact_sums(components), strict=True):
        if amount:
            totals[component] = totals.get(component, 0) + amount


def _add_first(
    totals: DirectionTotals, columns: VersionColumns, rows: Integers, standard: IntColumn
) -> list[int]:  # fmt: skip
    """Add calls to the totals of their direction; the bucket of each."""
    row: list[int] = rows.sum(axis=0).tolist()
    totals.calls += len(rows)
    totals.handled_ms += sum(row[column] for column in _HANDLED)
    costs = [("carrier", money_of(row, "carrier")), ("fee", money_of(row, "fee"))]
    costs += [(pool.category, pool_nano_of(row, number)) for number, pool in enumerate(columns.pools)]
    for component, amount in costs:
        if amount:
            totals.cost_nano[component] = totals.cost_nano.get(component, 0) + amount
    totals.histogram_sum_nano += sum(amount for _, amount in costs)
    found: list[int] = np.searchsorted(
        _COST_BUCKETS, np.minimum(standard, 1 << 62).astype(np.int64), side="left"
    ).tolist()
    for bucket in found:
        totals.histogram[bucket] += 1
    return found


_HANDLED = [COUNTED.index(name) for name in ("talk_ms", "hold_ms", "wrap_ms")]


def exact_sums(columns: IntColumn) -> list[int]:
    """The sum of each money column as a Python int: two halves, neither of which can overflow."""
    high, low = (columns >> 32).sum(axis=0).tolist(), (columns & 0xFFFFFFFF).sum(axis=0).tolist()
    return [(int(upper) << 32) + int(lower) for upper, lower in zip(high, low, strict=True)]
