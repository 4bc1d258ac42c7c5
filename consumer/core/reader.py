"""Reading folds: slices summed into windows, at any instant, without changing anything.

Owns the rows of a window. Knows no record.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from consumer.core.absorption import Consumption, absorb
from consumer.core.calls import IDLE
from consumer.core.cells import Sums
from consumer.core.columns import COUNTED, MONEY, Integers
from consumer.core.costing import COMPONENTS
from consumer.core.histogram import BUCKETS, quantiles
from consumer.core.intervals import Interval, Part, grouped_by, sum_intervals
from consumer.core.pools import Driver
from consumer.core.rates import RateTable
from consumer.core.reading import Figures, Row, Segment, WindowReading
from consumer.core.windows import Span

_PERCENTS = (50, 95, 99)
_UNKNOWN: tuple[int | None, ...] = (None,) * len(_PERCENTS)


def read_windows(
    table: RateTable, parts: Sequence[Part], spans: Sequence[Span], places: Sequence[int], *,
    segment_quantiles: bool = True,
) -> tuple[WindowReading, ...]:  # fmt: skip
    """Every span summed, by the dimensions at these places. A cell is in the window that holds its slot's start.

    Without `segment_quantiles` only directions and the whole have quantiles, which takes half the time.
    """
    edges = sorted({edge for span in spans for edge in (span.from_ms, span.calls_to_ms)})
    segments, intervals = sum_intervals(parts, edges)
    shown, group_of = grouped_by(segments, places)
    wider = None if segment_quantiles or len(places) == 1 else _Wider(segments, intervals)
    readings = []
    for span in spans:
        first, after = bisect_left(edges, span.from_ms), bisect_left(edges, span.calls_to_ms)
        summed = Interval(len(segments)).add_all(intervals[first:after]).grouped(group_of, len(shown))
        costs = None if wider is None else wider.costs(first, after)
        readings.append(_window(table, span, summed, shown, len(places), costs))
    return tuple(readings)


class _Wider:
    """How costs are distributed in each direction and in all of them, by interval: each is summed only once."""

    def __init__(self, segments: Sequence[Segment], intervals: Sequence[Interval]) -> None:
        self._directions, direction_of = grouped_by(segments, [0])
        self._intervals = [interval.costs(direction_of, len(self._directions)) for interval in intervals]

    def costs(self, first: int, after: int) -> dict[Segment, Integers]:
        """Calls by bucket in these intervals, of each direction and of the whole."""
        by_direction = np.zeros((len(self._directions), BUCKETS), dtype=np.int64)
        for counted in self._intervals[first:after]:
            by_direction[:, : counted.shape[1]] += counted
        return dict(zip(self._directions, by_direction, strict=True)) | {(): by_direction.sum(axis=0)}


def _window(
    table: RateTable, span: Span, summed: Interval, segments: Sequence[Segment], dimensions: int,
    wider_costs: Mapping[Segment, Integers] | None,
) -> WindowReading:  # fmt: skip
    held = [matrix[:, _HOLDS].any(axis=1) for matrix in summed.sums.values()]
    numbers = np.flatnonzero(np.any(held, axis=0)).tolist() if held else []
    numbers.sort(key=segments.__getitem__)  # so that ties of absorption go by segment values
    lines = np.array(numbers, dtype=np.int64)
    shares, idle_nano, pools = absorb(table, span, _consumed(summed, lines), len(numbers))
    columns = _Columns(summed, [segments[number] for number in numbers], lines, shares)
    rows = columns.rows(idle_nano, dimensions, wider_costs)
    return WindowReading(span.window, span.from_ms, span.to_ms, rows, pools)


class _Columns:
    """The figures of a window's segments as columns of Python ints, and rows made of them."""

    def __init__(self, summed: Interval, segments: list[Segment], numbers: Integers, shares: list[int]) -> None:
        self._summed, self._segments, self._numbers = summed, segments, numbers
        self._counted = np.zeros((len(numbers), len(COUNTED)), dtype=np.int64)
        self._money = {name: [0] * len(numbers) for name in (*COMPONENTS, *MONEY[2:])}
        for columns, matrix in summed.sums.items():
            sums = Sums(matrix[numbers])
            self._counted += sums.matrix[:, : len(COUNTED)]
            for name in MONEY:
                self._add(name, sums.money(name))
            for number, pool in enumerate(columns.pools):
                self._add(pool.category, sums.pool_nano(number))
        self._money["absorbed"] = shares
        self._add("absorbed", self._money["carrier"])
        self._add("absorbed", self._money["fee"])

    def _add(self, name: str, amounts: list[int]) -> None:
        self._money[name] = _sums(self._money[name], amounts)

    def rows(
        self, idle_nano: int, dimensions: int, wider_costs: Mapping[Segment, Integers] | None
    ) -> tuple[Row, ...]:  # fmt: skip
        """Segments, directions (unless they are the segments), `__idle__` if any, and the whole last.

        With `wider_costs` only the wider rows have quantiles, of these distributions.
        """
        every = list(range(len(self._segments)))
        wider: list[tuple[Segment, list[int]]] = []
        if dimensions > 1:
            for direction in sorted({segment[0] for segment in self._segments}):
                wider.append(((direction,), [line for line in every if self._segments[line][0] == direction]))
        wider.append(((), every))
        if wider_costs is None:
            found = self._quantiles([lines for _, lines in wider])
        else:
            found = [_UNKNOWN] * len(every) + quantiles(np.stack([wider_costs[one] for one, _ in wider]), _PERCENTS)
        rows = list(map(Row, self._segments, self._figures(found)))
        for (segment, lines), of_row in zip(wider, found[len(every) :], strict=True):
            rows.append(Row(segment, self._sum(lines, of_row, idle_nano if segment == () else 0)))
        if idle_nano:
            rows.insert(-1, Row((IDLE,) * dimensions, Figures(components_nano={}, absorbed_nano=idle_nano)))
        return tuple(rows)

    def _quantiles(self, wider: list[list[int]]) -> list[tuple[int | None, ...]]:
        """Of each segment, then of each wider row."""
        group_of = np.full(self._summed.segments, -1, dtype=np.int64)
        group_of[self._numbers] = np.arange(len(self._numbers))
        by_segment = self._summed.costs(group_of, len(self._numbers))
        sums = [by_segment[lines].sum(axis=0)[None, :] for lines in wider]
        return quantiles(np.concatenate([by_segment, *sums]), _PERCENTS)

    def _figures(self, found: list[tuple[int | None, ...]]) -> Iterator[Figures]:
        """The figures of every segment: columns turned into rows, in the order of Figures' fields."""
        components = [(name, amounts) for name in COMPONENTS if any(amounts := self._money[name])]
        for line, counted in enumerate(self._counted.tolist()):
            charged = {name: amounts[line] for name, amounts in components if amounts[line]}
            yield _in_order(
                *counted, self._money["abandoned"][line], self._money["reported"][line],
                self._money["carrier_of_reported"][line], charged, self._money["absorbed"][line],
                *_exact(counted[_CALLS], sum(charged.values()), found[line]),
            )  # fmt: skip

    def _sum(self, lines: list[int], found: tuple[int | None, ...], idle_nano: int) -> Figures:
        """The figures of several segments together."""
        counted = self._counted[lines].sum(axis=0).tolist()
        money = {name: sum(map(column.__getitem__, lines)) for name, column in self._money.items()}
        charged = {name: money[name] for name in COMPONENTS if money[name]}
        return _in_order(
            *counted, money["abandoned"], money["reported"], money["carrier_of_reported"], charged,
            money["absorbed"] + idle_nano, *_exact(counted[_CALLS], sum(charged.values()), found),
        )  # fmt: skip


def _exact(calls: int, standard_nano: int, found: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The quantiles of one call are what it cost. What stands for its bucket may be more, which no call cost."""
    return tuple(None if nano is None else standard_nano for nano in found) if calls == 1 else found


_in_order: Callable[..., Figures] = Figures  # the counted columns are its first fields
_CALLS = COUNTED.index("calls")
_HOLDS = [COUNTED.index("calls"), COUNTED.index("unrated")]  # a segment has a row if it holds any call, costed or not


def _consumed(summed: Interval, lines: Integers) -> dict[tuple[str, str], Consumption]:
    """What the given segments used of each pool, by version and pool."""
    used: dict[tuple[str, str], _Used] = {}
    for columns, matrix in summed.sums.items():
        sums = Sums(matrix[lines])
        for number, pool in enumerate(columns.pools):
            of_pool = used.setdefault((columns.version_id, pool.name), _Used(len(lines)))
            of_pool.add(pool.driver, sums.pool_units(number), sums.pool_nano(number))
    return {key: of_pool.consumption for key, of_pool in used.items()}


class _Used:
    """What segments used of a pool. Where the table was reloaded, it may have been by several drivers."""

    def __init__(self, segments: int) -> None:
        self._units: dict[Driver, list[int]] = {}
        self._nano = [0] * segments

    def add(self, driver: Driver, units: list[int], nano: list[int]) -> None:
        """Driver units, and amounts at standard, of each segment."""
        self._nano = _sums(self._nano, nano)
        if any(units):
            held = self._units.get(driver)
            self._units[driver] = units if held is None else _sums(held, units)

    @property
    def consumption(self) -> Consumption:
        """Seconds and calls cannot be added up: segments of several drivers are weighed by their money."""
        by_money = len(self._units) > 1 and any(self._nano)
        return Consumption(self._nano if by_money else next(iter(self._units.values()), []), sum(self._nano))


def _sums(some: list[int], others: list[int]) -> list[int]:
    return [one + other for one, other in zip(some, others, strict=True)]
