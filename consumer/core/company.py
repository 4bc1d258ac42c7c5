"""The whole company: folds of several parts of a source, read as if one had folded everything.

Calls of one contact are all in one part, so every figure is a sum, and the sums of the parts add up. Owns what must be
the same in all of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import starmap
from typing import Protocol

from consumer.core.counts import Counts, sum_of
from consumer.core.intervals import Part, known_from
from consumer.core.rates import RateTable
from consumer.core.reader import read_windows
from consumer.core.reading import Figures, Reading, Row, WindowReading
from consumer.core.segments import Segments
from consumer.core.slices import Slices
from consumer.core.windows import Span


class Summed(Protocol):
    """What is known of one part: a ledger of our own, or another worker's share as it last told it."""

    @property
    def segments(self) -> Segments:
        """Its segments by number."""

    @property
    def slices(self) -> Slices:
        """Its sums."""

    @property
    def counts(self) -> Counts:
        """What became of its events."""


def read_together(
    table: RateTable,
    known: tuple[str, ...],
    parts: Sequence[Summed],
    as_of_ms: int,
    asked: Sequence[Span],
    by: tuple[str, ...] | None = None,
    *,
    segment_quantiles: bool = True,
) -> Reading:
    """Windows as of an instant over all parts, under one rate table. Changes nothing.

    Raises ValueError where `by` is not different ones of the `known` dimensions that begin with direction.
    """
    dimensions = by or known
    places = places_of(known, dimensions)
    sums = parts_of(known, parts)
    windows = read_windows(table, sums, asked, places, segment_quantiles=segment_quantiles)
    versions = tuple(version.id for version in table.versions)
    counts = sum_of(Counts, [part.counts for part in parts])
    return Reading(
        as_of_ms, table.currency, versions, table.sha256, dimensions, counts, windows, known_from(sums),
        str(table.calendar.zone),
    )  # fmt: skip


def parts_of(known: tuple[str, ...], parts: Sequence[Summed]) -> list[Part]:
    """Their slices and segments. Raises ValueError where their dimensions differ."""
    if any(part.segments.dimensions != known for part in parts):
        raise ValueError("folds of different dimensions cannot be read together")
    return [Part(part.slices, part.segments.values) for part in parts]


def places_of(known: tuple[str, ...], asked: tuple[str, ...]) -> list[int]:
    """Where the dimensions that are asked for stand. Raises ValueError, see read_together."""
    if asked[0] != "direction" or not set(asked) <= set(known) or len(set(asked)) < len(asked):
        expected = f"different names of {', '.join(known)}, direction first"
        raise ValueError(f"found {', '.join(asked)}, expected {expected}")
    return [known.index(name) for name in asked]


def beside_the_whole(own: Reading, whole: Reading) -> Reading:
    """A part of the company by itself, with what only the whole can say: absorbed and idle cost, since when.

    Pools accrue for the whole company, and calls of other parts absorb their share. What a pool absorbed at standard
    is the part's own.
    """
    windows = tuple(starmap(_window_beside, zip(own.windows, whole.windows, strict=True)))
    return replace(own, windows=windows, known_from_ms=whole.known_from_ms)


def _window_beside(own: WindowReading, whole: WindowReading) -> WindowReading:
    mine = {row.segment: row.figures for row in own.rows if not row.is_idle}
    rows = [
        row
        if row.is_idle
        else Row(row.segment, replace(mine.get(row.segment, _NOTHING), absorbed_nano=row.figures.absorbed_nano))
        for row in whole.rows
    ]
    return replace(own, rows=tuple(rows))


_NOTHING = Figures()
