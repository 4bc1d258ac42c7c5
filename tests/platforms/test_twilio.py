"""Bodies as Twilio posts and serves them. The call of all of them rang at 2026-07-20T10:00:00Z, 1 784 541 600 s."""

import json
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from consumer.core.calls import CallVersion, CompletedCall, Decoded, Rejection, SourceRecord, complete, merge
from consumer.core.instants import MINUTE_MS, parse_rfc3339
from consumer.core.pipeline import Pipeline
from consumer.core.windows import spans
from consumer.platforms.cloudevents import cloudevents
from consumer.platforms.twilio import twilio
from schemas.twilio import CallResource, StatusCallback
from tests.tables import centre

DECODE = twilio()
START_MS = 1_784_541_600_000
SID, PARENT, TRUNK = "CA" + "1" * 32, "CA" + "2" * 32, "TK" + "3" * 32

#: Rang for 12 s, lasted 65 s from the answer: over 77 s after it was dialled. `Duration` is minutes.
CALLBACK = {
    "CallSid": SID, "AccountSid": "AC" + "4" * 32, "ParentCallSid": PARENT, "CallStatus": "completed",
    "Direction": "outbound-api", "From": "+302105550100", "To": "+302105550199", "CallDuration": "65",
    "Duration": "2", "SequenceNumber": "3", "Timestamp": "Mon, 20 Jul 2026 10:01:17 +0000",
    "CallbackSource": "call-progress-events", "SipResponseCode": "200", "ApiVersion": "2010-04-01", "ToCity": "",
}  # fmt: skip
RESOURCE = {
    "sid": SID, "account_sid": "AC" + "4" * 32, "parent_call_sid": PARENT, "status": "completed",
    "direction": "outbound-api", "from": "+302105550100", "to": "+302105550199", "duration": "65",
    "date_created": "Mon, 20 Jul 2026 09:59:58 +0000", "start_time": "Mon, 20 Jul 2026 10:00:00 +0000",
    "end_time": "Mon, 20 Jul 2026 10:01:17 +0000", "price": "-0.0450", "price_unit": "EUR", "answered_by": None,
    "queue_time": "1500", "trunk_sid": TRUNK, "subresource_uris": {"events": "/2010-04-01/Events.json"},
}  # fmt: skip
UNPRICED = RESOURCE | {"price": None}
NOT_ANSWERED = {"status": "no-answer", "duration": "0", "price": None}


def form(fields: dict[str, Any]) -> bytes:
    return urlencode(fields).encode()


def as_json(found: Any) -> bytes:
    return json.dumps(found).encode()


def without(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


def events_of(body: bytes) -> tuple[Decoded, ...]:
    return tuple(DECODE(SourceRecord(0, body)))


def event_of(record: dict[str, Any]) -> Decoded:
    (event,) = events_of(form(record) if "CallSid" in record else as_json(record))
    return event


def version_of(record: dict[str, Any]) -> CallVersion:
    version = event_of(record)
    assert isinstance(version, CallVersion), version
    return version


def call_of(*records: dict[str, Any]) -> CompletedCall:
    versions = [version_of(record) for record in records]
    call = complete(SID, merge([(version.number, version.fields) for version in versions]))
    assert isinstance(call, CompletedCall), call
    return call


def rejection_of(record: Any) -> Rejection:
    event = event_of(record)
    if isinstance(event, CallVersion):
        event = complete(event.call_id, event.fields)  # type: ignore[assignment]
    assert isinstance(event, Rejection), event
    return event


# The status callback.


def test_callback_counts_a_call_from_its_answer() -> None:
    """10:01:17 less 65 s is 10:00:12; the two minutes of Duration are nowhere."""
    version = version_of(CALLBACK)
    assert (version.call_id, version.number, version.unknown_keys) == (SID, 4, 0)
    call = call_of(CALLBACK)
    assert (call.contact_id, call.direction, call.disposition, call.platform) == (
        PARENT, "outbound", "answered", "twilio",
    )  # fmt: skip
    assert (call.from_number, call.to_number) == ("+302105550100", "+302105550199")
    assert (call.started_ms, call.connect_ms, call.ended_ms) == (
        START_MS + 12_000,
        START_MS + 12_000,
        START_MS + 77_000,
    )
    assert (call.talk_ms, call.billable_ms, call.wait_ms) == (65_000, 65_000, 0)
    assert (call.reported_price, call.trunk) == (None, None)


@pytest.mark.parametrize(("status", "disposition"), [
    ("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "abandoned"),
])  # fmt: skip
def test_unanswered_callback_is_a_moment(status: str, disposition: str) -> None:
    call = call_of(without(CALLBACK, "CallDuration") | {"CallStatus": status})
    assert (call.disposition, call.started_ms, call.ended_ms) == (disposition, START_MS + 77_000, START_MS + 77_000)
    assert (call.talk_ms, call.billable_ms) == (0, 0)
    assert call_of(CALLBACK | {"CallStatus": status}) == call  # its duration means nothing


def test_completed_call_of_no_length_was_answered() -> None:
    call = call_of(CALLBACK | {"CallDuration": "0"})
    assert (call.disposition, call.started_ms, call.billable_ms) == ("answered", START_MS + 77_000, 0)


@pytest.mark.parametrize(
    ("sequence", "number"), [("0", 1), ("", 1), ("3", 4), ("997", 998), ("998", 999), ("12345678901234567890", 999)]
)
def test_callback_is_a_lower_version_than_any_resource(sequence: str, number: int) -> None:
    assert version_of(CALLBACK | {"SequenceNumber": sequence}).number == number


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress"])
def test_call_that_is_not_over_is_no_event(status: str) -> None:
    assert events_of(form(CALLBACK | {"CallStatus": status, "CallDuration": "", "Timestamp": "soon"})) == ()
    assert events_of(as_json(RESOURCE | {"status": status, "end_time": None, "duration": None})) == ()


def test_callback_may_come_as_json() -> None:
    assert events_of(as_json(CALLBACK)) == events_of(form(CALLBACK))
    assert events_of(b"\r\n " + form(CALLBACK) + b"\n") == events_of(form(CALLBACK))


# What both kinds share.


@pytest.mark.parametrize(("answered_by", "disposition"), [
    ("human", "answered"), ("fax", "answered"), ("unknown", "answered"), ("", "answered"), ("machine", "voicemail"),
    ("machine_start", "voicemail"), ("machine_end_beep", "voicemail"), ("machine_end_silence", "voicemail"),
])  # fmt: skip
def test_machine_that_answers_is_voicemail_and_nobody_talks(answered_by: str, disposition: str) -> None:
    """The carrier bills the 65 s all the same."""
    for call in (call_of(CALLBACK | {"AnsweredBy": answered_by}), call_of(RESOURCE | {"answered_by": answered_by})):
        assert (call.disposition, call.billable_ms) == (disposition, 65_000)
        assert call.talk_ms == (65_000 if disposition == "answered" else 0)


@pytest.mark.parametrize(("said", "direction"), [
    ("inbound", "inbound"), ("trunking-originating", "inbound"), ("outbound-api", "outbound"),
    ("outbound-dial", "outbound"), ("trunking-terminating", "outbound"),
])  # fmt: skip
def test_direction_is_seen_from_the_centre(said: str, direction: str) -> None:
    assert call_of(CALLBACK | {"Direction": said}).direction == direction
    assert call_of(RESOURCE | {"direction": said}).direction == direction


def test_call_that_nobody_dialled_is_its_own_contact() -> None:
    assert call_of(CALLBACK | {"ParentCallSid": ""}).contact_id == SID
    assert call_of(RESOURCE | {"parent_call_sid": None}).contact_id == SID


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("+302105550100", "+302105550100"),
        ("client:alice", "client:alice"),
        ("sip:bob@centre.sip.example", "bob"),
        ("SIPS:%2B302105550100;x=1:secret@centre.sip.example;transport=tls", "+302105550100"),
        ("tel:+302105550100;ext=1", "+302105550100"),
        ("Anonymous", "Anonymous"),
        ("sip:centre.sip.example", None),
        ("", None),
    ],
)
def test_number_is_the_user_of_a_sip_uri_and_else_as_it_is(said: str, number: str | None) -> None:
    assert call_of(CALLBACK | {"From": said}).from_number == number
    assert call_of(RESOURCE | {"to": said}).to_number == number


def test_long_address_takes_no_longer_than_its_length() -> None:
    """Were it looked at again from each of its characters, this would take an hour."""
    assert call_of(CALLBACK | {"From": "sip:" + "a" * 1_000_000}).from_number is None


# The Call resource.


def test_resource_knows_ringing_price_and_trunk() -> None:
    """Answered 65 s before the end: 77 - 65 = 12 s after the start."""
    version = version_of(RESOURCE)
    assert (version.call_id, version.number, version.unknown_keys) == (SID, 1001, 0)
    call = call_of(RESOURCE)
    assert (call.started_ms, call.connect_ms, call.ended_ms) == (START_MS, START_MS + 12_000, START_MS + 77_000)
    assert (call.talk_ms, call.billable_ms, call.wait_ms) == (65_000, 65_000, 1_500)
    assert (call.trunk, call.contact_id, call.platform) == (TRUNK, PARENT, "twilio")
    assert call.reported_price == ("0.0450", "EUR")


def test_price_that_is_not_known_yet_makes_a_lower_version() -> None:
    for price in (None, ""):
        assert version_of(RESOURCE | {"price": price}).number == 1000
        assert call_of(RESOURCE | {"price": price}).reported_price is None


@pytest.mark.parametrize(("price", "amount"), [("-0.200", "0.200"), ("0", "0"), ("-0", "0"), ("0.5", "0.5")])
def test_price_loses_its_sign(price: str, amount: str) -> None:
    assert call_of(RESOURCE | {"price": price, "price_unit": "usd"}).reported_price == (amount, "USD")


def test_answer_lies_not_before_the_start() -> None:
    """Whole seconds: 78 s of a call that took 77 s by its times. The 78 s count."""
    call = call_of(RESOURCE | {"duration": "78"})
    assert (call.connect_ms, call.talk_ms, call.billable_ms) == (START_MS, 78_000, 78_000)


@pytest.mark.parametrize(
    ("times", "started_s", "ended_s"),
    [
        ({}, 0, 77),
        ({"end_time": None}, 0, 0),
        ({"start_time": ""}, 77, 77),
        ({"start_time": None, "end_time": None}, -2, -2),  # created two seconds before it would have been dialled
    ],
)
def test_one_time_is_enough_for_a_call_that_was_not_answered(times: Any, started_s: int, ended_s: int) -> None:
    call = call_of(RESOURCE | NOT_ANSWERED | {"duration": None} | times)
    assert (call.started_ms - START_MS, call.ended_ms - START_MS) == (started_s * 1000, ended_s * 1000)
    assert (call.disposition, call.talk_ms, call.billable_ms) == ("no_answer", 0, 0)


def test_page_and_array_hold_an_event_each() -> None:
    items = [RESOURCE, RESOURCE | {"status": "ringing"}, 7, UNPRICED]
    for body in (as_json(items), as_json({"page": 0, "calls": items, "next_page_uri": None})):
        assert [type(event) for event in events_of(body)] == [CallVersion, Rejection, CallVersion]
    assert events_of(b"[]") == events_of(b'{"calls": []}') == DECODE(SourceRecord(0, None)) == ()


# Both kinds as versions of one call.


@pytest.mark.parametrize("order", list(permutations([form(CALLBACK), as_json(UNPRICED), as_json(RESOURCE)])))
def test_versions_in_any_order_are_one_call(order: tuple[bytes, ...]) -> None:
    """Prices: 0.0450 EUR × 1.08 = 0.0486 USD reported. Talk of 65 s is 120 s to the fee: 2 × 0.018 = 0.036 USD."""
    pipeline = Pipeline(centre(), DECODE)
    rejected = pipeline.feed([SourceRecord(offset, body) for offset, body in enumerate(order)])
    assert rejected == []
    assert (pipeline.counts.costed, pipeline.counts.amended, pipeline.counts.pending) == (1, 2, 0)
    as_of = START_MS + 5 * MINUTE_MS
    (window,) = pipeline.read(as_of, spans(centre().calendar, as_of, ("1h",))).windows
    whole = next(row.figures for row in window.rows if row.segment == ())
    assert (whole.calls, whole.talk_ms, whole.wait_ms) == (1, 65_000, 1_500)
    assert (whole.reported_calls, whole.reported_nano) == (1, 48_600_000)
    assert whole.direct_nano == 48_600_000 + 36_000_000


def test_resource_overrides_the_callback() -> None:
    call = call_of(RESOURCE, CALLBACK)
    assert call == call_of(CALLBACK, RESOURCE) == call_of(RESOURCE)


def test_resource_without_an_answer_erases_that_of_the_callback() -> None:
    call = call_of(CALLBACK, RESOURCE | NOT_ANSWERED)
    assert (call.disposition, call.talk_ms, call.billable_ms, call.connect_ms) == ("no_answer", 0, 0, START_MS)


# CloudEvents.

ENVELOPE = {
    "specversion": "1.0", "type": "com.example.call.over", "source": "/calls", "id": "e-1",
    "datacontenttype": "2026-07-20T10:01:17.363Z",
}  # fmt: skip


def enveloped(data: Any) -> tuple[Decoded, ...]:
    return tuple(cloudevents(DECODE)(SourceRecord(0, as_json([ENVELOPE | {"data": data}]))))


def test_envelope_may_hold_any_of_them() -> None:
    assert enveloped(RESOURCE) == events_of(as_json(RESOURCE))
    assert enveloped(CALLBACK) == enveloped(form(CALLBACK).decode()) == events_of(form(CALLBACK))
    assert enveloped(CALLBACK | {"CallStatus": "ringing"}) == ()


@pytest.mark.parametrize(
    ("data", "field", "kind"),
    [
        ({"sid": SID, "eventSid": "VW1", "request": {"parameters": {}}}, "request", "Event Streams"),
        ({"call_sid": SID, "call_state": "completed", "duration": 120}, "call_state", "Voice Insights"),
        ({"CallSid": SID, "CallStatus": "completed", "DialCallStatus": "busy"}, "DialCallStatus", "<Dial>"),
        ({"CallSid": SID, "RecordingStatus": "completed"}, "RecordingStatus", "recording"),
        ({"CallSid": SID, "AnsweredBy": "fax", "MachineDetectionDuration": "9"}, "MachineDetectionDuration", "machine"),
    ],
)
def test_other_records_of_twilio_are_named(data: Any, field: str, kind: str) -> None:
    (rejection,) = enveloped(data)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.field) == ("unknown_value", field)
    assert kind in rejection.found


# What is wrong with a body.


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "nothing"),
        (b" \r\n", "nothing"),
        (b"{", "1 bytes"),
        (b"[" * 5_000, "5000 bytes"),
        (b'{"sid": "\\ud800"}', "17 bytes"),
        (b'{"sid": "\xff"}', "12 bytes"),
        (b"CallSid", "no ="),
        (b"CallSid=CA1&&CallStatus=busy", "no ="),
        (b"CallSid=\xff", "not UTF-8"),
        (b"CallSid=%FF", "not UTF-8"),
        (b"&".join([b"a=b"] * 201), "more than 200 fields"),
    ],
)
def test_body_that_is_neither_is_bad_json(body: bytes, found: str) -> None:
    (rejection,) = events_of(body)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "bad_json"
    assert found in rejection.found
    assert "JSON" in rejection.expected
    assert "form" in rejection.expected


def test_form_of_200_fields_is_read() -> None:
    assert len(CALLBACK) == 15
    (version,) = events_of(form(CALLBACK) + b"&a=b" * 185)
    assert isinstance(version, CallVersion)


@pytest.mark.parametrize(
    ("record", "found", "expected"),
    [
        (
            {"price": -0.045},
            "a number -0.045",
            "a string with a decimal number such as '-0.0123', of at most 12 digits",
        ),
        ({"price_unit": "euro"}, "a string 'euro'", "a string of three letters (ISO 4217), such as 'USD'"),
        ({"duration": "long"}, "a string 'long'", "a number of seconds, 0 to 604800"),
        (
            {"queue_time": "302310555666x"},
            "a string '30…66x'",
            "a number of milliseconds, 0 or more and at most a week",
        ),
        ({"end_time": 5}, "a number 5", "a text: an RFC 2822 time"),
    ],
)
def test_a_rejection_says_in_words_what_was_found_and_what_is_expected(
    record: dict[str, Any], found: str, expected: str
) -> None:
    (rejection,) = events_of(json.dumps(RESOURCE | record).encode())
    assert isinstance(rejection, Rejection)
    assert rejection.found == found
    assert rejection.expected.startswith(expected)


@pytest.mark.parametrize(("body", "reason", "field"), [
    (b"a=b", "missing_field", "CallSid"), (b"{}", "missing_field", "sid"), (b'{"calls": 1}', "wrong_type", "calls"),
    (b'{"calls": null}', "wrong_type", "calls"), (b"[null]", "not_an_object", ""), (b"[[]]", "not_an_object", ""),
])  # fmt: skip
def test_other_shapes_are_no_call(body: bytes, reason: str, field: str) -> None:
    (rejection,) = events_of(body)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.field) == (reason, field)


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        (CALLBACK | {"CallSid": ""}, "missing_field", "CallSid"),
        (CALLBACK | {"CallStatus": "", "Direction": "up"}, "missing_field", "CallStatus"),
        (without(CALLBACK, "Direction"), "missing_field", "Direction"),
        (without(CALLBACK, "Timestamp"), "missing_field", "Timestamp"),
        (CALLBACK | {"CallDuration": "", "Timestamp": "soon"}, "missing_field", "CallDuration"),
        (CALLBACK | {"CallDuration": "long", "Timestamp": "soon"}, "wrong_type", "CallDuration"),
        (CALLBACK | {"SequenceNumber": "-1"}, "wrong_type", "SequenceNumber"),
        (CALLBACK | {"SequenceNumber": "9" * 5_000}, "wrong_type", "SequenceNumber"),
        (CALLBACK | {"CallStatus": "done", "Timestamp": "soon"}, "unknown_value", "CallStatus"),
        (CALLBACK | {"Direction": "outbound"}, "unknown_value", "Direction"),
        (CALLBACK | {"CallSid": "__idle__", "Timestamp": "soon"}, "unknown_value", "CallSid"),
        (CALLBACK | {"From": "__other__"}, "unknown_value", "From"),
        (CALLBACK | {"To": "sip:__unknown__@centre.example"}, "unknown_value", "To"),
        (CALLBACK | {"Timestamp": "Thu, 01 Jan 1970 00:00:10 +0000"}, "bad_time", "Timestamp"),  # began in 1969
        (CALLBACK | {"CallDuration": "-5"}, "negative_duration", "talk_s"),
        (CALLBACK | {"CallDuration": "-1e9"}, "negative_duration", "CallDuration"),
        (CALLBACK | {"CallDuration": "604801"}, "absurd_duration", "talk_s"),
        (CALLBACK | {"CallDuration": "1e99"}, "absurd_duration", "CallDuration"),
        (without(RESOURCE, "sid"), "missing_field", "sid"),
        (RESOURCE | {"start_time": None}, "missing_field", "start_time"),
        (RESOURCE | {"end_time": ""}, "missing_field", "end_time"),
        (RESOURCE | {"duration": None, "end_time": "soon"}, "missing_field", "duration"),
        (RESOURCE | {"price_unit": None, "to": 7}, "missing_field", "price_unit"),
        (
            without(RESOURCE | NOT_ANSWERED, "start_time", "end_time", "date_created") | {"Timestamp": "x"},
            "missing_field",
            "end_time",
        ),
        (RESOURCE | {"sid": 7, "status": "done"}, "wrong_type", "sid"),
        (RESOURCE | {"status": 7}, "wrong_type", "status"),
        (RESOURCE | {"status": ["ringing"]}, "wrong_type", "status"),
        (RESOURCE | {"end_time": 1784541600}, "wrong_type", "end_time"),
        (RESOURCE | {"duration": True}, "wrong_type", "duration"),
        (RESOURCE | {"price": -0.045}, "wrong_type", "price"),
        (RESOURCE | {"price": "--1"}, "wrong_type", "price"),
        (RESOURCE | {"price_unit": "euro"}, "wrong_type", "price_unit"),
        (RESOURCE | {"trunk_sid": "__idle__"}, "unknown_value", "trunk_sid"),
        (RESOURCE | {"queue_time": "-1"}, "negative_duration", "wait_s"),
        (RESOURCE | {"start_time": "Mon, 20 Jul 2026 10:01:18 +0000"}, "wrong_order", "ended_at"),
        (RESOURCE | NOT_ANSWERED | {"start_time": "Mon, 20 Jul 2026 10:01:18 +0000"}, "wrong_order", "ended_at"),
    ],
)
def test_first_fault_in_the_order_of_reasons_names_its_field(record: Any, reason: str, field: str) -> None:
    rejection = rejection_of(record)
    assert (rejection.reason, rejection.field) == (reason, field)


@pytest.mark.parametrize(
    "time",
    [
        "soon",
        "2026-07-20T10:01:17Z",
        "Mon, 20 Jul 2026 10:01:17",
        "Mon, 20 Jul 2026 10:01:17 -0000",  # RFC 2822: nobody knows its zone
        "Mon, 20 Jul 2026 10:01 +0000",
        "Mon, 20 Jul 26 10:01:17 +0000",
        "Mon, 20 Foo 2026 10:01:17 +0000",
        "Mon, 31 Jun 2026 10:01:17 +0000",
        "Mon, 20 Jul 2026 10:01:60 +0000",
        "Mon, 20 Jul 2026 10:01:17 +9900",
        "Wed, 31 Dec 1969 23:59:59 +0000",
        "Wed, 01 Jan 2200 00:00:00 +0000",
        "Fri, 31 Dec 2999 23:59:59 -2359",
    ],
)
def test_time_that_is_not_rfc_2822_with_a_zone_is_bad(time: str) -> None:
    for record, field in ((CALLBACK, "Timestamp"), (RESOURCE, "end_time")):
        rejection = rejection_of(record | {field: time})
        assert (rejection.reason, rejection.field) == ("bad_time", field)
        assert time[:40] in rejection.found


def test_time_may_be_of_another_zone() -> None:
    assert version_of(CALLBACK | {"Timestamp": "20 Jul 2026 13:01:17 +0300"}) == version_of(CALLBACK)
    assert version_of(CALLBACK | {"Timestamp": "Mon, 20 Jul 2026 10:01:17 GMT"}) == version_of(CALLBACK)
    assert parse_rfc3339("2026-07-20T10:01:17Z") == START_MS + 77_000


def test_rejection_does_not_repeat_a_number() -> None:
    assert "2105550100" not in str(rejection_of(RESOURCE | {"from": {"number": "+302105550100"}}))
    (rejection,) = events_of(b"CallSid=CA1&+302105550100")
    assert "2105550100" not in str(rejection)


def test_schemas_are_published_with_twilios_names() -> None:
    assert set(StatusCallback.model_json_schema()["properties"]) <= CALLBACK.keys() | {"AnsweredBy"}
    assert set(CallResource.model_json_schema()["properties"]) <= RESOURCE.keys()
    with pytest.raises(ValidationError):
        CallResource.model_validate("no record")


SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals().map(str),
    st.from_regex(r"\A(Mon, )?[0-9]{1,2} (Jan|Feb|Xxx) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\Z"),
)  # fmt: skip
VALUE = st.recursive(SCALAR, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=4)


@given(st.one_of(st.binary(), st.binary().map(lambda rest: b"CallSid=" + rest)))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert all(isinstance(event, CallVersion | Rejection) for event in events_of(body))


@given(st.sampled_from([CALLBACK, RESOURCE, RESOURCE | NOT_ANSWERED]), st.data())
def test_no_values_make_it_raise(record: dict[str, Any], data: st.DataObject) -> None:
    changed = data.draw(st.dictionaries(st.sampled_from([*CALLBACK, *RESOURCE]), VALUE))
    for event in events_of(as_json(record | changed)):
        if isinstance(event, CallVersion):
            assert isinstance(event.fields.started_ms, int)
            assert event.fields.started_ms >= 0
            complete(event.call_id, event.fields)
