"""A replay: recorded calls folded in any order, and read as of one instant to the millisecond.

Owns what distinguishes a replay from a live fold: nothing is late, nothing is aged, and the windows' edges cut cells.
"""

from dataclasses import dataclass, replace

from consumer.core.calls import Decoder
from consumer.core.instants import FIRST_MS
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.windows import Span, spans


@dataclass
class Replay:
    """A pipeline for recorded calls, and the question that is asked of it."""

    pipeline: Pipeline
    as_of_ms: int | None  # None: the last accepted call's end + 1 ms
    range_ms: tuple[int, int] | None

    @classmethod
    def of(  # the options of `callcost replay`
        cls, table: RateTable, decode: Decoder, as_of_ms: int | None = None, from_ms: int | None = None,
        to_ms: int | None = None, dimensions: tuple[str, ...] = ("direction", "queue", "site"),
        horizon_ms: int | None = None,
    ) -> "Replay":  # fmt: skip
        """A replay whose cells are cut where its windows begin and end; `from` and `to` come together."""
        span = None if from_ms is None or to_ms is None else (from_ms, to_ms)
        cuts = tuple(edge for edge in (as_of_ms, from_ms, to_ms) if edge is not None)
        settings = FoldSettings(dimensions=dimensions, cuts=cuts, horizon_ms=horizon_ms)
        return cls(Pipeline(table, decode, settings), as_of_ms, span)

    @property
    def has_call(self) -> bool:
        """Whether any record told a call."""
        return self.pipeline.seen()[1] is not None

    @property
    def has_record(self) -> bool:
        """Whether there was anything to read."""
        return self.pipeline.next_offset > 0

    def read(self) -> Reading:
        """All windows. What ends at or after a given as_of is counted, and is in no window.

        Calls are known from the first one's start on, not only from the slot in which it ended. Without a call, and
        without an as_of, there are no windows.
        """
        pipeline, table = self.pipeline, self.pipeline.table
        first_ms, last_ms = pipeline.seen()
        if self.as_of_ms is None and last_ms is None:
            return pipeline.read(FIRST_MS, [])
        as_of = self.as_of_ms if self.as_of_ms is not None else (FIRST_MS if last_ms is None else last_ms + 1)
        asked = spans(table.calendar, as_of)
        asked.append(Span("all", as_of if first_ms is None else min(first_ms, as_of), as_of))
        if self.range_ms is not None:
            start, end = self.range_ms
            asked.append(Span("range", start, end, min(end, as_of)))
        return replace(pipeline.read(as_of, asked), known_from_ms=first_ms)
