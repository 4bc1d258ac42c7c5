"""The canonical call as JSON: the published schema, and the judge of records that are not well made.

Owns names, types and units on the wire. What makes a well-formed call impossible (times out of order, a negative
duration) is `consumer.core.calls`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Text = Annotated[str, Field(min_length=1)]
Instant = Annotated[
    str,
    Field(description="RFC 3339 with a zone, cut to the millisecond", json_schema_extra={"format": "date-time"}),
]
Seconds = Annotated[
    float,
    Field(description="seconds, rounded half-up to the ms", json_schema_extra={"minimum": 0, "maximum": 604_800}),
]
Direction = Literal["inbound", "outbound", "internal"]
Disposition = Literal["answered", "abandoned", "no_answer", "busy", "failed", "voicemail"]
#: Beyond this a number is not the same number to every reader of JSON (RFC 8259, section 6).
HIGHEST_VERSION = 2**53 - 1

Outcome = Literal["resolved", "unresolved", "sale", "lead"]


class ReportedPrice(BaseModel):
    """What the platform says the call costs."""

    model_config = ConfigDict(strict=True)

    amount: str = Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,18})?$", description="a plain decimal, not negative")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


class CallAmendment(BaseModel):
    """A higher version of a call: any of its fields. A null erases what a lower version said."""

    model_config = ConfigDict(strict=True, extra="ignore")

    call_id: Text = Field(description="platform + account or host + leg id")
    version: int = Field(
        default=1,
        ge=1,
        le=HIGHEST_VERSION,
        description="orders what is told of the same call; equal ones are duplicates",
    )
    direction: Direction | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    disposition: Disposition | None = None
    answered_at: Instant | None = Field(default=None, description="when a person or the voicemail answered")
    connected_at: Instant | None = Field(
        default=None,
        description="when the carrier's leg was answered, by an IVR or queue for example; default answered_at",
    )
    contact_id: Text | None = Field(default=None, description="group of legs; default call_id")
    platform: Text | None = None
    wait_s: Seconds | None = None
    ivr_s: Seconds | None = None
    talk_s: Seconds | None = Field(
        default=None, description="default of an answered call: ended - answered - hold; else 0"
    )
    hold_s: Seconds | None = None
    wrap_s: Seconds | None = None
    billable_s: Seconds | None = Field(
        default=None, description="default: ended - connected, or 0 when it never connected"
    )
    queue: Text | None = None
    agent: Text | None = None
    team: Text | None = None
    site: Text | None = None
    campaign: Text | None = None
    trunk: Text | None = None
    from_number: Text | None = None
    to_number: Text | None = None
    transferred: bool | None = None
    outcome: Outcome | None = None
    reported_price: ReportedPrice | None = None
    attributes: dict[str, str] | None = None


class CanonicalCall(CallAmendment):
    """A complete call: version 1, or any version that says it all."""

    direction: Direction
    started_at: Instant
    ended_at: Instant
    disposition: Disposition


KEYS = frozenset(CallAmendment.model_fields)


def call_schema() -> dict[str, Any]:
    """JSON Schema of one canonical call or amendment."""
    schema: dict[str, Any] = TypeAdapter(CanonicalCall | CallAmendment).json_schema()
    return {"title": "callcost call", **schema}
