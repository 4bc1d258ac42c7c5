"""The fold: records of a source in, sums of what calls cost out.

Joins the stages in one sentence: decode, de-duplicate, cost, window. It is deterministic: the same records in other
batches give the same state, byte for byte. It sees no clock; live, a record's timestamp stands for it.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from consumer.core.calls import (
    CallFields,
    CallVersion,
    CompletedCall,
    Decoder,
    Rejection,
    SourceRecord,
    complete,
    impossible_duration,
)  # fmt: skip
from consumer.core.costing import Costing
from consumer.core.counts import Counts, Totals
from consumer.core.effects import Effects
from consumer.core.index import Entry, Expired, Ghost, Index, Said
from consumer.core.ledger import Ledger
from consumer.core.rates import RateTable
from consumer.core.reader import read_windows
from consumer.core.reading import Reading
from consumer.core.segments import Segments
from consumer.core.slices import FUTURE_MS, REPLAY_LEVELS, Level, Slices
from consumer.core.watermark import Watermark
from consumer.core.windows import Span

ANCHOR_EVERY = 1_000  # offsets
NEVER_STARTED_MS = 1 << 62


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

    def __post_init__(self) -> None:
        if self.horizon_ms is not None and (self.allowed_lateness_ms or 0) > self.horizon_ms:
            raise ValueError("lateness beyond the index horizon would count calls twice")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected event and the record it came in: what a dead letter is made of."""

    offset: int
    rejection: Rejection


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
    first_started_ms: int = NEVER_STARTED_MS  # the least start of any call when it was accepted
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
        batch = _Batch(self, self.ledger.counts)
        for record in records:
            if record.offset >= self.next_offset:
                self._take(record, batch)
        self.ledger.post(batch.effects, self.watermark.instant_ms)
        return batch.rejected

    def _take(self, record: SourceRecord, batch: "_Batch") -> None:
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
        batch = _Batch(self, Counts())
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
        batch = _Batch(self, self.ledger.counts)
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
        first_ms, last_ms = self.index.seen()
        if self.settings.horizon_ms is not None and self.watermark.has_begun:
            return min(self.first_started_ms, first_ms or self.first_started_ms), self.watermark.highest_ms
        return first_ms, last_ms

    def read(self, as_of_ms: int, asked: Sequence[Span]) -> Reading:
        """Windows as of an instant. Changes nothing."""
        ledger, table, dimensions = self.ledger, self.table, self.settings.dimensions
        windows = read_windows(table, ledger.slices, ledger.segments.values, asked, len(dimensions))
        versions = tuple(version.id for version in table.versions)
        return Reading(as_of_ms, table.currency, versions, table.sha256, dimensions, deepcopy(self.counts), windows)

    def index_from(self) -> Anchor:
        """The last anchor not after anything that the index depends on."""
        least = self.index.least_origin()
        if self.settings.horizon_ms is None or not self.anchors:
            return self.anchors[0] if self.anchors else Anchor(self.next_offset, self.watermark.highest_ms)
        reach = self.next_offset if least is None else least
        usable = [anchor for anchor in self.anchors if anchor.offset <= reach]
        self.anchors = self.anchors[max(len(usable) - 1, 0) :]
        return self.anchors[0]


class _Batch:
    """What a batch of records does to the counts and, once it is costed, to the sums."""

    def __init__(self, pipeline: Pipeline, counts: Counts) -> None:
        self.pipeline, self.index, self.watermark = pipeline, pipeline.index, pipeline.watermark
        self.counts = counts
        self.effects = Effects()
        self.rejected: list[Rejected] = []

    def take(self, event: CallVersion | Rejection, record: SourceRecord) -> None:
        """One event: a new call, a version of a known one, the same again, or none at all."""
        self.counts.received += 1
        if event.unknown_keys:
            self.counts.unknown_keys += event.unknown_keys
        if isinstance(event, Rejection):
            self._reject(event, record.offset)
            return
        ended_ms = event.fields.ended_ms
        if isinstance(ended_ms, int) and ended_ms > self.watermark.highest_ms and not _in_future(event.fields, record):
            self._observe(ended_ms)
        entry = self.index.get(event.call_id)
        if entry is None:
            if not self.index.is_ghost(event.call_id, record.offset):
                self._take_first(event, record)
        elif any(said.number == event.number for said in entry.versions):
            self.counts.duplicates += 1
            self.index.touch(event.call_id, entry, record.offset, self._life(event, record))
        else:
            self._take_further(event, entry, record)

    def _take_first(self, event: CallVersion, record: SourceRecord) -> None:
        call = complete(event.call_id, event.fields)
        if isinstance(call, Rejection):
            self._wait_or_reject(event, call, record)
            return
        fault = _in_future(call, record)
        ended_ms, now_ms = call.ended_ms, self.watermark.instant_ms
        if fault:
            self._reject(fault, record.offset)
        elif self.watermark.is_late(ended_ms) or ended_ms < self.index.floor_ms:
            call.first_of_contact = not self.index.has_earlier(call)
            self.effects.add_late(call)
        else:
            said = Said(event.number, record.offset, event.fields)
            changed = self.index.insert(call, said, ended_ms if ended_ms > now_ms else now_ms)
            if changed:
                self.effects.change(changed)
            self.effects.add_first(call)
            self._note_start(call)

    def _take_further(self, event: CallVersion, entry: Entry, record: SourceRecord) -> None:
        said = Said(event.number, record.offset, event.fields)
        call = entry.call_with(event.call_id, said)
        if event.number == 1 and isinstance(alone := complete(event.call_id, event.fields), Rejection):
            call = alone if alone.reason == "missing_field" else call
        if isinstance(call, Rejection):
            self.index.touch(event.call_id, entry, record.offset, self._life(event, record))
            if entry.is_complete:
                self._reject(call, record.offset)
            else:
                self._wait_or_reject(event, call, record)
            return
        if fault := _in_future(call, record):
            self.index.touch(event.call_id, entry, record.offset, self._life(event, record))
            self._reject(fault, record.offset)
            return
        before = entry.known(event.call_id) if entry.is_complete else None
        if before is None:
            self.counts.pending -= len(entry.versions)
        amended = 1 if before is not None else len(entry.versions)
        self.counts.amended += amended
        self.effects.change(self.index.amend(before, call, entry, said, self._life(event, record)))
        if before is None:
            self.effects.add_first(call)
        else:
            self.effects.change([(before, call)])
        self._note_start(call)

    def _wait_or_reject(self, event: CallVersion, fault: Rejection, record: SourceRecord) -> None:
        """A higher version that lacks only what another may say waits; version 1 must be complete."""
        if event.number > 1 and fault.reason == "missing_field":
            impossible = impossible_duration(event.fields) or _in_future(event.fields, record)
            if impossible is None:
                said = Said(event.number, record.offset, event.fields)
                self.index.wait(event.call_id, said, self._life(event, record))
                self.counts.pending += 1
                return
            fault = impossible
        self._reject(fault, record.offset)

    def _life(self, event: CallVersion, record: SourceRecord) -> int:
        """A call is remembered for a horizon after this: its end, and every record that tells of it."""
        ended_ms = event.fields.ended_ms
        if not isinstance(ended_ms, int) or _in_future(event.fields, record):
            return self.watermark.instant_ms
        return max(ended_ms, self.watermark.instant_ms)

    def _note_start(self, call: CompletedCall) -> None:
        if call.started_ms < self.pipeline.first_started_ms:
            self.pipeline.first_started_ms = call.started_ms

    def _observe(self, ended_ms: int) -> None:
        """Event time moves with every event that says when a call ended, whatever becomes of it."""
        if not self.watermark.has_begun:
            self.index.start(ended_ms - self.watermark.out_of_orderness_ms)
        self.watermark.highest_ms = ended_ms
        for expired in self.index.evict(self.watermark.instant_ms):
            self.expire(expired)

    def expire(self, expired: Expired) -> None:
        """Versions whose call never became complete."""
        self.counts.pending -= len(expired.offsets)
        for offset in expired.offsets:
            found = f"a version of call {expired.call_id} without the rest of it"
            self._reject(
                Rejection("unknown_call", "call_id", found, "a version that says when and how it went"), offset
            )

    def _reject(self, rejection: Rejection, offset: int) -> None:
        self.counts.reject(rejection.reason)
        self.rejected.append(Rejected(offset, rejection))


def _in_future(told: CompletedCall | CallFields, record: SourceRecord) -> Rejection | None:
    ended_ms = told.ended_ms
    if record.timestamp_ms is None or not isinstance(ended_ms, int) or ended_ms <= record.timestamp_ms + FUTURE_MS:
        return None
    ahead_s = (ended_ms - record.timestamp_ms) / 1000
    return Rejection(
        "ended_in_future", "ended_at", f"{ahead_s:.3f} s after the record's time", "at most 300 s after it"
    )
