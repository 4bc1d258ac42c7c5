"""Reading the fold: slices summed into windows, at any instant, without changing anything.

Owns the walk over blocks (each is summed once for all windows) and the rows of a window. Knows no record.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from consumer.core.absorption import Consumption, absorb
from consumer.core.calls import IDLE
from consumer.core.cells import MONEY, Sums, VersionColumns
from consumer.core.columns import COUNTED, Integers
from consumer.core.costing import COMPONENTS
from consumer.core.histogram import BUCKET_BITS, BUCKETS, quantiles
from consumer.core.rates import RateTable
from consumer.core.reading import Figures, Row, Segment, WindowReading
from consumer.core.slices import Block, Opened, Slices, interval_of
from consumer.core.windows import Span

_PERCENTS = (50, 95, 99)
_BUCKET_MASK = (1 << BUCKET_BITS) - 1


def read_windows(
    table: RateTable, slices: Slices, segments: Sequence[Segment], spans: Sequence[Span], dimensions: int
) -> tuple[WindowReading, ...]:
    """Every span summed. A cell belongs to the window that holds its slot's start."""
    edges = sorted({edge for span in spans for edge in (span.from_ms, span.calls_to_ms)})
    intervals = [_Interval(len(segments)) for _ in edges]
    for block in slices.blocks.values():
        _spread(block, edges, intervals)
    readings = []
    for span in spans:
        summed = _Interval(len(segments))
        for interval in intervals[bisect_left(edges, span.from_ms) : bisect_left(edges, span.calls_to_ms)]:
            summed.add_interval(interval)
        readings.append(_window(table, span, summed, segments, dimensions))
    return tuple(readings)


@dataclass
class _Interval:
    """The sums between two neighbouring edges: a row a segment for each version."""

    segments: int
    sums: dict[VersionColumns, Integers] = field(default_factory=dict)
    histogram: list[tuple[Integers, Integers]] = field(default_factory=list)  # segment << 12 | bucket, count

    def add(self, columns: VersionColumns, opened: Opened) -> None:
        """Add rows, one a segment."""
        segments = opened.segments
        np.add.at(self._of(columns), segments, opened.sums)
        where = segments[opened.buckets >> BUCKET_BITS] << BUCKET_BITS | opened.buckets & _BUCKET_MASK
        self.histogram.append((where, opened.counts))

    def add_interval(self, other: "_Interval") -> None:
        """Add another interval's sums."""
        for columns, sums in other.sums.items():
            self._of(columns)
            self.sums[columns] += sums
        self.histogram += other.histogram

    def _of(self, columns: VersionColumns) -> Integers:
        found = self.sums.get(columns)
        if found is None:
            found = self.sums[columns] = np.zeros((self.segments, columns.width), dtype=np.int64)
        return found

    def costs(self, groups: Integers, number: int) -> Integers:
        """The histograms of groups of segments: `groups` is the group of each segment, −1 for none."""
        table = np.zeros((number, BUCKETS), dtype=np.int64)
        if self.histogram:
            where = np.concatenate([codes for codes, _ in self.histogram])
            counts = np.concatenate([numbers for _, numbers in self.histogram])
            group = groups[where >> BUCKET_BITS]
            np.add.at(table, (group[group >= 0], where[group >= 0] & _BUCKET_MASK), counts[group >= 0])
        return table


def _spread(block: Block, edges: Sequence[int], intervals: list[_Interval]) -> None:
    """Add a block to the intervals it lies in: as a whole where no edge cuts it, else slot by slot."""
    first, last = interval_of(edges, block.start_ms), interval_of(edges, block.end_ms - 1)
    if first == last:
        if first >= 0:
            for columns, total in block.totals().items():
                intervals[first].add(columns, total)
        return
    bounds = np.array(edges, dtype=np.int64)
    for columns, opened in block.opened().items():
        lies_in = np.searchsorted(bounds, block.start_ms + opened.offsets_ms, side="right") - 1
        for interval in np.unique(lies_in).tolist():
            if interval >= 0:
                intervals[interval].add(columns, opened.select(lies_in == interval).by_segment())


def _window(
    table: RateTable, span: Span, summed: _Interval, segments: Sequence[Segment], dimensions: int
) -> WindowReading:
    shares, pools = absorb(table, span, _consumed(summed, segments), dimensions)
    idle_nano = shares.pop((IDLE,) * dimensions, 0)
    columns = _Columns(summed, segments, shares)
    rows = columns.rows(idle_nano, dimensions)
    return WindowReading(span.window, span.from_ms, span.to_ms, rows, pools)


class _Columns:
    """The figures of a window's segments as columns of Python ints, and rows made of them."""

    def __init__(self, summed: _Interval, segments: Sequence[Segment], shares: Mapping[Segment, int]) -> None:
        held = [matrix[:, _HOLDS].any(axis=1) for matrix in summed.sums.values()]
        numbers = np.flatnonzero(np.any(held, axis=0)).tolist() if held else []
        numbers.sort(key=segments.__getitem__)
        self._summed, self._segments = summed, [segments[number] for number in numbers]
        self._numbers = np.array(numbers, dtype=np.int64)
        self._counted = np.zeros((len(numbers), len(COUNTED)), dtype=np.int64)
        self._money = {
            name: [0] * len(numbers) for name in (*COMPONENTS, "abandoned", "reported", "carrier_of_reported")
        }
        for columns, matrix in summed.sums.items():
            sums = Sums(matrix[self._numbers])
            self._counted += sums.matrix[:, : len(COUNTED)]
            for name in MONEY:
                self._add(name, sums.money(name))
            for number, (_, category) in enumerate(columns.pools):
                self._add(category, sums.pool_nano(number))
        self._money["absorbed"] = [shares.get(segment, 0) for segment in self._segments]
        self._add("absorbed", self._money["carrier"])
        self._add("absorbed", self._money["fee"])

    def _add(self, name: str, amounts: list[int]) -> None:
        self._money[name] = [held + amount for held, amount in zip(self._money[name], amounts, strict=True)]

    def rows(self, idle_nano: int, dimensions: int) -> tuple[Row, ...]:
        """Segments, directions (unless they are the segments), `__idle__` if any, and the whole last."""
        every = list(range(len(self._segments)))
        groups: list[tuple[Segment, list[int]]] = [(segment, [line]) for line, segment in enumerate(self._segments)]
        if dimensions > 1:
            for direction in sorted({segment[0] for segment in self._segments}):
                groups.append(((direction,), [line for line in every if self._segments[line][0] == direction]))
        groups.append(((), every))
        quantiles = self._quantiles(groups)
        rows = [
            Row(segment, self._figures(lines, found, idle_nano if segment == () else 0))
            for (segment, lines), found in zip(groups, quantiles, strict=True)
        ]
        if idle_nano:
            rows.insert(-1, Row((IDLE,) * dimensions, Figures(components_nano={}, absorbed_nano=idle_nano)))
        return tuple(rows)

    def _quantiles(self, groups: list[tuple[Segment, list[int]]]) -> list[tuple[int | None, ...]]:
        group_of = np.full(self._summed.segments, -1, dtype=np.int64)
        group_of[self._numbers] = np.arange(len(self._numbers))
        by_segment = self._summed.costs(group_of, len(self._numbers))
        used = np.flatnonzero(by_segment.any(axis=0))
        last = int(used[-1]) + 1 if len(used) else 1
        wider = [by_segment[lines].sum(axis=0)[None, :] for segment, lines in groups[len(self._segments) :]]
        return quantiles(np.concatenate([by_segment, *wider])[:, :last], _PERCENTS)

    def _figures(self, lines: list[int], found: tuple[int | None, ...], idle_nano: int) -> Figures:
        if len(lines) == 1:
            line = lines[0]
            counted, money = self._counted[line].tolist(), {name: column[line] for name, column in self._money.items()}
        else:
            counted = self._counted[lines].sum(axis=0).tolist()
            money = {name: sum(column[line] for line in lines) for name, column in self._money.items()}
        return Figures(
            **dict(zip(COUNTED, counted, strict=True)),
            abandoned_nano=money["abandoned"],
            reported_nano=money["reported"],
            carrier_of_reported_nano=money["carrier_of_reported"],
            components_nano={name: money[name] for name in COMPONENTS if money[name]},
            absorbed_nano=money["absorbed"] + idle_nano,
            p50_nano=found[0],
            p95_nano=found[1],
            p99_nano=found[2],
        )


_HOLDS = [COUNTED.index("calls"), COUNTED.index("unrated")]  # a segment has a row if it holds any call, costed or not


def _consumed(summed: _Interval, segments: Sequence[Segment]) -> dict[tuple[str, str], Consumption]:
    """Driver units and amounts at standard by version and pool."""
    consumed: dict[tuple[str, str], Consumption] = {}
    for columns, matrix in summed.sums.items():
        holds = np.flatnonzero(matrix[:, COUNTED.index("calls")])
        sums = Sums(matrix[holds])
        for number, (pool, _) in enumerate(columns.pools):
            used = consumed.setdefault((columns.version_id, pool), Consumption())
            used.standard_nano += sum(sums.pool_nano(number))
            for segment, units in zip(holds.tolist(), sums.pool_units(number), strict=True):
                if units:
                    used.units[segments[segment]] = used.units.get(segments[segment], 0) + units
    return consumed
