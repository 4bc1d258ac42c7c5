"""Twilio's status callbacks (forms) and Call resources (JSON).

Owns the step from a body to versions of calls. The callback comes when a call is over and is a low version of it; the
resource, fetched later, knows the start and in the end the price, and is version 1000, with a price 1001. So the fold
joins them in any order of arrival, and the resource has the last word.

A call that is not over is no event. Both kinds say everything of a call that they are about: what is not answered
erases the answer of a lower version.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from consumer.core.calls import (
    RESERVED,
    CallFields,
    CallVersion,
    Decoded,
    Decoder,
    Reason,
    Rejection,
    SourceRecord,
)
from consumer.core.instants import FIRST_MS, to_ms
from consumer.platforms.mistakes import json_type, mistake, worst
from consumer.platforms.uris import is_uri, uri_user
from schemas.twilio import CALLBACK_KEYS, TIMES, UNDERWAY, CallResource, StatusCallback, present

MOST_FORM_FIELDS = 200  # a callback has some 30
RESOURCE_VERSION = 1_000  # one more with a price

#: Origination is a call from the telephone network to one's own, termination one to the telephone network.
_DIRECTIONS = {
    "inbound": "inbound", "trunking-originating": "inbound",
    "outbound-api": "outbound", "outbound-dial": "outbound", "trunking-terminating": "outbound",
}  # fmt: skip
_UNANSWERED = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "abandoned"}

#: Keys of records that Twilio makes of calls besides.
_FOREIGN = {
    "request": "a webhook event of Event Streams",
    "call_state": "a call summary of Voice Insights",
    "DialCallStatus": "the action callback of a <Dial>",
    "RecordingStatus": "a recording's callback",
    "MachineDetectionDuration": "the callback of machine detection",
}

#: Numbers beyond what is worth adding up; see Seconds and Milliseconds.
_BEYOND: dict[str, Reason] = {"greater_than": "negative_duration", "less_than": "absurd_duration"}

#: Texts that become dimensions, ids or numbers of the call.
_CALLBACK_NAMES: tuple[str, ...] = ("CallSid", "ParentCallSid", "From", "To")
_RESOURCE_NAMES: tuple[str, ...] = ("sid", "parent_call_sid", "trunk_sid", "from", "to")

_MILLISECOND = Decimal("0.001")
_TIME = "an RFC 2822 time with a zone, such as Mon, 23 Nov 2026 10:01:05 +0000, from 1970 to 2199"
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def twilio() -> Decoder:
    """Make the decoder of one body: a form, or JSON of one call, of an array of them, or of a page of the API."""
    return _decode_record


def _decode_record(record: SourceRecord) -> Sequence[Decoded]:
    if record.value is None:
        return ()
    body = record.value.strip()
    is_json = body[:1] in (b"{", b"[")
    items = _json_items(body) if is_json else _form_items(body)
    if isinstance(items, Rejection):
        return (items,)
    events = (_decode(item, is_form=not is_json) for item in items)
    return tuple(event for event in events if event is not None)


def _json_items(body: bytes) -> list[Any] | Rejection:
    try:
        found = msgspec.json.decode(body)
    except _BAD as error:
        expected = "a JSON object, an array of them, or a form"
        return Rejection("bad_json", "", f"{len(body)} bytes: {error}", expected)
    if isinstance(found, dict) and "calls" in found:
        found = found["calls"]
        if not isinstance(found, list):
            return Rejection("wrong_type", "calls", json_type(found), "an array of Call resources")
    return found if isinstance(found, list) else [found]


def _form_items(body: bytes) -> list[Any] | Rejection:
    """One form, as a list of one. What is wrong is not quoted: it may be somebody's phone number."""
    expected = "a form (name=value&…) in UTF-8, or JSON"
    if not body:
        return Rejection("bad_json", "", "nothing", expected)
    if body.count(b"&") >= MOST_FORM_FIELDS:
        return Rejection("bad_json", "", f"more than {MOST_FORM_FIELDS} fields", expected)
    try:
        return [dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict"))]
    except UnicodeDecodeError:
        return Rejection("bad_json", "", f"{len(body)} bytes that are not UTF-8", expected)
    except ValueError:
        return Rejection("bad_json", "", f"{len(body)} bytes with a part that has no =", expected)


def _decode(found: Any, *, is_form: bool) -> Decoded | None:
    """One call; None of one that is not over."""
    if not isinstance(found, dict):
        return Rejection("not_an_object", "", json_type(found), "a JSON object")
    said = present(found)
    is_callback = is_form or not CALLBACK_KEYS.isdisjoint(said)
    if said.get("CallStatus" if is_callback else "status") in UNDERWAY:
        return None
    faults = [*_missing(said, is_callback), *_reserved(said, is_callback)]
    try:
        record = (StatusCallback if is_callback else CallResource).model_validate(said)
    except ValidationError as error:
        faults = [*(mistake(fault, _reason(fault), _TIME) for fault in error.errors(include_url=False)), *faults]
        return _foreign(said) or worst(faults)
    if faults:
        return worst(faults)
    return _callback(record) if isinstance(record, StatusCallback) else _resource(record)


def _callback(callback: StatusCallback) -> Decoded:
    """Count a call from its answer, for a callback does not say when it rang."""
    ended_ms, lasted_ms = to_ms(callback.timestamp), _duration_ms(callback)
    started_ms = ended_ms - max(lasted_ms, 0)
    if started_ms < FIRST_MS:
        return Rejection("bad_time", "Timestamp", "a call that began before 1970", "Timestamp - CallDuration from 1970")
    fields = _fields(callback, started_ms, ended_ms, lasted_ms)
    return CallVersion(callback.sid, min(callback.sequence_number + 1, RESOURCE_VERSION - 1), fields)


def _resource(call: CallResource) -> CallVersion:
    """Calls that were not answered may lack an end, or were never dialled: then one time stands for both."""
    known = [to_ms(moment) for moment in (call.start_time, call.end_time) if moment is not None]
    if not known and call.date_created is not None:
        known = [to_ms(call.date_created)]
    fields = _fields(call, known[0], known[-1], _duration_ms(call))
    if call.queue_time is not None:
        fields.wait_ms = int(call.queue_time.quantize(Decimal(1), ROUND_HALF_UP))
    fields.trunk = call.trunk_sid or UNSET
    if call.price is None or call.price_unit is None:
        return CallVersion(call.sid, RESOURCE_VERSION, fields)
    fields.reported_price = call.price.removeprefix("-"), call.price_unit.upper()
    return CallVersion(call.sid, RESOURCE_VERSION + 1, fields)


def _fields(record: StatusCallback | CallResource, started_ms: int, ended_ms: int, lasted_ms: int) -> CallFields:
    """What both kinds say. Times are whole seconds, so an answer may seem to lie before the start: it is the start."""
    was_answered = record.status == "completed"
    by_machine = (record.answered_by or "").startswith("machine")
    answered = "voicemail" if by_machine else "answered"
    return CallFields(
        direction=_DIRECTIONS[record.direction],
        started_ms=started_ms,
        ended_ms=ended_ms,
        disposition=answered if was_answered else _UNANSWERED[record.status],
        answered_ms=max(started_ms, ended_ms - max(lasted_ms, 0)) if was_answered else None,
        contact_id=record.parent_call_sid or record.sid,
        platform="twilio",
        talk_ms=0 if by_machine else lasted_ms,
        billable_ms=lasted_ms,
        from_number=_party(record.from_number),
        to_number=_party(record.to_number),
    )


def _party(said: str | None) -> str | UnsetType:
    """sip:bob@host -> bob, tel:+302101234567 -> the number; client:alice and numbers as they are."""
    said = said or ""
    return (uri_user(said) if is_uri(said) else said) or UNSET


def _duration_ms(record: StatusCallback | CallResource) -> int:
    """The time that was talked; 0 of a call that was not answered, whatever it says."""
    if record.status != "completed" or record.duration is None:
        return 0
    return int(record.duration.quantize(_MILLISECOND, ROUND_HALF_UP) * 1000)


# What is wrong with a record.


def _foreign(said: dict[str, Any]) -> Rejection | None:
    for key, kind in _FOREIGN.items():
        if key in said:
            return Rejection("unknown_value", key, kind, "a status callback of a call, or a Call resource")
    return None


def _missing(said: dict[str, Any], is_callback: bool) -> list[Rejection]:
    """Look for what some records need and others do not."""
    needed = []
    if is_callback:
        needed = ["CallDuration"] if said.get("CallStatus") == "completed" else []
    elif said.get("status") == "completed":
        needed = ["start_time", "end_time", "duration"]
    elif said.keys().isdisjoint(("start_time", "end_time", "date_created")):
        needed = ["end_time"]
    if not is_callback and "price" in said:
        needed.append("price_unit")
    return [Rejection("missing_field", name, "nothing", "a value") for name in needed if name not in said]


def _reserved(said: dict[str, Any], is_callback: bool) -> list[Rejection]:
    names = _CALLBACK_NAMES if is_callback else _RESOURCE_NAMES
    values = [(name, said[name]) for name in names if isinstance(said.get(name), str)]
    return [
        Rejection("unknown_value", name, f"the reserved name {value}", "another name")
        for name, value in values
        if value in RESERVED or _party(value) in RESERVED
    ]


def _reason(fault: ErrorDetails) -> Reason:
    kind = fault["type"]
    if kind == "missing":
        return "missing_field"
    if kind == "literal_error" and isinstance(fault["input"], str):
        return "unknown_value"
    if kind == "value_error" and fault["loc"][0] in TIMES:
        return "bad_time"
    return _BEYOND.get(kind, "wrong_type")
