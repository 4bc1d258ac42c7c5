"""A leg as canonical JSON: the call, its wrap-up, and what its carrier says it costs.

Owns the bytes and which version says what. Knows not when they are told.
"""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from consumer.core.instants import MINUTE_MS, format_ms
from consumer.simulator.legs import Leg
from consumer.simulator.numbers import is_home

PLATFORM = "simulator"
VERSIONS = CALL, WRAP_UP, PRICE = 1, 2, 3


class _Call(msgspec.Struct, omit_defaults=True, gc=False):
    call_id: str
    direction: str
    disposition: str
    started_at: str
    ended_at: str
    queue: str
    site: str
    team: str
    trunk: str
    from_number: str
    to_number: str
    platform: str = ""  # never left at that
    connected_at: str | None = None
    answered_at: str | None = None
    contact_id: str | None = None
    agent: str | None = None
    campaign: str | None = None
    ivr_s: float | None = None
    wait_s: float | None = None
    hold_s: float | None = None
    transferred: bool = False


class _WrapUp(msgspec.Struct, omit_defaults=True, gc=False):
    call_id: str
    version: int
    wrap_s: float
    outcome: str | None = None
    contact_id: str | None = None


class _Price(msgspec.Struct, gc=False):
    amount: str
    currency: str


class _Priced(msgspec.Struct, omit_defaults=True, gc=False):
    call_id: str
    version: int
    reported_price: _Price
    contact_id: str | None = None


class Said(NamedTuple):
    """One version of a call, as bytes."""

    version: int
    event: bytes


_encode = msgspec.json.Encoder().encode


def versions(leg: Leg) -> list[Said]:
    """All that will be told of a leg. Each version names the contact, which is what records of a topic are keyed by."""
    said, contact = [Said(CALL, _encode(_call(leg)))], leg.contact_id
    if leg.disposition == "answered":
        said.append(Said(WRAP_UP, _encode(_WrapUp(leg.call_id, WRAP_UP, leg.wrap_ms / 1000, leg.outcome, contact))))
    if leg.kind.direction == "outbound" and leg.answered_ms is not None and leg.carrier.says_minute_home is not None:
        said.append(Said(PRICE, _encode(_Priced(leg.call_id, PRICE, _price(leg), contact))))
    return said


def _call(leg: Leg) -> _Call:
    return _Call(
        leg.call_id, leg.kind.direction, leg.disposition, _text(leg.started_ms), _text(leg.ended_ms), leg.kind.queue,
        leg.site, leg.team, leg.carrier.name, leg.from_number, leg.to_number, PLATFORM,
        None if leg.connected_ms is None else _text(leg.connected_ms),
        None if leg.answered_ms is None else _text(leg.answered_ms),
        leg.contact_id, leg.agent, leg.kind.campaign, leg.ivr_ms / 1000 or None,
        leg.wait_ms / 1000 or None, leg.hold_ms / 1000 or None, leg.transferred,
    )  # fmt: skip


def _price(leg: Leg) -> _Price:
    """By the started minute, and a bit for the connection."""
    carrier = leg.carrier
    minutes = -(-(leg.ended_ms - (leg.answered_ms or leg.ended_ms)) // MINUTE_MS)
    by_minute = (carrier.says_minute_home or 0) if is_home(leg.to_number) else carrier.says_minute_abroad
    amount = carrier.says_connection + by_minute * minutes
    return _Price(f"{amount // 10_000}.{amount % 10_000:04d}", "EUR")


@lru_cache(4_096)
def _minute(number: int) -> str:
    return format_ms(number * MINUTE_MS)[:17]


def _text(instant_ms: int) -> str:
    """RFC 3339, as `format_ms` writes it; calls share their minutes."""
    return f"{_minute(instant_ms // MINUTE_MS)}{instant_ms % MINUTE_MS / 1000:06.3f}Z"
