"""Events taken in, one after the other: new calls, versions of known ones, the same again, or none at all.

Owns what becomes of an event: it decides by the index and by event time, and counts it. What its call costs is
somebody else's business; it only says which calls are to be added, and which taken back.
"""

from dataclasses import dataclass

from consumer.core.calls import (
    CallFields,
    CallVersion,
    CompletedCall,
    Rejection,
    SourceRecord,
    complete,
    impossible_duration,
)  # fmt: skip
from consumer.core.counts import Counts
from consumer.core.durations import in_words
from consumer.core.effects import Effects
from consumer.core.entries import Entry, Said
from consumer.core.index import Expired, Index
from consumer.core.slices import FUTURE_MS
from consumer.core.watermark import Watermark

NEVER_STARTED_MS, NEVER_ENDED_MS = 1 << 62, -(1 << 62)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected event and the record it came in: what a dead letter is made of."""

    offset: int
    rejection: Rejection


class Intake:
    """What a batch of records does to the counts and, once it is costed, to the sums."""

    def __init__(self, index: Index, watermark: Watermark, counts: Counts) -> None:
        self.index, self.watermark, self.counts = index, watermark, counts
        self.first_started_ms = NEVER_STARTED_MS  # the least start and the last end of the calls that were accepted
        self.last_ended_ms = NEVER_ENDED_MS
        self._now_ms, self._late_before_ms = watermark.instant_ms, watermark.late_before_ms
        self.effects = Effects(self._now_ms)
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
        if type(ended_ms) is int and ended_ms > self.watermark.highest_ms and not _in_future(event.fields, record):
            self._observe(ended_ms)
        entry = self.index.get(event.call_id)
        if entry is None:
            if not self.index.is_haunted or not self.index.is_ghost(event.call_id, record.offset):
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
        ended_ms = call.ended_ms
        if fault := _in_future(call, record):
            self._reject(fault, record.offset)
        elif ended_ms < self._late_before_ms or ended_ms < self.index.floor_ms:
            call.first_of_contact = not self.index.has_earlier(call)
            self.effects.add_late(call)
        else:
            said = Said(event.number, record.offset, event.fields)
            changed = self.index.insert(call, said, ended_ms if ended_ms > self._now_ms else self._now_ms)
            if changed:
                self.effects.change(changed)
            self.effects.add_first(call)
            self._note_times(call)

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
        self._note_times(call)

    def _wait_or_reject(self, event: CallVersion, fault: Rejection, record: SourceRecord) -> None:
        """A higher version that lacks only what another may say waits; version 1 must be complete."""
        lasting = _lasting(fault, event, record)
        if lasting is None:
            said = Said(event.number, record.offset, event.fields)
            self.index.wait(event.call_id, said, self._life(event, record))
            self.counts.pending += 1
            return
        self._reject(lasting, record.offset)

    def _life(self, event: CallVersion, record: SourceRecord) -> int:
        """A call is remembered for a horizon after this: its end, and every record that tells of it."""
        ended_ms = event.fields.ended_ms
        if not isinstance(ended_ms, int) or _in_future(event.fields, record):
            return self.watermark.instant_ms
        return max(ended_ms, self.watermark.instant_ms)

    def _note_times(self, call: CompletedCall) -> None:
        if call.started_ms < self.first_started_ms:
            self.first_started_ms = call.started_ms
        if call.ended_ms > self.last_ended_ms:
            self.last_ended_ms = call.ended_ms

    def _observe(self, ended_ms: int) -> None:
        """Event time moves with every event that says when a call ended, whatever becomes of it."""
        if not self.watermark.has_begun:
            self.index.start(ended_ms - self.watermark.out_of_orderness_ms)
        self.watermark.highest_ms = ended_ms
        self._now_ms, self._late_before_ms = self.watermark.instant_ms, self.watermark.late_before_ms
        self.effects.now_ms = self._now_ms
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


def fault_alone(event: CallVersion, record: SourceRecord) -> Rejection | None:
    """What is wrong with an event by itself, for those who see no other: the fold rejects it for the same reason.

    None also where a lower version may mend it: of a higher one that lacks a field, or whose hold is longer than
    its conversation, unless it states `talk_s`. An event with a fault is counted all the same where a higher version
    came earlier and says otherwise, or where its version is known already.
    """
    call = complete(event.call_id, event.fields)
    if not isinstance(call, Rejection):
        return _in_future(call, record)
    is_default_talk = call.field == "talk_s" and not isinstance(event.fields.talk_ms, int)
    if event.number > 1 and is_default_talk:
        return _in_future(event.fields, record)
    return _lasting(call, event, record)


def _lasting(fault: Rejection, event: CallVersion, record: SourceRecord) -> Rejection | None:
    """What no other version can mend of an event that makes no call; None where a higher one only lacks a field."""
    if event.number == 1 or fault.reason != "missing_field":
        return fault
    return impossible_duration(event.fields) or _in_future(event.fields, record)


def _in_future(told: CompletedCall | CallFields, record: SourceRecord) -> Rejection | None:
    ended_ms = told.ended_ms
    if record.timestamp_ms is None or not isinstance(ended_ms, int) or ended_ms <= record.timestamp_ms + FUTURE_MS:
        return None
    found = f"{in_words(ended_ms - record.timestamp_ms)} after the record's time"
    return Rejection("ended_in_future", "ended_at", found, "at most 5 min after it")
