"""The first call of a contact, whatever is added, amended and forgotten."""

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.contacts import Contacts, Rank

CALLS = ("a", "b", "c", "d", "e")
#: A contact is named by one of its calls, or by something of its own.
CONTACTS = ("a", "b", "room")


class Index:
    """The calls that are remembered, kept in step with Contacts as the fold does."""

    def __init__(self) -> None:
        self.calls: dict[str, tuple[str, int]] = {}  # call_id -> contact_id, started_ms
        self.contacts = Contacts(self.rank_of)

    def rank_of(self, call_id: str, contact_id: str) -> Rank | None:
        contact, started_ms = self.calls.get(call_id, (None, 0))
        return (started_ms, call_id) if contact == contact_id else None

    def put(self, call_id: str, contact_id: str, started_ms: int) -> None:
        """A new call, or an amendment that may move it in time or to another contact."""
        before = self.calls.get(call_id)
        self.calls[call_id] = (contact_id, started_ms)
        if contact_id != call_id and before != (contact_id, started_ms):
            self.contacts.add(contact_id, (started_ms, call_id))

    def forget(self, call_id: str) -> None:
        contact_id, _ = self.calls.pop(call_id)
        self.contacts.forget(contact_id, call_id)

    def least(self, contact_id: str, but: str) -> Rank | None:
        """What Contacts should say, by a look at every call."""
        ranks = (self.rank_of(call_id, contact_id) for call_id in self.calls if call_id != but)
        return min((rank for rank in ranks if rank is not None), default=None)


def test_a_contact_that_nobody_knows_has_no_first_call() -> None:
    assert Index().contacts.least("room", "") is None


def test_the_first_call_of_a_contact_is_the_earliest() -> None:
    index = Index()
    for call_id, started_ms in (("c", 30), ("a", 10), ("b", 20)):
        index.put(call_id, "room", started_ms)
    assert index.contacts.least("room", "") == (10, "a")
    assert index.contacts.least("room", "a") == (20, "b")
    assert index.contacts.least("room", "") == (10, "a")  # it was left out only for once


def test_of_calls_that_start_together_the_least_id_is_first() -> None:
    index = Index()
    for call_id in ("c", "b", "d"):
        index.put(call_id, "room", 10)
    assert index.contacts.least("room", "") == (10, "b")


def test_the_call_that_gives_the_contact_its_name_counts_without_being_listed() -> None:
    index = Index()
    index.put("a", "a", 10)
    index.put("b", "a", 5)
    assert "a" in index.contacts
    assert index.contacts.least("a", "") == (5, "b")
    assert index.contacts.least("a", "b") == (10, "a")


def test_a_call_of_its_own_contact_alone_is_not_listed() -> None:
    index = Index()
    index.put("a", "a", 10)
    assert "a" not in index.contacts
    assert index.contacts.least("a", "") == (10, "a")


def test_an_amendment_that_moves_a_call_makes_its_old_rank_stale() -> None:
    index = Index()
    index.put("a", "room", 10)
    index.put("b", "room", 20)
    index.put("a", "room", 30)
    assert index.contacts.least("room", "") == (20, "b")
    index.put("b", "other", 20)
    assert index.contacts.least("room", "") == (30, "a")
    assert index.contacts.least("other", "") == (20, "b")


def test_a_contact_is_dropped_with_its_last_call() -> None:
    index = Index()
    index.put("a", "room", 10)
    index.put("b", "room", 20)
    index.forget("a")
    assert "room" in index.contacts
    index.forget("b")
    assert "room" not in index.contacts


def test_the_calls_of_a_contact_are_listed_without_one() -> None:
    index = Index()
    for call_id, started_ms in (("a", 10), ("b", 20), ("c", 30)):
        index.put(call_id, "a", started_ms)
    assert sorted(index.contacts.listed("a", "b")) == ["a", "c"]


puts = st.tuples(st.sampled_from(CALLS), st.sampled_from(CONTACTS), st.integers(0, 4))
forgets = st.sampled_from(CALLS)
questions = st.tuples(st.sampled_from(CONTACTS), st.sampled_from(("", *CALLS)))


@given(st.lists(st.one_of(puts, forgets, questions), max_size=60))
@settings(max_examples=500)
def test_after_any_history_the_first_call_is_that_of_a_look_at_every_call(history: list) -> None:
    index = Index()
    for step in history:
        if isinstance(step, str):
            if step in index.calls:
                index.forget(step)
        elif len(step) == 3:
            index.put(*step)
        else:
            assert index.contacts.least(*step) == index.least(*step)
    for contact_id in CONTACTS:
        for but in ("", *CALLS):
            assert index.contacts.least(contact_id, but) == index.least(contact_id, but)
