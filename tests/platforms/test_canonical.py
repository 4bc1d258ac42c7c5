"""The canonical call: the fast path and the published model say the same of every record."""

import json
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from pydantic import ValidationError

from consumer.core.calls import (
    DIRECTIONS,
    DISPOSITIONS,
    FIELDS,
    MAX_DURATION_MS,
    OUTCOMES,
    RESERVED,
    CallVersion,
    Decoded,
    Rejection,
    SourceRecord,
    missing_field,
)
from consumer.core.instants import parse_rfc3339
from consumer.core.pipeline import Pipeline
from consumer.platforms.canonical import decode, decode_call
from schemas.call import KEYS, CallAmendment, CanonicalCall
from tests.tables import centre

START = "2026-11-23T10:00:00Z"
CALL: dict[str, Any] = {
    "call_id": "a", "direction": "inbound", "started_at": START, "ended_at": "2026-11-23T10:01:00Z",
    "disposition": "busy",
}  # fmt: skip
#: The same call as text, for what json.dumps would not write; ends before the closing brace.
OPEN = json.dumps(CALL)[:-1].encode()

DURATIONS = ("wait", "ivr", "talk", "hold", "wrap", "billable")
#: Our name of a field -> its key on the wire.
WIRE_NAMES = {name: name.replace("_ms", "_s" if name.split("_")[0] in DURATIONS else "_at") for name in FIELDS}
TIMES = ("started_at", "ended_at", "answered_at", "connected_at")
SECONDS = ("wait_s", "ivr_s", "talk_s", "hold_s", "wrap_s", "billable_s")
FIELD_OF_SECONDS = frozenset(name.replace("_s", "_ms") for name in SECONDS)
TEXTS = (
    "contact_id", "platform", "queue", "agent", "team", "site", "campaign", "trunk", "from_number", "to_number",
)  # fmt: skip


def told(**fields: Any) -> Decoded:
    return decode_call(json.dumps(CALL | fields).encode())


def accepted(value: bytes) -> CallVersion:
    found = decode_call(value)
    assert isinstance(found, CallVersion), found
    return found


def refused(value: bytes) -> tuple[str, str]:
    """Reason and field."""
    found = decode_call(value)
    assert isinstance(found, Rejection), found
    return found.reason, found.field


# What the model says of an object, and what the decoder should make of it.


def half_up_ms(seconds: float) -> int:
    """By the decimal that the sender wrote."""
    with localcontext(prec=400):
        return int((Decimal(repr(seconds)) * 1000).quantize(Decimal(1), ROUND_HALF_UP))


def within_a_week(name: str, value: Any) -> Any:
    """Longer durations are refused in the end: by how much they are too long does not matter."""
    if name in FIELD_OF_SECONDS and isinstance(value, int):
        return max(-MAX_DURATION_MS - 1, min(value, MAX_DURATION_MS + 1))
    return value


def value_of(name: str, value: Any) -> Any:
    """A value of the wire as a field holds it."""
    if value is None:
        return None
    if name in TIMES:
        return parse_rfc3339(value)
    if name in SECONDS:
        return half_up_ms(value)
    return (value["amount"], value["currency"]) if name == "reported_price" else value


def modelled(said: dict[str, Any]) -> dict[str, Any] | None:
    """Fields by our names, as the model and the rules about times and names have them; None: to be rejected."""
    number = said.get("version")
    amends = type(number) is int and number > 1
    plain = {key: value for key, value in said.items() if value != "" and (amends or value is not None)}
    try:
        (CallAmendment if amends else CanonicalCall).model_validate(plain)
        values = {name: value_of(name, value) for name, value in plain.items() if name in KEYS}
    except (ValidationError, ValueError):
        return None
    if not amends and values["disposition"] in ("answered", "voicemail") and "answered_at" not in values:
        return None
    if any(isinstance(value, str) and value in RESERVED for value in values.values()):
        return None
    return {name: within_a_week(name, values.get(WIRE_NAMES[name], UNSET)) for name in FIELDS}


def judged(value: bytes) -> CallVersion | None:
    """A decoded version; None where it is rejected, or is a version 1 that is not complete."""
    found = decode_call(value)
    if isinstance(found, Rejection) or (found.number == 1 and missing_field(found.fields)):
        return None
    return found


instants = st.sampled_from(
    [START, "2026-11-23T12:00:05.1239+02:00", "2026-11-23 10:00:00.5z", "1970-01-01T00:00:00Z", "2026-02-28T00:00:00Z"]
)
#: The greatest numbers of JSON are left to tests of their own.
seconds = st.one_of(
    st.integers(-10, 10**6),
    st.floats(-1e3, 1e6),
    st.floats(-1e15, 1e15),
    st.integers(-(10**5), 10**9).map(lambda tenths: tenths / 10_000),  # ties among them
    st.sampled_from([10**18, 10**30, 2**63, 2**64, -(2**63) - 1]),
)
texts = st.text(max_size=5) | st.sampled_from(["sales", "+302310555666", "__other", "β"])
prices = st.fixed_dictionaries(
    {"amount": st.sampled_from(["0", "0.0123", "12", "1" * 12, "0." + "1" * 18]), "currency": st.just("USD")}
)
OPTIONAL = {
    "version": st.integers(1, 5) | st.sampled_from([2**31, 2**53]),
    "answered_at": instants, "connected_at": instants,
    **dict.fromkeys(SECONDS, seconds), **dict.fromkeys(TEXTS, texts),
    "transferred": st.booleans(), "outcome": st.sampled_from(OUTCOMES), "reported_price": prices,
    "attributes": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
}  # fmt: skip
REQUIRED = {
    "call_id": st.text(min_size=1, max_size=5), "direction": st.sampled_from(DIRECTIONS), "started_at": instants,
    "ended_at": instants, "disposition": st.sampled_from(DISPOSITIONS),
}  # fmt: skip
good_calls = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)

strange = st.one_of(
    st.none(), st.just(""), st.booleans(), st.integers(1, 3), st.integers(-(2**70), -1), st.floats(-1e9, 1e9),
    st.sampled_from([*sorted(RESERVED), "Inbound", "busy", "1", "1.5", "2026-11-23", "2026-11-23T10:00:60Z"]),
    st.lists(st.integers(), max_size=2), st.just({}), st.just({"amount": "1", "currency": "usd"}),
    st.just({"amount": "-1", "currency": "USD"}), st.just({"amount": 1, "currency": "USD"}), st.just({"amount": "1"}),
    st.just({"amount": "1", "currency": "USD", "more": 1}), st.just({"amount": "1\n", "currency": "USD"}),
    st.just({"key": 1}), st.just({"key": None}),
)  # fmt: skip
faults = st.dictionaries(st.sampled_from(sorted(KEYS)) | st.sampled_from(["Queue", "x", ""]), strange, max_size=3)


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Calls with faults: strange values, unknown keys, and keys that are not there."""
    call = draw(good_calls) | draw(faults)
    for name in draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=2)):
        call.pop(name, None)
    return call


@given(st.one_of(good_calls, calls()), st.booleans())
@settings(max_examples=1_000)
def test_the_decoder_accepts_what_the_model_accepts_with_the_same_values(
    call: dict[str, Any], ascii_only: bool
) -> None:
    found, fields = judged(json.dumps(call, ensure_ascii=ascii_only).encode()), modelled(call)
    if fields is None:
        assert found is None
        return
    assert found is not None
    assert {name: within_a_week(name, getattr(found.fields, name)) for name in FIELDS} == fields
    assert (found.call_id, found.number) == (call["call_id"], call.get("version") or 1)
    assert found.unknown_keys == len(call.keys() - KEYS)


@given(good_calls)
def test_the_order_of_keys_and_what_stands_between_them_do_not_matter(call: dict[str, Any]) -> None:
    turned = json.dumps(dict(reversed(call.items())), indent=2).encode()
    assert decode_call(b" \r\n\t" + turned + b"\n") == decode_call(json.dumps(call).encode())


@given(st.binary(max_size=60))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    assert isinstance(decode_call(value), Rejection)


edits = st.tuples(st.integers(0, 10_000), st.integers(0, 2), st.binary(min_size=1, max_size=1))


@given(calls(), st.lists(edits, min_size=1, max_size=3))
@settings(max_examples=500)
def test_no_damage_to_a_call_makes_it_raise(call: dict[str, Any], damage: list[tuple[int, int, bytes]]) -> None:
    """Bytes put in, put over others or taken out."""
    value = json.dumps(call).encode()
    for where, taken, put in damage:
        at = where % (len(value) + 1)
        value = value[:at] + (put if taken < 2 else b"") + value[at + min(taken, 1) :]
    assert isinstance(decode_call(value), CallVersion | Rejection)


# One thing at a time.


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("1", 1_000),
        ("0", 0),
        ("-0.0", 0),
        ("1.0005", 1_001),  # the float next to it is a little less
        ("0.0005", 1),
        ("0.00049999", 0),
        ("2.5e-4", 0),
        ("5e-4", 1),
        ("1.0015", 1_002),
        ("2.0025", 2_003),
        ("4.0005", 4_001),
        ("8.0005", 8_001),
        ("604799.9995", 604_800_000),
        ("0.1", 100),
        ("12.345", 12_345),
        ("1e3", 1_000_000),
        ("1E+2", 100_000),
        ("1e-30", 0),
    ],
)
def test_durations_are_rounded_half_up_to_the_millisecond(written: str, milliseconds: int) -> None:
    assert accepted(OPEN + f', "wait_s": {written}}}'.encode()).fields.wait_ms == milliseconds


@pytest.mark.parametrize("name", ["call_id", *TEXTS])
@pytest.mark.parametrize("reserved", sorted(RESERVED))
def test_reserved_names_are_refused_in_every_text(name: str, reserved: str) -> None:
    assert refused(json.dumps(CALL | {name: reserved}).encode()) == ("unknown_value", name)


def test_a_reserved_name_is_refused_also_when_it_is_escaped() -> None:
    assert refused(OPEN + rb', "queue": "\u005f_idle__"}') == ("unknown_value", "queue")
    assert refused(OPEN + rb', "queue": "_\u005fother\u005f_", "x": null}') == ("unknown_value", "queue")


def test_what_only_resembles_a_reserved_name_is_a_name() -> None:
    assert accepted(OPEN + b', "queue": "__IDLE__", "attributes": {"a": "__idle__"}}').fields.queue == "__IDLE__"


def test_unknown_keys_are_ignored_and_counted() -> None:
    assert accepted(OPEN + b', "x": [1, {"y": 2}], "Queue": null, "": 1}').unknown_keys == 3


def test_unknown_keys_inside_a_price_are_ignored_and_not_counted() -> None:
    found = accepted(OPEN + b', "reported_price": {"amount": "1", "currency": "USD", "vat": "0"}}')
    assert (found.fields.reported_price, found.unknown_keys) == (("1", "USD"), 0)


def test_a_rejected_object_counts_its_unknown_keys_too() -> None:
    found = told(x=1, y=2, queue=3)
    assert isinstance(found, Rejection)
    assert (found.reason, found.unknown_keys) == ("wrong_type", 2)


@pytest.mark.parametrize("more", [b"", b', "site": null', b', "x": 1'], ids=["fast", "null", "unknown key"])
def test_of_a_key_that_comes_twice_the_last_one_counts(more: bytes) -> None:
    assert accepted(OPEN + b', "queue": "a", "queue": "b"' + more + b"}").fields.queue == "b"
    assert accepted(OPEN + b', "queue": 3, "queue": "b"' + more + b"}").fields.queue == "b"
    assert refused(OPEN + b', "queue": "b", "queue": 3' + more + b"}") == ("wrong_type", "queue")


@pytest.mark.parametrize(
    "value",
    [
        b"", b" ", b"{", b"{}}", b"\xff", b"\xef\xbb\xbf" + OPEN + b"}", OPEN + b',"wait_s": NaN}',
        OPEN + b',"wait_s": Infinity}', OPEN + b',"wait_s": -Infinity}', OPEN + b',"wait_s": 01}',
        OPEN + b',"wait_s": .5}', OPEN + b',"wait_s": 1e400}', OPEN + b',"queue": "\xff"}', OPEN + b',"queue": "\x00"}',
        OPEN + b',"queue": "\xed\xa0\x80"}', OPEN + rb',"queue": "\ud800"}', OPEN + rb',"x": "\udc00"}', OPEN + b",}",
        OPEN + b',"wait_s": ' + b"1" * 5_000 + b"}", OPEN + b"}" + OPEN + b"}", b"[" * 100_000, b'{"a":' * 100_000,
        OPEN + b',"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", OPEN.decode().encode("utf-16") + b"}",
    ],
    ids=[
        "nothing", "a blank", "an open brace", "a brace too many", "a bad byte", "a byte order mark", "NaN", "infinity",
        "minus infinity", "a leading zero", "no leading zero", "a number beyond floats", "a bad byte in a text",
        "a NUL in a text", "a surrogate in UTF-8", "a lone surrogate", "a lone low surrogate of an unknown key",
        "a last comma", "thousands of digits", "two objects", "bottomless arrays", "bottomless objects",
        "bottomless arrays in a call", "UTF-16",
    ],
)  # fmt: skip
def test_what_is_no_json_is_bad_json(value: bytes) -> None:
    assert refused(value) == ("bad_json", "")


@pytest.mark.parametrize("value", [b"[]", b"null", b"1", b"1.5", b"true", b'"call"', b"[" + OPEN + b"}]"])
def test_anything_but_an_object_is_refused(value: bytes) -> None:
    assert refused(value) == ("not_an_object", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"call_id": None}, ("missing_field", "call_id")),
        ({"call_id": ""}, ("missing_field", "call_id")),
        ({"call_id": 7}, ("wrong_type", "call_id")),
        ({"direction": "in"}, ("unknown_value", "direction")),
        ({"outcome": "__unknown__"}, ("unknown_value", "outcome")),
        ({"version": -1}, ("wrong_type", "version")),
        ({"version": 1.0}, ("wrong_type", "version")),
        ({"version": True}, ("wrong_type", "version")),
        ({"version": "2"}, ("wrong_type", "version")),
        ({"wait_s": "1"}, ("wrong_type", "wait_s")),
        ({"wait_s": True}, ("wrong_type", "wait_s")),
        ({"transferred": 1}, ("wrong_type", "transferred")),
        ({"attributes": {"a": 1}}, ("wrong_type", "attributes.a")),
        ({"reported_price": {"amount": "-1", "currency": "USD"}}, ("wrong_type", "reported_price.amount")),
        ({"reported_price": {"amount": "1", "currency": "usd"}}, ("wrong_type", "reported_price.currency")),
        ({"reported_price": {"amount": "1"}}, ("wrong_type", "reported_price.currency")),
        ({"reported_price": "1 USD"}, ("wrong_type", "reported_price")),
        ({"started_at": "2026-11-23T10:00:00"}, ("bad_time", "started_at")),
        ({"started_at": "1969-12-31T23:59:59Z"}, ("bad_time", "started_at")),
        ({"started_at": 1_795_428_000}, ("wrong_type", "started_at")),
        # Of several faults the reason that comes first in the list counts, wherever the faults stand.
        ({"started_at": "soon", "outcome": "won"}, ("unknown_value", "outcome")),
        ({"direction": "in", "wait_s": "1"}, ("wrong_type", "wait_s")),
        ({"call_id": "", "wait_s": "1", "started_at": "soon"}, ("missing_field", "call_id")),
        ({"started_at": "soon", "queue": "__idle__"}, ("unknown_value", "queue")),
        ({"disposition": "answered", "started_at": "soon"}, ("missing_field", "answered_at")),
    ],
)
def test_a_fault_has_its_reason_and_field(fields: dict[str, Any], reason: tuple[str, str]) -> None:
    assert refused(json.dumps(CALL | fields).encode()) == reason


AMOUNT = "a string with a decimal number such as '0.0123', not negative, of at most 12 digits and 18 decimals"
CURRENCY = "a string of three capital letters (ISO 4217), such as 'USD'"


@pytest.mark.parametrize(
    ("fields", "found", "expected"),
    [
        ({"reported_price": {"amount": "-0.2", "currency": "USD"}}, "a string '-0.2'", AMOUNT),
        ({"reported_price": {"amount": 0.2, "currency": "USD"}}, "a number 0.2", AMOUNT),
        ({"reported_price": {"amount": "0.2", "currency": "dollars"}}, "a string 'dollars'", CURRENCY),
        ({"reported_price": {"amount": "0.2"}}, "nothing", "a value"),
        ({"reported_price": "0.2"}, "a string '0.2'", "an object"),
        ({"wrap_s": "5"}, "a string '5'", "a number of seconds"),
        ({"wrap_s": "5" + " " * 39}, "a string '5" + " " * 39 + "'", "a number of seconds"),  # 40 characters
        ({"wrap_s": "5" + " " * 40}, "a string of 41 characters", "a number of seconds"),
        ({"transferred": "yes"}, "a string 'yes'", "true or false"),
        ({"transferred": 1}, "a number 1", "true or false"),
        ({"queue": True}, "a boolean true", "a string"),
        ({"version": "2"}, "a string '2'", "a whole number from 1 to 2^53 - 1"),
        ({"version": 0}, "a number 0", "a whole number from 1 to 2^53 - 1"),
        ({"attributes": ["vip"]}, "an array", "an object"),
        ({"attributes": {"version": 2}}, "a number 2", "a string"),
        ({"outcome": "won"}, "a string 'won'", "'resolved', 'unresolved', 'sale' or 'lead'"),
    ],
)
def test_a_rejection_says_in_words_what_was_found_and_what_is_expected(
    fields: dict[str, Any], found: str, expected: str
) -> None:
    rejection = told(**fields)
    assert isinstance(rejection, Rejection)
    assert (rejection.found, rejection.expected) == (found, expected)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"from_number": ["+302310555666"]}, "an array"),
        ({"to_number": {"n": "+302310555666"}}, "an object"),
        ({"from_number": 302310555666}, "a number 30…66"),
        ({"wrap_s": "+302310555666"}, "a string '+30…66'"),
        ({"transferred": "+30 (2310) 555-666"}, "a string '+30…66'"),
        ({"direction": "2310555666"}, "a string '23…66'"),
    ],
)
def test_a_rejection_never_quotes_a_phone_number(fields: dict[str, Any], found: str) -> None:
    rejection = told(**fields)
    assert isinstance(rejection, Rejection)
    assert rejection.found == found


def test_a_null_is_absent_in_version_1_and_erases_in_a_higher_one() -> None:
    first, second = told(queue=None), told(queue=None, version=2)
    assert isinstance(first, CallVersion)
    assert isinstance(second, CallVersion)
    assert first.fields.queue is UNSET
    assert second.fields.queue is None


def test_an_empty_text_is_absent_in_every_version() -> None:
    for number in (1, 2):
        found = told(queue="", version=number)
        assert isinstance(found, CallVersion)
        assert found.fields.queue is UNSET


def test_an_amendment_needs_nothing_but_its_call_and_version() -> None:
    found = accepted(b'{"call_id": "a", "version": 3, "wrap_s": 12.5}')
    assert (found.number, found.fields.wrap_ms, found.fields.direction) == (3, 12_500, UNSET)


def test_a_tombstone_tells_of_no_call() -> None:
    assert decode(SourceRecord(0, None)) == ()


def test_a_record_holds_one_call() -> None:
    (found,) = decode(SourceRecord(0, OPEN + b"}"))
    assert found == told()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (b', "version": 0', "wrong_type"),
        (b', "version": 18446744073709551616', "wrong_type"),  # no int64 holds it
        (b', "outcome": 1', "wrong_type"),
        (b', "outcome": "maybe"', "unknown_value"),
        (b', "outcome": "maybe", "wrap_s": "5"', "wrong_type"),
    ],
)
def test_numbers_and_closed_sets_are_refused_for_what_is_wrong_with_them(fault: bytes, reason: str) -> None:
    decoded = decode_call(OPEN + fault + b"}")
    assert isinstance(decoded, Rejection)
    assert decoded.reason == reason


@pytest.mark.parametrize("seconds", [b"1e308", b"1" + b"0" * 320, b"604801"])
def test_a_duration_beyond_all_measure_is_absurd_and_breaks_nothing(seconds: bytes) -> None:
    pipeline = Pipeline(centre(), decode)
    rejected = pipeline.feed([SourceRecord(0, OPEN + b', "wait_s": ' + seconds + b"}")])
    assert [one.rejection.reason for one in rejected] == ["absurd_duration"]
    assert len(rejected[0].rejection.found) < 60
