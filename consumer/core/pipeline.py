"""The fold: records of a source in, sums of what calls cost out.

Joins the stages in one sentence: decode, de-duplicate, cost, window. It is deterministic: the same records in other
batches give the same state, byte for byte. It sees no clock; live, a record's timestamp stands for it.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from consumer.core.calls import Decoder, SourceRecord
from consumer.core.company import read_together
from consumer.core.costing import Costing
from consumer.core.counts import Counts, Totals
from consumer.core.index import Ghost, Index
from consumer.core.intake import NEVER_ENDED_MS, NEVER_STARTED_MS, Intake, Rejected
from consumer.core.ledger import Ledger
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.segments import Segments
from consumer.core.slices import REPLAY_LEVELS, Level, Slices
from consumer.core.watermark import Watermark
from consumer.core.windows import Span

ANCHOR_EVERY = 1_000  # offsets


@dataclass(frozen=True, slots=True)
class FoldSettings:
    """What shapes the state. Two folds with equal settings and equal records are equal."""

    dimensions: tuple[str, ...] = ("direction", "queue", "site")
    levels: tuple[Level, ...] = REPLAY_LEVELS
    cuts: tuple[int, ...] = ()  # instants at which cells are cut besides; a replay's window edges
    out_of_orderness_ms: int = 0
    allowed_lateness_ms: int | None = None
    horizon_ms: int | None = None
    most_entries: int | None = None
    most_values: int | None = None
    decoding: str = ""  # what decoders were told: bytes that are read again must say the same as the first time

    def __post_init__(self) -> None:
        if self.horizon_ms is not None and (self.allowed_lateness_ms or 0) > self.horizon_ms:
            raise ValueError("lateness beyond the index horizon would count calls twice")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the index can be made again from: an offset, and how far event time had come before it."""

    offset: int
    highest_ms: int


@dataclass
class Pipeline:
    """The fold of one source under one rate table."""

    table: RateTable
    decode: Decoder
    settings: FoldSettings = FoldSettings()
    next_offset: int = 0
    first_started_ms: int = NEVER_STARTED_MS  # the least start and the last end of calls when they were accepted
    last_ended_ms: int = NEVER_ENDED_MS
    anchors: list[Anchor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watermark = Watermark(self.settings.out_of_orderness_ms, self.settings.allowed_lateness_ms)
        self.index = Index(self.settings.horizon_ms, self.settings.most_entries)
        segments = Segments(self.settings.dimensions, self.settings.most_values)
        slices = Slices(self.table.calendar, self.settings.levels, self.settings.cuts)
        self.ledger = Ledger(Costing(self.table), segments, slices)
        self._next_anchor = 0
        self._highest_after_ms = self.watermark.highest_ms

    @property
    def counts(self) -> Counts:
        """How things are now."""
        return self.ledger.counts

    @property
    def totals(self) -> Totals:
        """What happened so far, as a copy. Of the counts that never fall it says what they say."""
        counts, totals = self.ledger.counts, deepcopy(self.ledger.totals)
        totals.received, totals.duplicates, totals.amended = counts.received, counts.duplicates, counts.amended
        totals.late, totals.late_cost_nano = counts.late, counts.late_cost_nano
        totals.rejected, totals.unknown_keys = dict(counts.rejected), counts.unknown_keys
        return totals

    def feed(self, records: Iterable[SourceRecord]) -> list[Rejected]:
        """Fold records in; those below next_offset are passed over. Returns what was rejected."""
        batch = self._intake(self.ledger.counts)
        for record in records:
            if record.offset >= self.next_offset:
                self._take(record, batch)
        self.first_started_ms = min(self.first_started_ms, batch.first_started_ms)
        self.last_ended_ms = max(self.last_ended_ms, batch.last_ended_ms)
        self.ledger.post(batch.effects, self.watermark.instant_ms)
        return batch.rejected

    def _intake(self, counts: Counts) -> Intake:
        return Intake(self.index, self.watermark, counts)

    def _take(self, record: SourceRecord, batch: Intake) -> None:
        if record.offset >= self._next_anchor:
            self.anchors.append(Anchor(record.offset, self.watermark.highest_ms))
            self._next_anchor = (record.offset // ANCHOR_EVERY + 1) * ANCHOR_EVERY
        self.next_offset = record.offset + 1
        for event in self.decode(record):
            batch.take(event, record)
        if self.index.is_over_bound:
            for expired in self.index.bound(record.offset):
                batch.expire(expired)

    def prepare_reindex(
        self, index_from: int, highest_before_ms: int, floor_before_ms: int, floors: list[tuple[int, int]],
        ghosts: list[Ghost],
    ) -> None:  # fmt: skip
        """Go back in event time to where the index is made again from; `reindex` comes back."""
        self._next_anchor = index_from
        self._highest_after_ms = self.watermark.highest_ms
        self.watermark.highest_ms = highest_before_ms
        self.index.begin_again(floor_before_ms, floors, ghosts)

    def reindex(self, records: Iterable[SourceRecord], until: int) -> bool:
        """Make the index again from the records in [index_from, next_offset), without counting or costing anything.

        False when these cannot be all the records that the state was made from: the source was shortened or made anew,
        and calls told again or amended may be counted twice.
        """
        batch = self._intake(Counts())
        for record in records:
            if record.offset < until:
                self._take(record, batch)
                batch.effects.clear()
        self.index.is_made_again()
        self.next_offset = until
        is_whole = self.watermark.highest_ms == self._highest_after_ms
        self.watermark.highest_ms = self._highest_after_ms
        return is_whole

    def finish(self) -> list[Rejected]:
        """The end of a replay: what still waits for the rest of its call is rejected."""
        batch = self._intake(self.ledger.counts)
        for expired in self.index.give_up_waiting():
            batch.expire(expired)
        return batch.rejected

    def switch_table(self, table: RateTable) -> None:
        """From here on another rate table; the calls still in the index are costed again under it."""
        if table.currency != self.table.currency or str(table.calendar.zone) != str(self.table.calendar.zone):
            raise ValueError("another currency or time zone needs a new state: its sums cannot be added to these")
        self.table = table
        self.ledger.switch(Costing(table), self.index.calls(), self.watermark.instant_ms)

    def seen(self) -> tuple[int | None, int | None]:
        """The first start and the last end of all accepted calls; exact as long as the index remembers them all."""
        if self.settings.horizon_ms is None:
            return self.index.seen()
        if self.first_started_ms == NEVER_STARTED_MS:
            return None, None
        return self.first_started_ms, self.last_ended_ms

    def read(self, as_of_ms: int, asked: Sequence[Span], by: tuple[str, ...] | None = None) -> Reading:
        """Windows as of an instant, by all dimensions or by some of them. Changes nothing.

        Raises ValueError where `by` is not different dimensions of this fold that begin with direction.
        """
        return read_together(self.table, self.settings.dimensions, [self.ledger], as_of_ms, asked, by)

    def index_from(self) -> Anchor:
        """The last anchor not after anything that the index depends on."""
        least = self.index.least_origin()
        if self.settings.horizon_ms is None or not self.anchors:
            return self.anchors[0] if self.anchors else Anchor(self.next_offset, self.watermark.highest_ms)
        reach = self.next_offset if least is None else least
        usable = [anchor for anchor in self.anchors if anchor.offset <= reach]
        self.anchors = self.anchors[max(len(usable) - 1, 0) :]
        return self.anchors[0]
