"""CloudEvents 1.0 around any platform's payload, in structured and in binary mode.

Owns the envelope and knows nothing of what is in it. An event without data is a tombstone: no event of ours.
`datacontenttype` is not asked: senders write it wrongly, and the platform is known anyway.
"""

import base64
from collections.abc import Sequence

import msgspec

from consumer.core.calls import Decoded, Decoder, Rejection, SourceRecord

_STRUCTURED = b"application/cloudevents"
_REQUIRED = ("specversion", "id", "source", "type")
_EXPECTED = "a CloudEvents envelope or an array of them"

_decode_attributes = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_Envelope = dict[str, msgspec.Raw]


def cloudevents(decode: Decoder) -> Decoder:
    """Make of a decoder of payloads one that opens envelopes as well.

    Structured mode where a content-type header says so; without that header, where an object, or any in an array, has
    all required attributes. In binary mode the value is the payload, and a null value is a tombstone.
    """

    def decode_any(record: SourceRecord) -> Sequence[Decoded]:
        value = record.value
        if value is None:
            return ()
        if _says_structured(record.headers):
            return _open_all(value, record, decode)
        if b'"specversion"' in value and not _is_binary(record.headers) and _has_envelope(value):
            return _open_all(value, record, decode)
        return decode(record)

    return decode_any


def _says_structured(headers: Sequence[tuple[str, bytes]]) -> bool:
    return any(
        name.lower() == "content-type" and value.strip().lower().startswith(_STRUCTURED) for name, value in headers
    )


def _is_binary(headers: Sequence[tuple[str, bytes]]) -> bool:
    return any(name.lower() in ("ce_specversion", "ce-specversion") for name, _ in headers)


def _has_envelope(value: bytes) -> bool:
    try:
        envelopes = [_decode_attributes(part) for part in _parts(value)]
    except _BAD:
        return False
    return any(all(name in envelope for name in _REQUIRED) for envelope in envelopes)


def _parts(value: bytes) -> Sequence[bytes | msgspec.Raw]:
    return _decode_batch(value) if value.lstrip().startswith(b"[") else (value,)


def _open_all(value: bytes, record: SourceRecord, decode: Decoder) -> Sequence[Decoded]:
    try:
        parts = _parts(value)
    except _BAD as error:
        return (Rejection("bad_json", "", f"{len(value)} bytes: {error}", _EXPECTED),)
    return tuple(event for part in parts for event in _open(part, record, decode))


def _open(part: bytes | msgspec.Raw, record: SourceRecord, decode: Decoder) -> Sequence[Decoded]:
    try:
        envelope = _decode_attributes(part)
    except msgspec.ValidationError:
        return (Rejection("not_an_object", "", "a JSON value of another kind", _EXPECTED),)
    except _BAD as error:
        return (Rejection("bad_json", "", f"{len(bytes(part))} bytes: {error}", _EXPECTED),)
    try:
        payload = _fault(envelope) or _payload(envelope)
    except _BAD as error:
        return (Rejection("bad_json", "", str(error), "attributes in UTF-8"),)
    if isinstance(payload, Rejection):
        return (payload,)
    return () if payload is None else decode(record._replace(value=payload))


def _fault(envelope: _Envelope) -> Rejection | None:
    """Look for a required attribute that is absent, then for one that is no text, then for another specification."""
    for name in _REQUIRED:
        if name not in envelope:
            return Rejection("missing_field", name, "nothing", "a required attribute of CloudEvents")
    for name in _REQUIRED:
        if not bytes(envelope[name]).startswith(b'"') or bytes(envelope[name]) == b'""':
            return Rejection("wrong_type", name, bytes(envelope[name])[:60].decode("utf-8", "replace"), "a text")
    if _decode_text(envelope["specversion"]) != "1.0":
        found = repr(_decode_text(envelope["specversion"])[:60])
        return Rejection("unknown_value", "specversion", found, "1.0")
    return None


def _payload(envelope: _Envelope) -> bytes | Rejection | None:
    """Take out what the platform sent, JSON as it stands so that no number changes; None where there is nothing."""
    raw = {name: bytes(envelope[name]) for name in ("data", "data_base64") if name in envelope}
    raw = {name: value for name, value in raw.items() if value != b"null"}
    if len(raw) == 2:
        return Rejection("wrong_type", "data_base64", "data as well", "one of the two")
    if "data" in raw:
        data = raw["data"]
        return (_decode_text(data).encode() or None) if data.startswith(b'"') else data
    if "data_base64" not in raw:
        return None
    try:
        return base64.b64decode(_decode_text(raw["data_base64"]), validate=True) or None
    except ValueError as error:
        return Rejection("wrong_type", "data_base64", str(error), "a text in base64")
