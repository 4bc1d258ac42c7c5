"""The series of windows: which rows become series, and what is summed into `__other__`.

Owns the rule that makes sums safe: every figure of a window is exported once, by segment in SEGMENT_WINDOWS and by
direction in the others, where the further dimensions are empty. So within a window any sum is right: the whole is
`sum by (window) (…)`, a direction `sum by (window, direction) (…)`, and nothing counts twice. A figure that is 0 has no
series, but every family has one for each window and direction, if need be a 0.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from consumer.core.calls import DIRECTIONS, OTHER
from consumer.core.costing import COMPONENTS
from consumer.core.reading import Figures, Reading, Segment
from consumer.surface.metric_families import (
    ABSORBED_AT_STANDARD,
    ACCRUED,
    COMPANY,
    COMPANY_ABSORBED_AT_STANDARD,
    QUANTILES,
    ROW_ABSORBED_COST,
    ROW_COST,
    ROWS,
    WINDOW_START,
    Family,
)

SEGMENT_WINDOWS = frozenset(("1h", "24h", "day-to-date", "month-to-date"))

#: By family and label values: integers in the unit that the family scales.
Series = defaultdict[Family, dict[tuple[str, ...], int]]


class _Key(NamedTuple):
    """A figure of a row: its family, and the component where it has one."""

    family: Family
    component: tuple[str, ...] = ()


class _Exported(NamedTuple):
    """A row that becomes series, one for each figure that is not 0."""

    window: str
    segment: Segment  # as long as there are dimensions
    figures: dict[_Key, int]


#: Keys of a row's figures: by the name in Figures, by component, and the absorbed cost.
_KEYS = {name: _Key(family) for name, family in ROWS.items()}
_COST_KEYS = {component: _Key(ROW_COST, (component,)) for component in COMPONENTS}
_ABSORBED = _Key(ROW_ABSORBED_COST)

#: The figures that any row of a window and direction has.
_Present = Mapping[tuple[str, str], set[_Key]]


def window_series(
    reading: Reading, whole: Reading, components: Sequence[str], most_series: int
) -> tuple[Series, set[Segment]]:
    """The series of a worker's own reading, and the segments that are summed into `__other__` so that they are few.

    Which those are is worked out from the `whole` company's reading: all workers then fold the same segments, and
    absorbed cost, which each of them exports in full, counts once. The whole has no fewer series than a part of it, so
    there are at most so many. What is no segment is exported whatever the limit. `components` have series also where
    they cost nothing.
    """
    rows = list(_exported_rows(reading))
    folded = _folded(whole, rows if whole is reading else list(_exported_rows(whole)), components, most_series)
    series = _whole_windows(reading)
    for key, window, direction in _zeros(reading, _present_in(rows), components):
        series[key.family][(window, *key.component, *_padded((direction,), reading))] = 0
    for row in rows:
        segment = row.segment
        if segment in folded and row.window in SEGMENT_WINDOWS:
            segment = (segment[0], *(OTHER for _ in segment[1:]))
        for (family, component), value in row.figures.items():
            labels = (row.window, *component, *segment)
            of_family = series[family]
            of_family[labels] = of_family.get(labels, 0) + value
    return series, folded


def company_series(whole: Reading) -> Series:
    """What absorbed cost is divided by, and what pools' idle cost is worked out from: of all workers' calls.

    Absorbed cost is known of the whole company, partitions without a worker included, so these have to be too.
    """
    series: Series = defaultdict(dict)
    for window in whole.windows:
        of_direction = {row.segment[0]: row.figures for row in window.rows if len(row.segment) == 1}
        for name, family in COMPANY.items():
            for direction in DIRECTIONS:
                series[family][(window.window, direction)] = getattr(of_direction.get(direction, _NOTHING), name)
        for pool in window.pools:
            if pool.absorbed_nano is not None:
                series[COMPANY_ABSORBED_AT_STANDARD][(window.window, pool.pool)] = pool.absorbed_nano
    return series


_NOTHING = Figures()


def number_of(series: Series) -> int:
    """How many there are."""
    return sum(map(len, series.values()))


def _whole_windows(reading: Reading) -> Series:
    """What a window has by itself: its start, its pools, its quantiles, and what no call was there for."""
    series: Series = defaultdict(dict)
    for window in reading.windows:
        name, whole = window.window, window.rows[-1].figures
        series[WINDOW_START][(name,)] = window.from_ms
        for quantile, cost_nano in (("0.5", whole.p50_nano), ("0.95", whole.p95_nano), ("0.99", whole.p99_nano)):
            if cost_nano is not None:
                series[QUANTILES][(name, quantile)] = cost_nano
        for pool in window.pools:
            series[ACCRUED][(name, pool.pool)] = pool.accrued_nano
            if pool.absorbed_nano is not None:
                series[ABSORBED_AT_STANDARD][(name, pool.pool)] = pool.absorbed_nano
        for row in window.rows:
            if row.is_idle:
                segment = row.segment if name in SEGMENT_WINDOWS else _padded(row.segment[:1], reading)
                series[ROW_ABSORBED_COST][(name, *segment)] = row.figures.absorbed_nano
    return series


def _exported_rows(reading: Reading) -> Iterator[_Exported]:
    for window in reading.windows:
        level = len(reading.dimensions) if window.window in SEGMENT_WINDOWS else 1
        for row in window.rows:
            if len(row.segment) == level and not row.is_idle:
                yield _Exported(window.window, _padded(row.segment, reading), _figures(row.figures))


def _figures(figures: Figures) -> dict[_Key, int]:
    """Those that are not 0."""
    found = {key: value for name, key in _KEYS.items() if (value := getattr(figures, name))}
    found |= {_COST_KEYS[component]: cost for component, cost in figures.components_nano.items() if cost}
    if figures.absorbed_nano:
        found[_ABSORBED] = figures.absorbed_nano
    return found


def _present_in(rows: Sequence[_Exported]) -> _Present:
    present: dict[tuple[str, str], set[_Key]] = defaultdict(set)
    for row in rows:
        present[row.window, row.segment[0]].update(row.figures)
    return present


def _zeros(reading: Reading, present: _Present, components: Sequence[str]) -> Iterator[tuple[_Key, str, str]]:
    """The figures, windows and directions that no row has a series for."""
    keys = [*_KEYS.values(), *(_COST_KEYS[component] for component in components), _ABSORBED]
    for window in reading.windows:
        for direction in DIRECTIONS:
            has = present.get((window.window, direction), set())
            for key in keys:
                if key not in has:
                    yield key, window.window, direction


def _folded(whole: Reading, rows: Sequence[_Exported], components: Sequence[str], most_series: int) -> set[Segment]:
    """The segments that there is no room for: all from the first that does not fit, the costliest coming first."""
    present = _present_in(rows)
    spare = most_series - number_of(_whole_windows(whole)) - sum(1 for _ in _zeros(whole, present, components))
    needed: dict[Segment, int] = defaultdict(int)
    cost_nano: dict[Segment, int] = defaultdict(int)
    for row in rows:
        if row.window in SEGMENT_WINDOWS:
            needed[row.segment] += len(row.figures)
            cost_nano[row.segment] += row.figures.get(_ABSORBED, 0)
        else:
            spare -= len(row.figures)
    if sum(needed.values()) <= spare:
        return set()
    spare -= sum(len(keys) for (window, _), keys in present.items() if window in SEGMENT_WINDOWS)  # of __other__
    ranked = sorted(needed, key=lambda segment: (-cost_nano[segment], segment))
    for number, segment in enumerate(ranked):
        spare -= needed[segment]
        if spare < 0:
            return set(ranked[number:])
    return set()


def _padded(segment: Segment, reading: Reading) -> Segment:
    return (*segment, *("" for _ in reading.dimensions[len(segment) :]))
