"""What is wrong with an event by itself: whoever sees no other event says what the fold will say."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calls import CallVersion, Rejection, SourceRecord
from consumer.core.instants import MINUTE_MS, format_ms
from consumer.core.intake import fault_alone
from consumer.core.replay import Replay
from consumer.platforms.canonical import decode
from tests.core.streams import NOON
from tests.tables import centre

#: Seconds before and after the record was taken: some ahead of it by more than 300, some further apart than a week.
_moments = st.sampled_from([-700_000, -120, -60, -30, 0, 301]).map(lambda s: format_ms(NOON + s * 1000))
_seconds = st.sampled_from([-1, 0, 45, 604_801])

#: A call that rings for 10 s and is talked for 50 s, of which its platform counts 5.
WHOLE = {
    "call_id": "a", "direction": "inbound", "disposition": "answered", "talk_s": 5,
    "started_at": format_ms(NOON - MINUTE_MS), "answered_at": format_ms(NOON - 50_000), "ended_at": format_ms(NOON),
}  # fmt: skip


@st.composite
def told(draw: st.DrawFn) -> dict[str, Any]:
    """A version of call a: whole or in part, possible or not."""
    disposition = st.sampled_from(["answered", "abandoned"])
    fields = {"started_at": _moments, "ended_at": _moments, "disposition": disposition, "direction": st.just("inbound")}
    others = {"answered_at": _moments, "connected_at": _moments, "talk_s": _seconds, "hold_s": _seconds}
    left_out = draw(st.sampled_from(["", "", "", *fields]))
    said = {name: draw(of) for name, of in fields.items() if name != left_out}
    return {"call_id": "a", **said, **{name: draw(of) for name, of in others.items() if draw(st.booleans())}}


def record(offset: int, said: dict[str, Any]) -> SourceRecord:
    return SourceRecord(offset, msgspec.json.encode(said), timestamp_ms=NOON)


def alone(said: dict[str, Any]) -> Rejection | None:
    (event,) = decode(record(0, said))
    assert isinstance(event, CallVersion)
    return fault_alone(event, record(0, said))


def rejected(*stream: dict[str, Any]) -> list[Rejection]:
    replay = Replay.of(centre(), decode)
    return [one.rejection for one in replay.pipeline.feed([record(offset, said) for offset, said in enumerate(stream)])]


@given(told())
def test_the_fold_rejects_a_first_version_for_what_it_shows_alone_and_for_nothing_else(said: dict[str, Any]) -> None:
    fault = alone(said)
    assert rejected(said) == ([] if fault is None else [fault])


@given(told())
def test_what_a_higher_version_shows_alone_no_lower_one_mends(said: dict[str, Any]) -> None:
    """Beside a call that is known it may be rejected for another of its faults, but it is rejected."""
    further = said | {"version": 2}
    fault = alone(further)
    if fault is not None:
        assert rejected(further) == [fault]
        assert len(rejected(WHOLE, further)) == 1


def test_what_a_lower_version_says_of_the_talk_mends_a_hold_longer_than_the_conversation() -> None:
    """50 s of conversation with 60 s on hold: -10 s of talk, unless the talk is told."""
    further = {name: value for name, value in WHOLE.items() if name != "talk_s"} | {"version": 2, "hold_s": 60}
    assert alone(further) is None
    assert rejected(WHOLE, further) == []
    assert [(one.reason, one.field) for one in rejected(further)] == [("negative_duration", "talk_s")]
