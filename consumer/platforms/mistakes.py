"""What is wrong with a record, as every platform says it.

Owns which of several mistakes counts, and the words for what was found and what is expected. Short values are quoted;
of what may be a phone number only the first and last two digits.
"""

import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from consumer.core.calls import REASONS, Reason, Rejection

_JSON_TYPES: dict[type, str] = {
    bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array", dict: "an object",
    type(None): "null",
}  # fmt: skip

_SHORT = 40  # characters; what is longer was meant as something else
_PHONE_NUMBER = re.compile(r"\d(?:[\s().\-/]*\d){6,}")

#: What a value of a field has to look like, where its kind does not say it all.
_EXPECTED_OF_FIELD = {
    "version": "a whole number from 1 to 2^53 - 1",
    "reported_price.amount": (
        "a string with a decimal number such as '0.0123', not negative, of at most 12 digits and 18 decimals"
    ),
    "reported_price.currency": "a string of three capital letters (ISO 4217), such as 'USD'",
    "price": "a string with a decimal number such as '-0.0123', of at most 12 digits and 18 decimals",
    "price_unit": "a string of three letters (ISO 4217), such as 'USD'",
    "sip_code": "a final status of SIP: 200 to 699",
    "SequenceNumber": "a whole number, 0 or more",
    "CallDuration": "a number of seconds, 0 to 604800",
    "duration": "a number of seconds, 0 to 604800",
    "queue_time": "a number of milliseconds, 0 or more and at most a week",
}
#: By pydantic's name of the fault, where the words are pydantic's own.
_EXPECTED_OF_KIND = {
    "string_type": "a string",
    "float_type": "a number of seconds",
    "decimal_type": "a number",
    "bool_type": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
}


def json_type(value: Any) -> str:
    """What kind of JSON it is."""
    return _JSON_TYPES.get(type(value), "something else")


def worst(mistakes: Sequence[Rejection]) -> Rejection:
    """The one that counts, of several."""
    return min(mistakes, key=lambda mistake: REASONS.index(mistake.reason))


def path(fault: ErrorDetails) -> str:
    """Where a fault of pydantic's is: the names of the fields that lead to it."""
    return ".".join(str(part) for part in fault["loc"])


def found_by(fault: ErrorDetails) -> str:
    """What a fault of pydantic's found: the kind of value and, if it is short, the value."""
    value, kind = fault["input"], json_type(fault["input"])
    if fault["type"] == "missing":
        return "nothing"
    if isinstance(value, bool):
        return f"{kind} {str(value).lower()}"
    if isinstance(value, str):
        return f"{kind} {_masked(repr(value))}" if len(value) <= _SHORT else f"{kind} of {len(value)} characters"
    if isinstance(value, int | float):
        shown = repr(value)[:60]
        return f"{kind} {_masked(shown) if fault['type'] == 'string_type' else shown}"
    return kind


def expected_by(fault: ErrorDetails) -> str:
    """What a fault of pydantic's expected, in words."""
    if fault["type"] == "missing":
        return "a value"
    said = fault["msg"].removeprefix("Decimal input should be ").removeprefix("Input should be ")
    of_kind = said if said == fault["msg"] else _EXPECTED_OF_KIND.get(fault["type"], said)
    return _EXPECTED_OF_FIELD.get(path(fault), of_kind)


def mistake(fault: ErrorDetails, reason: Reason, time_expected: str) -> Rejection:
    """A fault that pydantic found in a platform's record."""
    field, value = str(fault["loc"][0]), fault["input"]
    if reason == "missing_field":
        return Rejection(reason, field, "nothing", "a value")
    if reason == "bad_time":
        return Rejection(reason, field, repr(value)[:60], time_expected)
    return Rejection(reason, field, found_by(fault), expected_by(fault))


def _masked(text: str) -> str:
    return _PHONE_NUMBER.sub(lambda found: f"{found[0][:2]}…{found[0][-2:]}", text)
