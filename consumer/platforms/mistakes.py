"""What is wrong with a record, as every platform says it.

Owns which of several mistakes counts, and how a JSON value is named without quoting what may be a phone number.
"""

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from consumer.core.calls import REASONS, Reason, Rejection

_JSON_TYPES: dict[type, str] = {
    bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array", dict: "an object",
    type(None): "null",
}  # fmt: skip


def json_type(value: Any) -> str:
    """What kind of JSON it is."""
    return _JSON_TYPES.get(type(value), "something else")


def worst(mistakes: Sequence[Rejection]) -> Rejection:
    """The one that counts, of several."""
    return min(mistakes, key=lambda mistake: REASONS.index(mistake.reason))


def mistake(fault: ErrorDetails, reason: Reason, time_expected: str) -> Rejection:
    """A fault that pydantic found. Only values of closed sets and times are quoted: others may be phone numbers."""
    field, value = str(fault["loc"][0]), fault["input"]
    if reason == "missing_field":
        return Rejection(reason, field, "nothing", "a value")
    if reason == "bad_time":
        return Rejection(reason, field, repr(value)[:60], time_expected)
    shown = f" {value!r}"[:60] if reason == "unknown_value" else ""
    return Rejection(reason, field, json_type(value) + shown, fault["msg"].removeprefix("Input should be "))
