import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calls import CallFields, CallVersion, Decoded, Rejection, SourceRecord
from consumer.platforms.cloudevents import cloudevents

STRUCTURED = (("Content-Type", b"application/cloudevents+json; charset=UTF-8"),)
BINARY = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/pbx"), ("ce_type", b"call.ended"))
ENVELOPE = {"specversion": "1.0", "id": "e-1", "source": "/pbx/athens", "type": "com.example.call.ended"}


def payload(record: SourceRecord) -> Sequence[Decoded]:
    """A decoder that tells what bytes came to it."""
    return (CallVersion(str(record.value), 1, CallFields()),)


def payloads_of(value: Any, headers: tuple[tuple[str, bytes], ...] = STRUCTURED) -> list[str]:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    events = cloudevents(payload)(SourceRecord(0, content, headers))
    return [str(event) if isinstance(event, Rejection) else event.call_id for event in events]


def rejection_of(value: Any) -> Rejection:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    (rejection,) = cloudevents(payload)(SourceRecord(0, content, STRUCTURED))
    assert isinstance(rejection, Rejection), rejection
    return rejection


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE"])
@pytest.mark.parametrize("value", [b"application/cloudevents+json", b" Application/CloudEvents-batch+json"])
def test_header_in_any_case_says_structured(name: str, value: bytes) -> None:
    assert payloads_of(ENVELOPE | {"data": {"a": 1}}, ((name, value),)) == ["b'{\"a\": 1}'"]


@pytest.mark.parametrize("headers", [(), (("content-type", b"application/json"),)])
def test_envelope_is_known_without_the_header(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert payloads_of(ENVELOPE | {"data": {"a": 1}}, headers) == ["b'{\"a\": 1}'"]


def test_plain_payload_is_passed_on_as_it_is() -> None:
    assert payloads_of(b'{"a":1}', ()) == ["b'{\"a\":1}'"]
    assert payloads_of(b'{"specversion": "of something else"}', ()) == ['b\'{"specversion": "of something else"}\'']
    assert payloads_of(b'{"specversion"', ()) == ["b'{\"specversion\"'"]


def test_json_data_keeps_its_bytes() -> None:
    """Read and written again, the number would have changed."""
    value = json.dumps(ENVELOPE)[:-1].encode() + b', "data": {"price": 0.10000000000000000001, "at": "\\u00e9"}}'
    assert payloads_of(value) == [str(b'{"price": 0.10000000000000000001, "at": "\\u00e9"}')]


def test_text_data_is_its_text() -> None:
    assert payloads_of(ENVELOPE | {"data": 'a,"b",é'}) == [str('a,"b",é'.encode())]


def test_binary_data_is_decoded() -> None:
    assert payloads_of(ENVELOPE | {"data_base64": base64.b64encode(b"\xff\x00").decode()}) == [str(b"\xff\x00")]


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": ""}, {"data_base64": ""}, {"data_base64": None}])
def test_envelope_without_data_is_a_tombstone(data: dict[str, Any]) -> None:
    assert payloads_of(ENVELOPE | data) == []


def test_null_value_is_a_tombstone_in_either_mode() -> None:
    for headers in ((), BINARY, STRUCTURED):
        assert cloudevents(payload)(SourceRecord(0, None, headers)) == ()


def test_binary_mode_passes_the_value_on() -> None:
    value = json.dumps(ENVELOPE | {"data": 1}).encode()
    assert payloads_of(value, BINARY) == [str(value)]
    assert payloads_of(value, (("CE-SpecVersion", b"1.0"),)) == [str(value)]


@pytest.mark.parametrize("headers", [(), STRUCTURED])
def test_array_of_envelopes_is_several_events(headers: tuple[tuple[str, bytes], ...]) -> None:
    events = [ENVELOPE | {"data": 1}, ENVELOPE, {"id": "broken"}, ENVELOPE | {"data": 2}]
    first, broken, last = payloads_of(events, headers)
    assert (first, last) == ("b'1'", "b'2'")
    assert broken.startswith("missing_field: specversion:")


def test_datacontenttype_is_not_asked() -> None:
    assert payloads_of(ENVELOPE | {"data": 1, "datacontenttype": "2026-11-23T10:00:00Z"}) == ["b'1'"]


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_broken_envelope_names_the_attribute(name: str) -> None:
    absent = rejection_of({key: value for key, value in ENVELOPE.items() if key != name})
    assert (absent.reason, absent.field) == ("missing_field", name)
    for value in (7, "", None, []):
        mistyped = rejection_of(ENVELOPE | {name: value})
        assert (mistyped.reason, mistyped.field) == ("wrong_type", name)


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (b"{", "bad_json", ""),
        (b"[{", "bad_json", ""),
        (b"", "bad_json", ""),
        (b"7", "not_an_object", ""),
        (b"[7]", "not_an_object", ""),
        (json.dumps(ENVELOPE)[:-1].encode() + b', "data": "\xff"}', "bad_json", ""),
        (ENVELOPE | {"specversion": "0.3"}, "unknown_value", "specversion"),
        (ENVELOPE | {"data": 1, "data_base64": "AA=="}, "wrong_type", "data_base64"),
        (ENVELOPE | {"data_base64": "A"}, "wrong_type", "data_base64"),
        (ENVELOPE | {"data_base64": "é"}, "wrong_type", "data_base64"),
        (ENVELOPE | {"data_base64": 5}, "wrong_type", "data_base64"),
    ],
)
def test_other_faults_of_an_envelope(value: Any, reason: str, field: str) -> None:
    rejection = rejection_of(value)
    assert (rejection.reason, rejection.field) == (reason, field)


ATTRIBUTES = st.sampled_from([*ENVELOPE, "data", "data_base64"])
VALUES = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.sampled_from(list(ENVELOPE.values())))


@given(
    st.one_of(st.binary(), st.binary().map(lambda value: b'{"specversion"' + value)), st.sampled_from([(), STRUCTURED])
)
def test_no_bytes_make_it_raise(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
    cloudevents(payload)(SourceRecord(0, value, headers))


@given(st.dictionaries(ATTRIBUTES, VALUES), st.sampled_from([(), STRUCTURED]))
def test_no_attributes_make_it_raise(changed: dict[str, Any], headers: tuple[tuple[str, bytes], ...]) -> None:
    cloudevents(payload)(SourceRecord(0, json.dumps(ENVELOPE | changed).encode(), headers))
