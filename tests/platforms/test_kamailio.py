"""Records as a proxy posts them. Its clock starts at 2026-11-23T10:00:00Z, which is 1 795 428 000 s."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calls import CallVersion, CompletedCall, Decoder, Rejection, SourceRecord, complete, merge
from consumer.platforms.direction import DirectionRule
from consumer.platforms.kamailio import kamailio

DECODE = kamailio()
START_MS = 1_795_428_000_000

#: Rang for 4 s, answered after 5 s, lasted 61.25 s from then. acc's start is the ACK here.
ANSWERED = {
    "start_time": "1795428005.010", "end_time": "1795428066.250", "duration": "61.240",
    "cdr_id": "7f0c9a54-0000-4000-8000-000000000001", "callid": "aa11@192.0.2.10", "from_tag": "f1", "to_tag": "t1",
    "from_uri": "sip:2104@pbx.example", "to_uri": "sip:+302310555666@proxy.example", "from_user": "2104",
    "to_user": "+302310555666", "direction": "outbound", "trunk": "carrier-a", "src_ip": "192.0.2.10",
    "dst": "192.0.2.20:5060", "invite_time": "1795428000.000", "ring_time": "1795428001.000",
    "answer_time": "1795428005.000", "hangup_time": "1795428066.250", "sip_code": "200", "sip_reason": "OK",
    "ended_by": "caller",
}  # fmt: skip
FAILED = {"start_time": "1795428000.000", "end_time": "1795428000.000", "duration": "0", "answer_time": ""}
EXTRAS = ("cdr_id", "invite_time", "ring_time", "answer_time", "hangup_time", "sip_code", "sip_reason", "ended_by")

INVITE = {
    "time": 1795428005.000999, "method": "INVITE", "from_tag": "f1", "to_tag": "t1", "callid": "aa11@192.0.2.10",
    "sip_code": "200", "sip_reason": "OK", "from_uri": "sip:2104@pbx.example",
    "to_uri": "sip:+302310555666@proxy.example",
}  # fmt: skip
#: The callee hung up: tags and URIs have changed places.
BYE = INVITE | {
    "time": 1795428066.25, "method": "BYE", "from_tag": "t1", "to_tag": "f1",
    "from_uri": "sip:+302310555666@proxy.example", "to_uri": "sip:2104@pbx.example",
}  # fmt: skip


def without(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


def event_of(record: Any, decode: Decoder = DECODE) -> CallVersion | Rejection:
    (event,) = decode(SourceRecord(0, json.dumps(record).encode()))
    return event


def version_of(record: Any, decode: Decoder = DECODE) -> CallVersion:
    version = event_of(record, decode)
    assert isinstance(version, CallVersion), version
    return version


def call_of(record: Any) -> CompletedCall:
    version = version_of(record)
    call = complete(version.call_id, version.fields)
    assert isinstance(call, CompletedCall), call
    return call


def rejection_of(record: Any) -> Rejection:
    rejection = event_of(record)
    assert isinstance(rejection, Rejection), rejection
    return rejection


# Dialogs.


def test_answered_dialog_is_version_1_of_a_whole_call() -> None:
    assert version_of(ANSWERED).number == 1
    assert version_of(ANSWERED).unknown_keys == 0
    call = call_of(ANSWERED)
    assert (call.call_id, call.contact_id) == (ANSWERED["cdr_id"], "aa11@192.0.2.10")
    assert (call.direction, call.disposition, call.trunk, call.platform) == (
        "outbound", "answered", "carrier-a", "kamailio",
    )  # fmt: skip
    assert (call.from_number, call.to_number) == ("2104", "+302310555666")
    assert (call.started_ms, call.ended_ms) == (START_MS, START_MS + 66_250)
    assert (call.talk_ms, call.billable_ms, call.wait_ms) == (61_250, 61_250, 0)


def test_what_acc_calls_the_start_makes_no_difference() -> None:
    """With cdr_start_on_confirmed=0 acc's own times include ringing."""
    from_invite = ANSWERED | {"start_time": "1795428000.000", "duration": "66.250"}
    assert call_of(from_invite) == call_of(ANSWERED)


@pytest.mark.parametrize(
    ("sip_code", "disposition"),
    [
        ("486", "busy"), ("600", "busy"), ("408", "no_answer"), ("480", "no_answer"), ("487", "abandoned"),
        ("404", "failed"), ("503", "failed"), ("", "failed"),
    ],
)  # fmt: skip
def test_failed_dialog_ends_at_its_hangup(sip_code: str, disposition: str) -> None:
    """acc's end_time of a failed call is its start."""
    call = call_of(ANSWERED | FAILED | {"sip_code": sip_code, "hangup_time": "1795428009.500"})
    assert (call.disposition, call.ended_ms - call.started_ms) == (disposition, 9_500)
    assert (call.talk_ms, call.billable_ms) == (0, 0)


def test_call_without_a_bye_lasts_to_the_dialogs_limit() -> None:
    assert call_of(ANSWERED | {"ended_by": "timeout"}).talk_ms == 61_250


def test_trunk_none_is_no_trunk() -> None:
    assert call_of(ANSWERED | {"trunk": "none", "direction": "internal"}).trunk is None
    assert call_of(ANSWERED | {"trunk": ""}).trunk is None


def test_without_cdr_id_the_dialog_is_the_call() -> None:
    assert call_of(without(ANSWERED, "cdr_id")).call_id == "aa11@192.0.2.10/f1/t1"
    assert call_of(ANSWERED | {"cdr_id": "", "to_tag": ""}).call_id == "aa11@192.0.2.10/f1"


def test_missing_direction_follows_from_the_numbers() -> None:
    """One version of the numbers is in from_user and to_user, the other in the URIs."""
    assert call_of(ANSWERED | {"direction": ""}).direction == "outbound"
    by_uri = without(ANSWERED, "direction", "from_user", "to_user")
    assert call_of(by_uri).direction == "outbound"
    assert (
        call_of(by_uri | {"from_uri": "tel:+302310555666;phone-context=x", "to_uri": "sip:2104@x"}).direction
        == "inbound"
    )
    rule = DirectionRule(longest_extension=3)
    assert version_of(without(ANSWERED, "direction"), kamailio(rule)).fields.direction == "internal"


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:2104@pbx.example", "2104"),
        ("SIPS:+302310555666;npdi@proxy.example:5061;user=phone", "+302310555666"),
        ("sip:2104:secret@pbx.example", "2104"),
        ("sip:%2B302310555666@proxy.example", "+302310555666"),
        ("tel:+302310555666;ext=1", "+302310555666"),
        ("sip:proxy.example", None),
        ("", None),
    ],
)
def test_number_is_the_user_of_the_uri(uri: str, number: str | None) -> None:
    assert call_of(without(ANSWERED, "from_user") | {"from_uri": uri}).from_number == number


def test_plain_dialog_counts_from_accs_start() -> None:
    version = version_of(without(ANSWERED, *EXTRAS))
    call = call_of(without(ANSWERED, *EXTRAS))
    assert (version.number, call.call_id) == (1, "aa11@192.0.2.10/f1/t1")
    assert (call.started_ms, call.ended_ms) == (START_MS + 5_010, START_MS + 66_250)
    assert (call.disposition, call.talk_ms, call.billable_ms) == ("answered", 61_240, 61_240)


def test_plain_dialog_of_no_length_failed() -> None:
    plain = without(ANSWERED | FAILED, *EXTRAS)
    assert (call_of(plain).disposition, call_of(plain).billable_ms) == ("failed", 0)
    assert call_of(plain | {"sip_code": "486"}).disposition == "busy"


def test_instants_are_cut_and_durations_rounded_exactly() -> None:
    """0.0009999 s of an instant is no ms yet; 1795428066.2509999 has no exact float."""
    fine = ANSWERED | {"invite_time": "1795428000.0009999", "hangup_time": "1795428066.25099999999999999999999999999"}
    assert version_of(fine).fields.started_ms == START_MS
    assert version_of(fine).fields.ended_ms == START_MS + 66_250
    plain = without(ANSWERED, *EXTRAS) | {"start_time": 1795428005, "duration": "61.2405"}
    assert version_of(plain).fields.started_ms == START_MS + 5_000
    assert version_of(plain).fields.billable_ms == 61_241


# Transactions.


def test_invite_and_bye_are_versions_2_and_3_of_one_call() -> None:
    invite, bye = version_of(INVITE), version_of(BYE)
    assert (invite.call_id, invite.number) == ("aa11@192.0.2.10", 2)
    assert (bye.call_id, bye.number) == ("aa11@192.0.2.10", 3)
    merged = merge([(bye.number, bye.fields), (invite.number, invite.fields)])
    call = complete(invite.call_id, merged)
    assert isinstance(call, CompletedCall)
    assert (call.direction, call.from_number, call.to_number) == ("outbound", "2104", "+302310555666")
    # .000999 is cut to the ms: 66.250 - 5.000
    assert (call.disposition, call.started_ms, call.talk_ms) == ("answered", START_MS + 5_000, 61_250)


def test_answered_invite_alone_waits_for_its_end() -> None:
    invite = version_of(INVITE)
    call = complete(invite.call_id, invite.fields)
    assert isinstance(call, Rejection)
    assert (call.reason, call.field) == ("missing_field", "ended_at")


def test_refused_invite_is_a_whole_missed_call() -> None:
    assert version_of(INVITE | {"sip_code": "486"}).number == 2
    call = call_of(INVITE | {"sip_code": "486"})
    assert (call.disposition, call.started_ms, call.ended_ms) == ("busy", START_MS + 5_000, START_MS + 5_000)


def test_call_is_over_whatever_the_answer_to_its_bye() -> None:
    assert version_of(BYE | {"sip_code": "481"}).fields.ended_ms == START_MS + 66_250


# What comes in.


def test_array_holds_an_event_each() -> None:
    busy = INVITE | {"sip_code": "486"}
    events = DECODE(SourceRecord(0, json.dumps([ANSWERED, busy, 7]).encode()))
    assert [type(event) for event in events] == [CallVersion, CallVersion, Rejection]
    assert DECODE(SourceRecord(0, b"[]")) == ()
    assert DECODE(SourceRecord(0, None)) == ()


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b'{"callid": "\\ud800"}', b"[" * 5_000, b"1" * 6_000])
def test_bytes_that_are_no_json_are_rejected(value: bytes) -> None:
    (rejection,) = DECODE(SourceRecord(0, value))
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "bad_json"


@pytest.mark.parametrize(
    ("value", "found"), [("text", "a string"), (None, "null"), (1.5, "a number"), (True, "a boolean")]
)
def test_other_json_is_no_record(value: Any, found: str) -> None:
    rejection = rejection_of(value)
    assert (rejection.reason, rejection.found) == ("not_an_object", found)


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        ({}, "missing_field", "callid"),
        (without(ANSWERED, "callid"), "missing_field", "callid"),
        (ANSWERED | {"hangup_time": "", "trunk": 1}, "missing_field", "hangup_time"),
        (ANSWERED | {"invite_time": None}, "missing_field", "invite_time"),
        (ANSWERED | {"trunk": 1, "direction": "up"}, "wrong_type", "trunk"),
        (ANSWERED | {"invite_time": True}, "wrong_type", "invite_time"),
        (ANSWERED | {"hangup_time": []}, "wrong_type", "hangup_time"),
        (without(ANSWERED, *EXTRAS) | {"duration": "long"}, "wrong_type", "duration"),
        (ANSWERED | {"direction": "up", "invite_time": "soon"}, "unknown_value", "direction"),
        (ANSWERED | {"sip_code": "180"}, "unknown_value", "sip_code"),
        (ANSWERED | {"sip_code": "busy"}, "unknown_value", "sip_code"),
        (ANSWERED | {"trunk": "__idle__", "invite_time": "soon"}, "unknown_value", "trunk"),
        (ANSWERED | {"trunk": "__other__"}, "unknown_value", "trunk"),
        (INVITE | {"method": "MESSAGE"}, "unknown_value", "method"),
        (ANSWERED | {"invite_time": "soon"}, "bad_time", "invite_time"),
        (ANSWERED | {"answer_time": "-1"}, "bad_time", "answer_time"),
        (ANSWERED | {"hangup_time": "NaN"}, "bad_time", "hangup_time"),
        (ANSWERED | {"hangup_time": "1e999999"}, "bad_time", "hangup_time"),
        (INVITE | {"time": 1795428005000}, "bad_time", "time"),  # milliseconds
    ],
)
def test_first_fault_in_the_order_of_reasons_names_its_field(record: Any, reason: str, field: str) -> None:
    rejection = rejection_of(record)
    assert (rejection.reason, rejection.field) == (reason, field)


def test_rejection_does_not_repeat_a_number() -> None:
    assert "2310555666" not in str(rejection_of(ANSWERED | {"from_user": {"number": "+302310555666"}}))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"event": "CGR_CALL_END", "callid": "aa11", "cgr_answertime": "1795428005"}, "CGRateS"),
        ({"jsonrpc": "2.0", "method": "E_ACC_CDR", "params": {"callid": "aa11"}}, "OpenSIPS"),
    ],
)
def test_other_programs_events_are_named(record: Any, kind: str) -> None:
    rejection = rejection_of(record)
    assert rejection.reason == "unknown_value"
    assert kind in rejection.found


SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals().map(str))
VALUE = st.recursive(SCALAR, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=4)


@given(st.binary())
def test_no_bytes_make_it_raise(value: bytes) -> None:
    assert all(isinstance(event, CallVersion | Rejection) for event in DECODE(SourceRecord(0, value)))


@given(st.sampled_from([ANSWERED, without(ANSWERED, *EXTRAS), INVITE, BYE]), st.data())
def test_no_values_make_it_raise(record: dict[str, Any], data: st.DataObject) -> None:
    changed = data.draw(st.dictionaries(st.sampled_from([*ANSWERED, *INVITE]), VALUE))
    (event,) = DECODE(SourceRecord(0, json.dumps(record | changed).encode()))
    if isinstance(event, CallVersion):
        complete(event.call_id, event.fields)
