"""Kamailio's accounting records as JSON (modules acc, dialog, acc_json), in three kinds.

Owns names, types and units. Every value is a string except a transaction's `time`; numbers are taken in either form.
"" is absent. Keys beyond these are the administrator's own extras and are passed over.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from schemas.call import Direction, Text

Epoch = Annotated[
    Decimal,
    Field(ge=0, lt=7_258_118_400, description="Unix time in seconds with decimals, UTC, cut to the millisecond"),
]
Seconds = Annotated[Decimal, Field(gt=-1_000_000_000, lt=1_000_000_000, description="seconds with decimals")]
SipCode = Annotated[int, Field(ge=200, le=699, description="final status of the request")]


class _Record(BaseModel):
    callid: Text = Field(description="Call-ID of the SIP dialog")
    from_tag: Text | None = None
    to_tag: Text | None = Field(default=None, description="absent when the proxy itself gave up")
    from_uri: Text | None = None
    to_uri: Text | None = None
    from_user: Text | None = Field(default=None, description="caller's number; default: the user of from_uri")
    to_user: Text | None = Field(default=None, description="number called; default: the user of to_uri")
    direction: Direction | None = Field(default=None, description="default: by the length of the numbers")
    trunk: Text | None = Field(default=None, description='"none" for an internal call')

    @model_validator(mode="before")
    @classmethod
    def _drop_absent(cls, record: Any) -> Any:
        if isinstance(record, dict):
            return {key: value for key, value in record.items() if value != "" and value is not None}
        return record


class DialogCall(_Record):
    """A dialog's record with the extras that time a call whole, failed ones included.

    acc's own start_time and end_time are not asked: the first is the ACK or the INVITE, as `cdr_start_on_confirmed`
    says, and of a failed call both are the INVITE.
    """

    cdr_id: Text | None = Field(default=None, description="made at the INVITE, the same in every delivery")
    invite_time: Epoch
    answer_time: Epoch | None = Field(default=None, description="absent: not answered")
    hangup_time: Epoch = Field(description="BYE, final failure or expiry")
    sip_code: SipCode | None = None


class DialogCdr(_Record):
    """A dialog's record without those extras: what acc writes of its own, and callid and tags as `cdr_extra`."""

    cdr_id: Text | None = None
    start_time: Epoch = Field(description="ACK or INVITE, as cdr_start_on_confirmed says")
    end_time: Epoch = Field(description="BYE; of a failed call equal to start_time")
    duration: Seconds | None = Field(default=None, description="end - start; 0: failed")
    sip_code: SipCode | None = None


class Transaction(_Record):
    """acc without dialogs: one record for each INVITE and BYE that has its final answer."""

    method: Literal["INVITE", "BYE"]
    time: Epoch
    sip_code: SipCode


#: Fields that hold an instant, of all kinds.
TIMES = frozenset(("invite_time", "answer_time", "hangup_time", "start_time", "end_time", "time"))
#: Only a record with all extras has any of these.
DIALOG_CALL_KEYS = frozenset(("invite_time", "answer_time", "hangup_time"))
