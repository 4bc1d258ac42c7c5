"""The canonical JSON call: our own format, and the fast path of everything.

Owns the step from JSON to a CallVersion. Records that are not well made go to the pydantic model, which is slower and
says what is wrong.
"""

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Union, get_args

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from consumer.core.calls import RESERVED, CallFields, CallVersion, Decoded, Reason, Rejection, SourceRecord
from consumer.core.instants import parse_rfc3339
from consumer.platforms.mistakes import expected_by, found_by, json_type, path
from schemas.call import HIGHEST_VERSION, KEYS, CallAmendment, Direction, Disposition, Outcome

_Text = str | UnsetType | None
_Seconds = int | float | UnsetType | None


class _Price(msgspec.Struct, gc=False):
    amount: str
    currency: str


class _Call(msgspec.Struct, gc=False):
    call_id: str
    version: int | UnsetType | None = UNSET
    direction: Direction | UnsetType | None = UNSET
    started_at: _Text = UNSET
    ended_at: _Text = UNSET
    disposition: Disposition | UnsetType | None = UNSET
    answered_at: _Text = UNSET
    connected_at: _Text = UNSET
    contact_id: _Text = UNSET
    platform: _Text = UNSET
    wait_s: _Seconds = UNSET
    ivr_s: _Seconds = UNSET
    talk_s: _Seconds = UNSET
    hold_s: _Seconds = UNSET
    wrap_s: _Seconds = UNSET
    billable_s: _Seconds = UNSET
    queue: _Text = UNSET
    agent: _Text = UNSET
    team: _Text = UNSET
    site: _Text = UNSET
    campaign: _Text = UNSET
    trunk: _Text = UNSET
    from_number: _Text = UNSET
    to_number: _Text = UNSET
    transferred: bool | UnsetType | None = UNSET
    outcome: Outcome | UnsetType | None = UNSET
    reported_price: _Price | UnsetType | None = UNSET
    attributes: dict[str, str] | UnsetType | None = UNSET


def _but_none(declared: Any) -> tuple[Any, ...]:
    return tuple(kind for kind in get_args(declared) if kind is not type(None))


def _well_made() -> type[_Call]:
    """_Call without nulls, empty texts and unknown keys: what a record without anything peculiar is."""
    narrow = {_Text: Annotated[str, msgspec.Meta(min_length=1)] | UnsetType}
    fields: list[Any] = [("call_id", Annotated[str, msgspec.Meta(min_length=1)])]
    for name, declared in list(_Call.__annotations__.items())[1:]:
        present = narrow.get(declared) or Union[*_but_none(declared)]
        fields.append((name, present, UNSET))
    made: type[_Call] = msgspec.defstruct("WellMadeCall", fields, gc=False, forbid_unknown_fields=True)  # type: ignore[assignment]
    return made


_decode_well_made = msgspec.json.Decoder(_well_made()).decode
_decode_any = msgspec.json.Decoder(_Call).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_plain = msgspec.json.Decoder().decode
#: What msgspec raises for bytes that are no JSON, for other types than asked for, and for bottomless nesting.
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_FINE_S = 1e9  # beyond it a duration is absurd, whatever its decimals
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,18})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_TEXTS = (
    "contact_id", "platform", "queue", "agent", "team", "site", "campaign", "trunk", "from_number", "to_number",
    "started_at", "ended_at", "answered_at", "connected_at",
)  # fmt: skip


def decode(record: SourceRecord) -> Sequence[Decoded]:
    """One record holds one call."""
    if record.value is None:
        return ()
    return (decode_call(record.value),)


def decode_call(value: bytes) -> Decoded:
    """JSON of one canonical call."""
    unknown_keys = 0
    try:
        call = _decode_well_made(value)
    except _BAD:
        try:
            call = _decode_any(value)
            unknown_keys = len(_decode_keys(value).keys() - KEYS)
        except _BAD:
            return _judge(value)
        if not _make_plain(call):
            return _judge(value)
    try:
        fields = _fields(call)
    except ValueError:
        return _judge(value)
    version = call.version if isinstance(call.version, int) else 1
    if not 1 <= version <= HIGHEST_VERSION or not RESERVED.isdisjoint(
        (call.call_id, fields.queue, fields.site, fields.agent, fields.team, fields.campaign, fields.trunk,
         fields.platform, fields.contact_id, fields.from_number, fields.to_number)
    ):  # fmt: skip
        return _judge(value)
    return CallVersion(call.call_id, version, fields, unknown_keys)


def _make_plain(call: _Call) -> bool:
    """Drop empty texts, and nulls of version 1; False where the record needs a closer look."""
    erases = isinstance(call.version, int) and call.version > 1
    for name in call.__struct_fields__:
        value = getattr(call, name)
        if value == "" or (value is None and not erases):
            setattr(call, name, UNSET)
    return bool(call.call_id)


def _fields(call: _Call) -> CallFields:
    price = call.reported_price
    return CallFields(
        call.direction,
        parse_rfc3339(call.started_at) if call.started_at else call.started_at,  # type: ignore[arg-type]
        parse_rfc3339(call.ended_at) if call.ended_at else call.ended_at,  # type: ignore[arg-type]
        call.disposition,
        parse_rfc3339(call.answered_at) if call.answered_at else call.answered_at,  # type: ignore[arg-type]
        parse_rfc3339(call.connected_at) if call.connected_at else call.connected_at,  # type: ignore[arg-type]
        call.contact_id,
        call.platform,
        _ms(call.wait_s),
        _ms(call.ivr_s),
        _ms(call.talk_s),
        _ms(call.hold_s),
        _ms(call.wrap_s),
        _ms(call.billable_s),
        call.queue,
        call.agent,
        call.team,
        call.site,
        call.campaign,
        call.trunk,
        call.from_number,
        call.to_number,
        call.transferred,
        call.outcome,
        _price(price) if isinstance(price, _Price) else price,
    )


def _ms(seconds: _Seconds) -> int | UnsetType | None:
    """Seconds of a JSON number, rounded half-up to the ms.

    A float stands for the shortest decimal that reads as it, which is what the sender wrote: 1.0005 is 1.001 s.
    """
    if type(seconds) is int:
        return seconds * 1000
    if type(seconds) is float:
        if not -_FINE_S < seconds < _FINE_S:
            return int(seconds) * 1000
        scaled = seconds * 1000
        nearest = math.floor(scaled + 0.5)
        if -0.4999 < scaled - nearest < 0.4999:
            return nearest
        return int((Decimal(repr(seconds)) * 1000).quantize(Decimal(1), ROUND_HALF_UP))
    return seconds  # type: ignore[return-value]  # UNSET or None


def _price(price: _Price) -> tuple[str, str]:
    if _PRICE.fullmatch(price.amount) is None or _CURRENCY.fullmatch(price.currency) is None:
        raise ValueError("a malformed price")
    return price.amount, price.currency


# The slow path: a record that is not well made, or holds something that only looks like it.


def _judge(value: bytes) -> Decoded:
    """What is wrong with a record: of several faults the one whose reason comes first."""
    try:
        found = _decode_plain(value)
    except _BAD as error:
        return Rejection("bad_json", "", f"{len(value)} bytes: {error}", "one JSON object")
    if not isinstance(found, dict):
        return Rejection("not_an_object", "", json_type(found), "a JSON object")
    unknown = len(found.keys() - KEYS)
    number = found.get("version")
    erases = type(number) is int and number > 1
    said = {key: item for key, item in found.items() if item != "" and (erases or item is not None)}
    return (
        _missing(said, erases, unknown)
        or _mistyped(said, unknown)
        or _mistaken(said, unknown)
        or _version(said, unknown)
    )


def _missing(said: dict[str, Any], erases: bool, unknown: int) -> Rejection | None:
    required = ["call_id"] if erases else ["call_id", "direction", "started_at", "ended_at", "disposition"]
    if not erases and said.get("disposition") in ("answered", "voicemail"):
        required.append("answered_at")
    for name in required:
        if said.get(name) is None:
            return Rejection("missing_field", name, "nothing", "a value", unknown)
    return None


def _mistyped(said: dict[str, Any], unknown: int) -> Rejection | None:
    try:
        CallAmendment.model_validate(said)
    except ValidationError as error:
        faults = [_fault(fault, unknown) for fault in error.errors(include_url=False)]
        return min(faults, key=lambda fault: fault.reason == "unknown_value")  # the first, wrong types before
    return None


def _fault(fault: ErrorDetails, unknown: int) -> Rejection:
    is_unknown = fault["type"] == "literal_error" and isinstance(fault["input"], str)
    reason: Reason = "unknown_value" if is_unknown else "wrong_type"
    return Rejection(reason, path(fault), found_by(fault), expected_by(fault), unknown)


def _mistaken(said: dict[str, Any], unknown: int) -> Rejection | None:
    """Types are right: reserved names, then times."""
    for name in ("call_id", *_TEXTS):
        if said.get(name) in RESERVED:
            return Rejection("unknown_value", name, f"the reserved name {said[name]}", "another name", unknown)
    for name in ("started_at", "ended_at", "answered_at", "connected_at"):
        if said.get(name) is not None:
            try:
                parse_rfc3339(said[name])
            except ValueError as error:
                expected = str(error).removeprefix("expected ")
                return Rejection("bad_time", name, repr(said[name])[:60], expected, unknown)
    return None


def _version(said: dict[str, Any], unknown: int) -> CallVersion:
    """A record that was well made after all: it held nulls, empty texts or escapes."""
    call = msgspec.convert(said, _Call)
    return CallVersion(call.call_id, int(call.version or 1), _fields(call), unknown)
