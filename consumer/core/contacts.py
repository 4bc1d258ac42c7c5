"""Which of a contact's remembered calls is its first: the least (started_at, call_id).

Owns the order of calls inside contacts, at a cost that does not grow with them (a careless emitter gives all its
calls one contact id). Knows no version and no offset; it asks the index who is still remembered.
"""

import heapq
from collections.abc import Callable

Rank = tuple[int, str]  # started_ms, call_id


class Contacts:
    """Ranks of calls by contact id. A call that is its own contact is not listed: its entry says so.

    `rank_of(call_id, contact_id)` is the rank of a remembered call of that contact, else None; a listed rank that
    no longer agrees with it is stale and passed over.
    """

    def __init__(self, rank_of: Callable[[str, str], Rank | None]) -> None:
        self._rank_of = rank_of
        self._listed: dict[str, str | list[Rank]] = {}  # one call by its id alone: most contacts have one

    def __len__(self) -> int:
        return len(self._listed)

    def __contains__(self, contact_id: str) -> bool:
        return contact_id in self._listed

    def add(self, contact_id: str, rank: Rank) -> None:
        """List a call that is not its own contact."""
        listed = self._listed.get(contact_id)
        if listed is None:
            self._listed[contact_id] = rank[1]
            return
        if isinstance(listed, str):
            only = self._rank_of(listed, contact_id)
            listed = self._listed[contact_id] = [] if only is None else [only]
        if rank not in listed[:1]:
            heapq.heappush(listed, rank)

    def least(self, contact_id: str, but: str) -> Rank | None:
        """The first of the contact's remembered calls, leaving one out of account."""
        own = self._rank_of(contact_id, contact_id) if contact_id != but else None
        listed = self._listed.get(contact_id)
        if isinstance(listed, str):
            other = self._rank_of(listed, contact_id) if listed != but else None
        else:
            other = self._top(contact_id, listed, but) if listed else None
        return min((rank for rank in (own, other) if rank is not None), default=None)

    def _top(self, contact_id: str, listed: list[Rank], but: str) -> Rank | None:
        left_out = None
        while listed and (listed[0][1] == but or self._rank_of(listed[0][1], contact_id) != listed[0]):
            rank = heapq.heappop(listed)
            if rank[1] == but and self._rank_of(but, contact_id) == rank:
                left_out = rank
        top = listed[0] if listed else None
        if left_out is not None:
            heapq.heappush(listed, left_out)
        return top

    def listed(self, contact_id: str, but: str) -> list[str]:
        """The calls of a contact as far as they are listed, without one; some may be stale."""
        listed = self._listed.get(contact_id, ())
        found = [listed] if isinstance(listed, str) else [call_id for _, call_id in listed]
        return [call_id for call_id in (contact_id, *found) if call_id != but]

    def forget(self, contact_id: str, call_id: str) -> None:
        """Drop a call that is not remembered any more, and the contact with its last call."""
        listed = self._listed.get(contact_id)
        if listed == call_id or (isinstance(listed, list) and self._top(contact_id, listed, call_id) is None):
            del self._listed[contact_id]
