"""Which platform wrote a file, told from its first record.

Owns the marks by which formats are told apart. What it cannot tell it does not guess.
"""

import csv
import io
import json
from typing import Any

from consumer.platforms.asterisk import layout_of

#: A form with these fields, or an object with these keys, is a status callback.
_TWILIO_FORM = frozenset(("CallSid", "CallStatus"))

#: A platform's JSON has all keys of one of these sets.
_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("callcost", frozenset(("call_id", "started_at"))),
    ("callcost", frozenset(("call_id", "version"))),  # an amendment
    ("kamailio", frozenset(("callid", "invite_time"))),
    ("kamailio", frozenset(("callid", "start_time", "end_time"))),
    ("kamailio", frozenset(("callid", "method", "sip_code"))),
    ("twilio", _TWILIO_FORM),
    ("twilio", frozenset(("sid", "start_time", "duration", "price_unit"))),
)
_ENVELOPE = frozenset(("specversion", "type", "source", "id"))


def guess(sample: bytes) -> str | None:
    """Name the platform from the beginning of a file, first record whole; None where nothing tells."""
    text = sample.decode("utf-8-sig", "replace").lstrip()
    if text.startswith(("{", "[")):
        return _guess_json(text)
    return _guess_form(text) or _guess_csv(text)


def _guess_json(text: str) -> str | None:
    try:
        record, _ = json.JSONDecoder().raw_decode(text.removeprefix("[").lstrip())
    except (ValueError, RecursionError):  # cut short, or no JSON
        return None
    keys = _keys(record)
    return next((platform for platform, marks in _MARKS if marks <= keys), None)


def _keys(record: Any) -> frozenset[str]:
    """List the keys of a record, of what its CloudEvents envelope holds, or of the first call of Twilio's page."""
    if isinstance(record, dict) and record.keys() >= _ENVELOPE:
        record = record.get("data")
    if isinstance(record, dict) and isinstance(calls := record.get("calls"), list) and calls:
        record = calls[0]
    return frozenset(record) if isinstance(record, dict) else frozenset()


def _guess_form(text: str) -> str | None:
    line = text.partition("\n")[0]
    names = {field.partition("=")[0] for field in line.split("&")}
    return "twilio" if names >= _TWILIO_FORM else None


def _guess_csv(text: str) -> str | None:
    try:
        row = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return None
    return layout_of(row)
