"""The calls that may still be told again or amended: by call, by contact, and versions that wait for the rest.

Owns what is remembered of a call and for how long. It holds what calls said, never what they cost, so that a call
can be costed again. It is not part of a snapshot: it is made again by reading the source from `index_from` on.
Every decision depends on the records before it alone, never on how they were batched.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from consumer.core.calls import CompletedCall
from consumer.core.contacts import Contacts, Rank
from consumer.core.entries import Entry, Said, pack, unpack, unpack_times

_BUCKET_MS = 60_000  # calls expire by the minute


#: A call as it was and as it is, changed by what came of another one.
Change = tuple[CompletedCall, CompletedCall]


class Ghost(NamedTuple):
    """A call that was told of more than once and is forgotten: its later records must not be taken for a new call."""

    call_id: str
    first: int  # offset
    told: int  # offset


@dataclass(frozen=True, slots=True)
class Expired:
    """Versions that waited in vain for the rest of their call."""

    call_id: str
    offsets: tuple[int, ...]


@dataclass
class Index:
    """Entries by call id, packed, and the contacts that join them.

    A call is evicted by the minute of its life; `horizon_ms` None remembers for ever.
    """

    horizon_ms: int | None = None
    most_entries: int | None = None
    floor_ms: int = 0  # what ended before was evicted early, because of `most_entries`
    floor_before_ms: int = 0  # the floor before the first of `floors`
    floors: list[tuple[int, int]] = field(default_factory=list)  # (offset, floor_ms) of each such eviction
    _entries: dict[str, bytes] = field(default_factory=dict)
    _contacts: Contacts = field(init=False)
    _waiting: set[str] = field(default_factory=set)
    _amended: set[str] = field(default_factory=set)
    _buckets: dict[int, list[str]] = field(default_factory=dict)
    _bucket_heap: list[int] = field(default_factory=list)
    _least_origin: dict[int, int] = field(default_factory=dict)
    _replayed_floors: list[tuple[int, int]] | None = None
    ghosts: list[Ghost] = field(default_factory=list)
    _haunting: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._contacts = Contacts(self._rank_in)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, call_id: str) -> Entry | None:
        """What is remembered of a call."""
        packed = self._entries.get(call_id)
        return None if packed is None else unpack(packed)

    def calls(self) -> Iterator[CompletedCall]:
        """Every complete call, in the order of arrival."""
        for call_id, packed in self._entries.items():
            entry = unpack(packed)
            if entry.is_complete:
                yield entry.known(call_id)

    def seen(self) -> tuple[int | None, int | None]:
        """The first start and the last end of all complete calls."""
        first: int | None = None
        last: int | None = None
        for call_id, packed in self._entries.items():
            if call_id in self._amended or call_id in self._waiting:
                entry = unpack(packed)
                if not entry.is_complete:
                    continue
                call = entry.known(call_id)
                started, ended = call.started_ms, call.ended_ms
            else:
                started, ended = unpack_times(packed)
            first = started if first is None or started < first else first
            last = ended if last is None or ended > last else last
        return first, last

    def insert(self, call: CompletedCall, said: Said, life_ms: int) -> list[Change]:
        """Remember a new complete call and join it to its contact; returns other calls as they were and as they are."""
        call_id, contact_id = call.call_id, call.contact_id
        entry = Entry([said], True, True, life_ms, said.offset, said.offset)
        has_own_contact = contact_id == call_id
        changed = [] if has_own_contact and contact_id not in self._contacts else self._join(call, entry)
        call.first_of_contact = entry.first_of_contact
        if self.horizon_ms is not None:
            self._put(call_id, entry)
        self._entries[call_id] = pack(entry)
        return changed

    def wait(self, call_id: str, said: Said, life_ms: int) -> None:
        """Remember a version of a call that is not complete yet."""
        entry = self.get(call_id)
        if entry is None:
            entry = Entry([said], False, False, life_ms, said.offset, said.offset)
            if self.horizon_ms is not None:
                self._put(call_id, entry)
        else:
            entry.versions.append(said)
            self._live_on(call_id, entry, said.offset, life_ms)
        self._waiting.add(call_id)
        self._entries[call_id] = pack(entry)

    def touch(self, call_id: str, entry: Entry, offset: int, life_ms: int) -> None:
        """A record told of a call and changed nothing: it is remembered for as long as one that did."""
        if self.horizon_ms is not None:
            self._amended.add(call_id)
            self._live_on(call_id, entry, offset, life_ms)
            self._entries[call_id] = pack(entry)

    def amend(
        self, before: CompletedCall | None, call: CompletedCall, entry: Entry, said: Said, life_ms: int
    ) -> list[Change]:
        """Remember one more version; `before` is the call without it, None if it was waiting.

        Sets call.first_of_contact; returns other calls as they were and as they are.
        """
        call_id = call.call_id
        entry.versions.append(said)
        entry.is_complete = True
        self._waiting.discard(call_id)
        self._amended.add(call_id)
        self._live_on(call_id, entry, said.offset, life_ms)
        changed: list[Change] = []
        if before is None or (before.contact_id, before.started_ms) != (call.contact_id, call.started_ms):
            self._entries[call_id] = pack(entry)  # from here on its rank in the old contact is stale
            if before is not None:
                changed += self._leave(before, entry)
            entry.first_of_contact = True
            changed += self._join(call, entry)
            self._note_origin(entry)
        call.first_of_contact = entry.first_of_contact
        self._entries[call_id] = pack(entry)
        return changed

    def _rank_in(self, call_id: str, contact_id: str) -> Rank | None:
        entry = self.get(call_id)
        if entry is None or not entry.is_complete:
            return None
        call = entry.known(call_id)
        return _rank(call) if call.contact_id == contact_id else None

    def has_earlier(self, call: CompletedCall) -> bool:
        """Whether the contact of a call that is not remembered itself has an earlier call that is."""
        least = self._contacts.least(call.contact_id, but=call.call_id)
        return least is not None and least < _rank(call)

    def _join(self, call: CompletedCall, entry: Entry) -> list[Change]:
        """Decide which call of the contact is its first, now that `call` is one of them."""
        contact_id, changed = call.contact_id, []
        if contact_id in self._contacts or (contact_id != call.call_id and contact_id in self._entries):
            least = self._contacts.least(contact_id, but=call.call_id)
            rival = None if least is None else self.get(least[1])
            if least is not None and rival is not None:
                if least < _rank(call):
                    entry.first_of_contact = False
                    entry.origin = min(entry.origin, rival.offset)
                elif rival.first_of_contact:
                    changed.append(self._set_first(least[1], rival, False, entry.offset))
        if contact_id != call.call_id:
            self._contacts.add(contact_id, _rank(call))
        return changed

    def _leave(self, call: CompletedCall, entry: Entry) -> list[Change]:
        """A call is no longer of this contact, or not at this rank; if it was the first, the next one is."""
        least = self._contacts.least(call.contact_id, but=call.call_id)
        for call_id in self._contacts.listed(call.contact_id, but=call.call_id):
            member = self.get(call_id)
            if member is not None and entry.origin < member.origin:  # which of them is the first depends on it
                member.origin = entry.origin
                self._note_origin(member)
                self._entries[call_id] = pack(member)
        self._contacts.forget(call.contact_id, call.call_id)
        heir = None if least is None else self.get(least[1])
        if least is None or heir is None or not entry.first_of_contact:
            return []
        return [self._set_first(least[1], heir, True, entry.origin)]

    def _set_first(self, call_id: str, entry: Entry, first: bool, because_of: int) -> Change:
        before = entry.known(call_id)
        entry.first_of_contact = first
        entry.origin = min(entry.origin, because_of)
        self._note_origin(entry)
        self._entries[call_id] = pack(entry)
        return before, entry.known(call_id)

    # How long entries live.

    def start(self, watermark_ms: int) -> None:
        """Event time has begun: what waited before any call had come lives from here on."""
        for call_id in sorted(self._waiting):
            entry = self.get(call_id)
            if entry is not None:
                self._live_on(call_id, entry, entry.told, watermark_ms)
                self._entries[call_id] = pack(entry)

    def _put(self, call_id: str, entry: Entry) -> None:
        bucket = entry.life_ms // _BUCKET_MS
        items = self._buckets.get(bucket)
        if items is None:
            self._buckets[bucket] = [call_id]
            self._least_origin[bucket] = entry.origin
            heapq.heappush(self._bucket_heap, bucket)
        else:
            items.append(call_id)
            if entry.origin < self._least_origin[bucket]:
                self._least_origin[bucket] = entry.origin

    def _note_origin(self, entry: Entry) -> None:
        if self.horizon_ms is not None:
            bucket = entry.life_ms // _BUCKET_MS
            self._least_origin[bucket] = min(entry.origin, self._least_origin[bucket])

    def _live_on(self, call_id: str, entry: Entry, told: int, life_ms: int) -> None:
        """A record told of a call: it may live longer. Where it stood before it is passed over when its turn comes."""
        bucket = entry.life_ms // _BUCKET_MS
        entry.life_ms, entry.told = max(entry.life_ms, life_ms), told
        if self.horizon_ms is not None and entry.life_ms // _BUCKET_MS > bucket:
            self._put(call_id, entry)

    def evict(self, watermark_ms: int) -> list[Expired]:
        """Forget what is a horizon behind the watermark; returns versions that waited in vain."""
        if self.horizon_ms is None or not self._bucket_heap:
            return []
        bucket = (watermark_ms - self.horizon_ms) // _BUCKET_MS
        return self._evict_before(bucket) if self._bucket_heap[0] < bucket else []

    @property
    def is_over_bound(self) -> bool:
        """Whether there is anything for `bound` to do."""
        return bool(self._replayed_floors) or (self.most_entries is not None and len(self._entries) > self.most_entries)

    def bound(self, offset: int) -> list[Expired]:
        """Keep to `most_entries`: forget the oldest minute when there are more, and note that this was early."""
        expired: list[Expired] = []
        if self._replayed_floors is not None:
            while self._replayed_floors and self._replayed_floors[0][0] <= offset:
                expired += self._raise_floor(*self._replayed_floors.pop(0))
            return expired
        while self.most_entries is not None and len(self._entries) > self.most_entries and len(self._bucket_heap) > 1:
            expired += self._raise_floor(offset, (self._bucket_heap[0] + 1) * _BUCKET_MS)
        return expired

    def _raise_floor(self, offset: int, floor_ms: int) -> list[Expired]:
        self.floor_ms = floor_ms
        self.floors.append((offset, floor_ms))
        return self._evict_before(floor_ms // _BUCKET_MS)

    def begin_again(self, floor_before_ms: int, floors: list[tuple[int, int]], ghosts: list[Ghost]) -> None:
        """The index is made again: forget early what was forgotten early the first time, and pass ghosts over."""
        self.floor_ms = self.floor_before_ms = floor_before_ms
        self._replayed_floors = list(floors)
        self.ghosts, self._haunting = list(ghosts), {ghost.call_id: ghost.told for ghost in ghosts}

    def is_made_again(self) -> None:
        """From here on records are new."""
        self._replayed_floors = None
        self._haunting = {}

    def _evict_before(self, bucket: int) -> list[Expired]:
        expired: list[Expired] = []
        while self._bucket_heap and self._bucket_heap[0] < bucket:
            oldest = heapq.heappop(self._bucket_heap)
            self._least_origin.pop(oldest, None)
            for call_id in self._buckets.pop(oldest):
                expired += self._forget(call_id, oldest)
        return expired

    def _forget(self, call_id: str, bucket: int) -> list[Expired]:
        expired, contact_id = [], call_id
        if call_id in self._amended or call_id in self._waiting or self._contacts:
            entry = self.get(call_id)
            if entry is None or entry.life_ms // _BUCKET_MS > bucket:
                return []  # it lives in a later bucket, or was forgotten already
            if entry.told > entry.offset:
                self.ghosts.append(Ghost(call_id, entry.offset, entry.told))
            if entry.is_complete:
                contact_id = entry.contact_id(call_id)
            else:
                expired.append(Expired(call_id, tuple(said.offset for said in entry.versions)))
            self._amended.discard(call_id)
            self._waiting.discard(call_id)
        self._entries.pop(call_id, None)
        if contact_id != call_id:
            self._contacts.forget(contact_id, call_id)
        return expired

    @property
    def is_haunted(self) -> bool:
        """Whether the index is being made again and there are ghosts."""
        return bool(self._haunting)

    def is_ghost(self, call_id: str, offset: int) -> bool:
        """Whether a record that is read again told of a call that was forgotten since, and began before."""
        return self._haunting.get(call_id, -1) >= offset

    def crossing(self, index_from: int) -> list[Ghost]:
        """The ghosts of an index made again from there: forgotten calls that began before and were told of after it."""
        self.ghosts = [ghost for ghost in self.ghosts if ghost.told >= index_from]
        return sorted(ghost for ghost in self.ghosts if ghost.first < index_from)

    def give_up_waiting(self) -> list[Expired]:
        """Forget all versions that wait: the end of a replay."""
        expired = []
        for call_id in sorted(self._waiting):
            entry = self.get(call_id)
            if entry is not None:
                expired.append(Expired(call_id, tuple(said.offset for said in entry.versions)))
                del self._entries[call_id]
        self._waiting.clear()
        return expired

    def least_origin(self) -> int | None:
        """The least offset that anything remembered depends on."""
        return min(self._least_origin.values(), default=None)


def _rank(call: CompletedCall) -> tuple[int, str]:
    """Of a contact's calls the first is the least (started_at, call_id)."""
    return call.started_ms, call.call_id
