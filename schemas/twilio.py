"""What Twilio tells of a call: its status callback (a form) and its Call resource (JSON, API version 2010-04-01).

Owns names, types and units. Twilio writes every value as a text; numbers are taken in either form. "" and null are
absent. Keys beyond these are Twilio's own and are passed over.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from schemas.call import Text

#: Python's own reader takes more than this: years of two digits, times without seconds or zone.
_RFC_2822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [12][0-9]{3} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} (?:[+-][0-9]{2}[0-5][0-9]|GMT|UTC)",
    re.ASCII,
)
_FIRST, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _moment(said: Any) -> datetime:
    if not isinstance(said, str):
        raise PydanticCustomError("string_type", "a text: an RFC 2822 time")
    if _RFC_2822.fullmatch(said) is None:
        raise ValueError("an RFC 2822 time with a zone")
    moment = parsedate_to_datetime(said)
    # -0000 is a time whose zone nobody knows, so it comes without one (RFC 2822, 3.3).
    if moment.tzinfo is None or not _FIRST <= moment < _END:
        raise ValueError("an RFC 2822 time with a zone, in the years 1970 to 2199")
    return moment


Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "description": "RFC 2822 with a zone: Mon, 23 Nov 2026 10:01:05 +0000"}),
]
Seconds = Annotated[Decimal, Field(gt=-1_000_000_000, lt=1_000_000_000, description="seconds")]
Milliseconds = Annotated[Decimal, Field(gt=-1_000_000_000_000, lt=1_000_000_000_000, description="milliseconds")]
Status = Literal[
    "queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled",
]  # fmt: skip
Direction = Literal["inbound", "outbound-api", "outbound-dial", "trunking-originating", "trunking-terminating"]


def present(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says, without what it leaves empty."""
    return {key: value for key, value in record.items() if value != "" and value is not None}


class _Record(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _drop_absent(cls, record: Any) -> Any:
        return present(record) if isinstance(record, dict) else record


class StatusCallback(_Record):
    """One request to a StatusCallback URL. It carries neither a start nor a price."""

    sid: Text = Field(alias="CallSid", description="CA and 32 digits")
    parent_call_sid: Text | None = Field(default=None, alias="ParentCallSid", description="call that dialled this leg")
    status: Status = Field(alias="CallStatus")
    direction: Direction = Field(alias="Direction")
    from_number: Text | None = Field(default=None, alias="From", description="number, SIP URI or client:name")
    to_number: Text | None = Field(default=None, alias="To", description="number, SIP URI or client:name")
    timestamp: Moment = Field(alias="Timestamp", description="when the event happened: of a call that is over, its end")
    duration: Seconds | None = Field(
        default=None, alias="CallDuration", description="from the answer to the end, in seconds; required if completed"
    )
    sequence_number: Annotated[int, Field(ge=0)] = Field(
        default=0, alias="SequenceNumber", description="order of the callbacks of a call, from 0"
    )
    answered_by: Text | None = Field(
        default=None, alias="AnsweredBy", description="machine detection: human, machine_…"
    )


class CallResource(_Record):
    """A call as the REST API lists it."""

    sid: Text = Field(description="CA and 32 digits")
    parent_call_sid: Text | None = Field(default=None, description="call that dialled this leg")
    status: Status
    direction: Direction
    from_number: Text | None = Field(default=None, alias="from", description="number, SIP URI or client:name")
    to_number: Text | None = Field(default=None, alias="to", description="number, SIP URI or client:name")
    date_created: Moment | None = Field(default=None, description="asked only where both other times are absent")
    start_time: Moment | None = Field(default=None, description="dialled or received; required if completed")
    end_time: Moment | None = Field(default=None, description="required if completed")
    duration: Seconds | None = Field(
        default=None, description="from the answer to the end, in seconds; required if completed"
    )
    price: Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,18})?$")] | None = Field(
        default=None, description="what the call costs, below zero; absent until it is known"
    )
    price_unit: Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")] | None = Field(
        default=None, description="ISO 4217; required with a price"
    )
    answered_by: Text | None = Field(default=None, description="machine detection: human, machine, machine_…")
    queue_time: Milliseconds | None = Field(default=None, description="wait before dialling, in milliseconds")
    trunk_sid: Text | None = Field(default=None, description="Elastic SIP trunk: TK and 32 digits")


#: Fields that hold an instant, of both kinds.
TIMES = frozenset(("Timestamp", "date_created", "start_time", "end_time"))
#: Statuses of a call that is not over.
UNDERWAY = ("queued", "initiated", "ringing", "in-progress")
#: A record that has any of these is a callback.
CALLBACK_KEYS = frozenset(("CallSid", "CallStatus"))
