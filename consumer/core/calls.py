"""A call: what one record says of it, the merge of all its versions, and the complete call that is costed.

Owns the fields of a call, their defaults, and which calls are impossible. Knows no platform, no price and no window.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from consumer.core.durations import in_words

DIRECTIONS = ("inbound", "outbound", "internal")
DISPOSITIONS = ("answered", "abandoned", "no_answer", "busy", "failed", "voicemail")
OUTCOMES = ("resolved", "unresolved", "sale", "lead")

IDLE = "__idle__"  # accrued while nobody called
OTHER = "__other__"  # over the limit of values of a dimension
UNKNOWN = "__unknown__"  # the call does not say
RESERVED = frozenset((IDLE, OTHER, UNKNOWN))

#: What a scope, a match or a segment may ask of a call.
DIMENSIONS = (
    "direction", "queue", "agent", "team", "site", "campaign", "trunk", "platform", "disposition", "outcome",
)  # fmt: skip

MAX_DURATION_MS = 604_800_000  # a week: no call is longer, and every bound on money starts from this

Reason = Literal[
    "bad_json", "not_an_object", "missing_field", "wrong_type", "unknown_value", "bad_time", "wrong_order",
    "negative_duration", "absurd_duration", "ended_in_future", "unknown_call",
]  # fmt: skip
#: In the order in which they are checked: of several faults the first names the rejection.
REASONS: tuple[Reason, ...] = Reason.__args__  # type: ignore[attr-defined]


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why an event is not counted as a call: a value, never an exception."""

    reason: Reason
    field: str  # "" where no single field is at fault
    found: str
    expected: str
    unknown_keys: int = 0  # of an event that was an object all the same

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{self.reason}: {where}found {self.found}, expected {self.expected}"


class CallFields(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What one record says of a call. UNSET: it does not say; None: it erases what a lower version said.

    Instants are milliseconds since 1970, durations milliseconds. Packed with one-letter names to spare memory.
    """

    direction: str | UnsetType | None = msgspec.field(default=UNSET, name="d")
    started_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="s")
    ended_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="e")
    disposition: str | UnsetType | None = msgspec.field(default=UNSET, name="i")
    answered_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="a")
    connected_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="c")
    contact_id: str | UnsetType | None = msgspec.field(default=UNSET, name="k")
    platform: str | UnsetType | None = msgspec.field(default=UNSET, name="p")
    wait_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="w")
    ivr_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="v")
    talk_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="t")
    hold_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="h")
    wrap_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="r")
    billable_ms: int | UnsetType | None = msgspec.field(default=UNSET, name="b")
    queue: str | UnsetType | None = msgspec.field(default=UNSET, name="q")
    agent: str | UnsetType | None = msgspec.field(default=UNSET, name="g")
    team: str | UnsetType | None = msgspec.field(default=UNSET, name="m")
    site: str | UnsetType | None = msgspec.field(default=UNSET, name="l")
    campaign: str | UnsetType | None = msgspec.field(default=UNSET, name="n")
    trunk: str | UnsetType | None = msgspec.field(default=UNSET, name="u")
    from_number: str | UnsetType | None = msgspec.field(default=UNSET, name="f")
    to_number: str | UnsetType | None = msgspec.field(default=UNSET, name="o")
    transferred: bool | UnsetType | None = msgspec.field(default=UNSET, name="x")
    outcome: str | UnsetType | None = msgspec.field(default=UNSET, name="y")
    reported_price: tuple[str, str] | UnsetType | None = msgspec.field(default=UNSET, name="z")  # amount, currency


class CallVersion(msgspec.Struct, frozen=True, gc=False):
    """One version of one call, as one record told it. Equal (call_id, number) is the same version told again."""

    call_id: str
    number: int
    fields: CallFields
    unknown_keys: int = 0


#: What a decoder makes of one event. An event that is an object counts its unknown keys even when it is rejected.
Decoded = CallVersion | Rejection


class SourceRecord(NamedTuple):
    """One record of a source log. Offsets ascend and may have holes; one record may hold several events."""

    offset: int
    value: bytes | None  # None: a tombstone, no event at all
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None  # when the log took it; None where nothing says (recorded files)


#: A pure function, without state across records.
Decoder = Callable[[SourceRecord], Sequence[Decoded]]


class CompletedCall(msgspec.Struct, gc=False):
    """A call as it is costed: the merge of its versions, with the defaults filled in. Absent text is None."""

    call_id: str
    contact_id: str
    direction: str
    disposition: str
    started_ms: int
    ended_ms: int
    connect_ms: int  # where the carrier's increments are counted from: connected, else started
    talk_ms: int
    hold_ms: int
    wrap_ms: int
    wait_ms: int
    ivr_ms: int
    billable_ms: int
    queue: str | None
    agent: str | None
    team: str | None
    site: str | None
    campaign: str | None
    trunk: str | None
    platform: str | None
    outcome: str | None
    from_number: str | None
    to_number: str | None
    transferred: bool
    reported_price: tuple[str, str] | None
    first_of_contact: bool = True  # the least (started_at, call_id) of the contact's calls; the fold decides


FIELDS = CallFields.__struct_fields__
REQUIRED = {"direction": "direction", "started_ms": "started_at", "ended_ms": "ended_at", "disposition": "disposition"}
_DURATIONS = {
    "wait_ms": "wait_s", "ivr_ms": "ivr_s", "talk_ms": "talk_s", "hold_ms": "hold_s", "wrap_ms": "wrap_s",
    "billable_ms": "billable_s",
}  # fmt: skip


def merge(versions: Sequence[tuple[int, CallFields]]) -> CallFields:
    """The fields of a call: each from the highest version that has it; None where that version erased it."""
    if len(versions) == 1:
        return versions[0][1]
    by_number = sorted(versions, key=itemgetter(0))
    merged: Sequence[Any] = msgspec.structs.astuple(by_number[0][1])
    for _, fields in by_number[1:]:
        said = msgspec.structs.astuple(fields)
        merged = [old if new is UNSET else new for new, old in zip(said, merged)]  # noqa: B905 - the same struct's
    return CallFields(*merged)


def missing_field(fields: CallFields) -> str | None:
    """The first required field that a merge lacks, in the words of users; None when it is complete."""
    for name, wire_name in REQUIRED.items():
        if not getattr(fields, name):
            if name.endswith("_ms") and getattr(fields, name) == 0:
                continue  # midnight of 1 January 1970 is an instant
            return wire_name
    if fields.disposition in ("answered", "voicemail") and not isinstance(fields.answered_ms, int):
        return "answered_at"
    return None


def complete(call_id: str, fields: CallFields) -> CompletedCall | Rejection:
    """The complete call that a merge makes, or why there can be none."""
    started, ended, answered = fields.started_ms, fields.ended_ms, fields.answered_ms
    direction, disposition = fields.direction, fields.disposition
    if not direction or not disposition or type(started) is not int or type(ended) is not int:
        return _missing(fields)
    if type(answered) is not int:
        if disposition in ("answered", "voicemail"):
            return _missing(fields)
        answered = None
    connected = fields.connected_ms
    if type(connected) is not int:
        connected = answered
    if (
        not started
        <= (started if connected is None else connected)
        <= (ended if answered is None else answered)
        <= ended
    ):
        return _wrong_order(started, connected, answered, ended)
    hold, talk, billable = fields.hold_ms or 0, fields.talk_ms, fields.billable_ms
    if talk is UNSET or talk is None:
        talk = ended - answered - hold if disposition == "answered" and answered is not None else 0
    if billable is UNSET or billable is None:
        billable = 0 if connected is None else ended - connected
    wrap, wait, ivr = fields.wrap_ms or 0, fields.wait_ms or 0, fields.ivr_ms or 0
    # A bit-wise or is negative if any part is, and at least as large as each: only what fails it needs a closer look.
    if not 0 <= talk | hold | wrap | wait | ivr | billable | (ended - started) <= MAX_DURATION_MS:
        durations = (talk, hold, wrap, wait, ivr, billable, ended - started)
        if min(durations) < 0 or max(durations) > MAX_DURATION_MS:
            return impossible_duration(fields) or _impossible_call(talk, ended - started)
    return CompletedCall(
        call_id, fields.contact_id or call_id, direction, disposition, started, ended,
        started if connected is None else connected, talk, hold, wrap, wait, ivr, billable,
        fields.queue or None, fields.agent or None, fields.team or None, fields.site or None, fields.campaign or None,
        fields.trunk or None, fields.platform or None, fields.outcome or None, fields.from_number or None,
        fields.to_number or None, bool(fields.transferred), fields.reported_price or None,
    )  # fmt: skip


def impossible_duration(fields: CallFields) -> Rejection | None:
    """The first duration that a record states and that no call can have: negative ones before absurd ones."""
    stated = [(name, value) for name in _DURATIONS if isinstance(value := getattr(fields, name), int)]
    for name, value in stated:
        if value < 0:
            return Rejection("negative_duration", _DURATIONS[name], in_words(value), "0 s or more")
    for name, value in stated:
        if value > MAX_DURATION_MS:
            return Rejection("absurd_duration", _DURATIONS[name], in_words(value), "604800 s (a week) or less")
    return None


def _impossible_call(talk_ms: int, whole_ms: int) -> Rejection:
    if talk_ms < 0:
        found = f"ended_at - answered_at - hold_s = {in_words(talk_ms)}"
        return Rejection("negative_duration", "talk_s", found, "hold_s no longer than the conversation")
    return Rejection("absurd_duration", "ended_at", f"a call of {in_words(whole_ms)}", "604800 s (a week) or less")


def _missing(fields: CallFields) -> Rejection:
    name = missing_field(fields) or "answered_at"
    return Rejection("missing_field", name, "nothing", "a value: a complete call needs it")


def _wrong_order(started: int, connected: int | None, answered: int | None, ended: int) -> Rejection:
    steps: Sequence[tuple[str, int | None]] = (
        ("started_at", started), ("connected_at", connected), ("answered_at", answered), ("ended_at", ended),
    )  # fmt: skip
    known = [(name, instant) for name, instant in steps if instant is not None]
    for (before, earlier), (after, later) in pairwise(known):
        if earlier > later:
            found = f"{after} {in_words(earlier - later)} before {before}"
            return Rejection("wrong_order", after, found, "started_at ≤ connected_at ≤ answered_at ≤ ended_at")
    raise AssertionError("the times were in order")
