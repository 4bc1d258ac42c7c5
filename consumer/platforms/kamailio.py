"""Kamailio's accounting records as JSON: dialogs with and without extras, and transactions.

Owns the step from a record to a version of a call. A dialog's record is told once and is version 1. Of transactions
the INVITE is version 2 and the BYE version 3, so that the fold joins them in any order of arrival. Use one of the two
kinds: a proxy that sends both has every call counted twice, for their ids differ.

A call that lost its BYE (`ended_by` timeout) lasted to the dialog's limit: nothing better is known, so it counts.
Keys that the models do not name are the administrator's own extras: they are not counted as unknown.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

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
from consumer.platforms.direction import DEFAULT_RULE, DirectionRule
from consumer.platforms.mistakes import json_type, mistake, worst
from consumer.platforms.uris import uri_user
from schemas.kamailio import DIALOG_CALL_KEYS, TIMES, DialogCall, DialogCdr, Transaction

#: Final answers that say more than that the call failed. A gateway answers 480 where its network says that nobody took
#: the call (RFC 3398, 7.2.4.1: cause 19); 600 is a callee busy everywhere (RFC 3261, 21.6.1).
_DISPOSITIONS = {486: "busy", 600: "busy", 408: "no_answer", 480: "no_answer", 487: "abandoned"}

#: Keys of records that others make of the same events.
_FOREIGN = {"cgr_answertime": "an event of CGRateS' evapi", "params": "an OpenSIPS event as JSON-RPC"}

_MILLISECOND = Decimal("0.001")
_TIME = "Unix time in seconds, such as 1795470689.128, before 2200"
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def kamailio(direction: DirectionRule = DEFAULT_RULE) -> Decoder:
    """Make the decoder of one record, or of an array of them. direction: for records that do not say it."""

    def decode(record: SourceRecord) -> Sequence[Decoded]:
        if record.value is None:
            return ()
        try:
            found = msgspec.json.decode(record.value)
        except _BAD as error:
            return (
                Rejection("bad_json", "", f"{len(record.value)} bytes: {error}", "a JSON object, or an array of them"),
            )
        return tuple(_decode(item, direction) for item in (found if isinstance(found, list) else [found]))

    return decode


def _decode(found: Any, rule: DirectionRule) -> Decoded:
    if not isinstance(found, dict):
        return Rejection("not_an_object", "", json_type(found), "a JSON object")
    try:
        version = _version(found, rule)
    except ValidationError as error:
        return _foreign(found) or worst(
            [mistake(fault, _reason(fault), _TIME) for fault in error.errors(include_url=False)] + _reserved(found)
        )
    reserved = _reserved(found)
    return reserved[0] if reserved else version


def _version(found: dict[str, Any], rule: DirectionRule) -> CallVersion:
    """Tell the kinds of record apart by their keys. Raises ValidationError."""
    if "method" in found:
        return _transaction(Transaction.model_validate(found), rule)
    if not DIALOG_CALL_KEYS.isdisjoint(found):
        return _dialog_call(DialogCall.model_validate(found), rule)
    return _dialog_cdr(DialogCdr.model_validate(found), rule)


def _dialog_call(call: DialogCall, rule: DirectionRule) -> CallVersion:
    fields = _parties(call, rule)
    fields.started_ms, fields.ended_ms = _instant_ms(call.invite_time), _instant_ms(call.hangup_time)
    if call.answer_time is not None:
        fields.answered_ms = _instant_ms(call.answer_time)
    fields.disposition = "answered" if call.answer_time is not None else _unanswered(call.sip_code)
    return CallVersion(_call_id(call), 1, fields)


def _dialog_cdr(cdr: DialogCdr, rule: DirectionRule) -> CallVersion:
    """Count a call without extras from its start, which is the ACK, or the INVITE: then ringing counts as talk.

    Without a status, a call of no length is one that failed (acc's `cdr_on_failed`).
    """
    fields = _parties(cdr, rule)
    started_ms, ended_ms = _instant_ms(cdr.start_time), _instant_ms(cdr.end_time)
    fields.started_ms, fields.ended_ms, fields.billable_ms = started_ms, ended_ms, _duration_ms(cdr.duration)
    was_answered = ended_ms != started_ms if cdr.sip_code is None else cdr.sip_code < 300
    if was_answered:
        fields.answered_ms = started_ms
    fields.disposition = "answered" if was_answered else _unanswered(cdr.sip_code)
    return CallVersion(_call_id(cdr), 1, fields)


def _transaction(event: Transaction, rule: DirectionRule) -> CallVersion:
    """Identify the call by its Call-ID alone: in a BYE of the callee the two tags, and the two URIs, change places.

    So a BYE says only that the call is over, whatever the answer to it (RFC 3261, 15.1.1).
    """
    instant_ms = _instant_ms(event.time)
    if event.method == "BYE":
        return CallVersion(event.callid, 3, CallFields(ended_ms=instant_ms))
    fields = _parties(event, rule)
    fields.started_ms = instant_ms
    if event.sip_code < 300:
        fields.answered_ms, fields.disposition = instant_ms, "answered"
    else:
        fields.ended_ms, fields.disposition = instant_ms, _unanswered(event.sip_code)
    return CallVersion(event.callid, 2, fields)


def _parties(record: DialogCall | DialogCdr | Transaction, rule: DirectionRule) -> CallFields:
    from_number = record.from_user or uri_user(record.from_uri or "") or ""
    to_number = record.to_user or uri_user(record.to_uri or "") or ""
    return CallFields(
        direction=record.direction or rule.direction(from_number, to_number),
        contact_id=record.callid,
        platform="kamailio",
        trunk=record.trunk if record.trunk and record.trunk != "none" else UNSET,
        from_number=from_number or UNSET,
        to_number=to_number or UNSET,
    )


def _call_id(record: DialogCall | DialogCdr) -> str:
    if record.cdr_id:
        return record.cdr_id
    return "/".join(part for part in (record.callid, record.from_tag, record.to_tag) if part)


def _unanswered(sip_code: int | None) -> str:
    return _DISPOSITIONS.get(sip_code or 0, "failed")


def _instant_ms(epoch: Decimal) -> int:
    return int(epoch.quantize(_MILLISECOND, ROUND_DOWN) * 1000)


def _duration_ms(seconds: Decimal | None) -> int | UnsetType:
    return UNSET if seconds is None else int(seconds.quantize(_MILLISECOND, ROUND_HALF_UP) * 1000)


# What is wrong with a record.


def _foreign(found: dict[str, Any]) -> Rejection | None:
    for key, kind in _FOREIGN.items():
        if key in found:
            return Rejection("unknown_value", key, kind, "a record of Kamailio's acc_json")
    return None


def _reason(fault: ErrorDetails) -> Reason:
    field, kind = fault["loc"][0], fault["type"]
    if kind == "missing":
        return "missing_field"
    if kind in ("decimal_type", "string_type", "int_type"):
        return "wrong_type"
    if field in TIMES:
        return "bad_time"
    return "unknown_value" if kind == "literal_error" or field == "sip_code" else "wrong_type"


def _reserved(found: dict[str, Any]) -> list[Rejection]:
    names = ("cdr_id", "callid", "trunk", "from_user", "to_user")
    values = [(name, found[name]) for name in names if isinstance(found.get(name), str)]
    return [
        Rejection("unknown_value", name, f"the reserved name {value}", "another name")
        for name, value in values
        if value in RESERVED
    ]
