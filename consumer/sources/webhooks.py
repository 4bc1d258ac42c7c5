"""`POST /ingest/{platform}`: calls that a platform sends.

Owns what is answered. A request is answered 2xx only when its records are on the disk (or acknowledged, where they go
to a broker); one that cannot be taken now is answered 503, and the sender tries again. What is refused at the door
(401, 404, 408, 413, 415; 400 where no body could be made out) was not received: it is counted here and nowhere else.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from consumer.core.calls import Decoder, Rejection, SourceRecord
from consumer.core.intake import fault_alone
from consumer.sources.bodies import CODINGS, NotPacked, TooLarge, records_in, unpacked
from consumer.sources.guards import BearerTokens, TwilioSignature
from consumer.sources.records import Framing
from consumer.sources.unavailable import Unavailable

RETRY_AFTER_S = 1
_LARGE_BYTES = 16 << 10  # some 40 calls: what takes longer than a ms to judge
_TOLD = 20  # rejections in an answer
_UNKNOWN = "unknown"  # a platform that is none, in the counts

#: Makes records durable. Raises Unavailable when that cannot be done now.
Append = Callable[[str, Sequence[bytes]], Awaitable[None]]
Clock = Callable[[], int]  # milliseconds since 1970


@dataclass(frozen=True, slots=True)
class Webhook:
    """What is taken from one platform."""

    framing: Framing
    media_types: tuple[str, ...]
    decode: Decoder
    headers: tuple[tuple[str, bytes], ...]  # of its records
    tokens: BearerTokens | None = None
    signature: TwilioSignature | None = None

    def takes(self, media_type: str) -> bool:
        """Whether a body of this type can be read; none at all is taken for the usual one."""
        endings = tuple(known for known in self.media_types if known.startswith("+"))
        return not media_type or media_type in self.media_types or media_type.endswith(endings or ("\0",))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a body is taken, and for how long it is waited for."""

    body_bytes: int = 1 << 20  # unpacked; the application's own limit
    records: int = 10_000
    body_s: float = 10.0


class Refused(Exception):
    """An answer that is no success: its status, and why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


class Webhooks:
    """All platforms that may post."""

    def __init__(self, webhooks: Mapping[str, Webhook], append: Append, limits: Limits, clock: Clock) -> None:
        self._webhooks, self._append, self._limits, self._clock = webhooks, append, limits, clock
        self._one_large_body = asyncio.Lock()
        self.answers: Counter[tuple[str, int]] = Counter()  # by platform and status

    def add_to(self, served: web.Application) -> None:
        """Serve POST /ingest/{platform}."""
        served.router.add_post("/ingest/{platform}", self.take)

    async def take(self, request: web.Request) -> web.Response:
        """One request, answered and counted."""
        platform = request.match_info["platform"]
        try:
            answer = await self._take(platform, request)
        except Refused as refused:
            answer = _json({"error": str(refused)}, refused.status, refused.headers)
        self.answers[platform if platform in self._webhooks else _UNKNOWN, answer.status] += 1
        return answer

    async def _take(self, platform: str, request: web.Request) -> web.Response:
        webhook = self._webhooks.get(platform)
        if webhook is None:
            known = ", ".join(self._webhooks)
            raise Refused(404, f"no platform {platform[:40]!r}, expected one of {known}")
        if webhook.tokens is not None and not webhook.tokens.admits(request.headers):
            raise Refused(401, "expected Authorization: Bearer with the token of this server", _CHALLENGE)
        media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not webhook.takes(media_type):
            raise Refused(415, f"found {media_type[:80]!r}, expected one of {', '.join(webhook.media_types)}")
        coding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if coding != "identity" and coding not in CODINGS:
            expected = ", ".join(CODINGS)
            raise Refused(415, f"Content-Encoding: found {coding[:40]!r}, expected one of {expected} or none")
        body = await self._body(request)
        if webhook.signature is not None and not webhook.signature.admits(request.headers, request.path_qs, body):
            raise Refused(401, "X-Twilio-Signature does not fit: check auth token and public_url")
        values, events, rejected = await self._judged(webhook, body, coding)
        try:
            await self._append(platform, values)
        except Unavailable as error:
            raise Refused(503, f"{error}; try again", {"Retry-After": str(RETRY_AFTER_S)}) from None
        except TooLarge as error:
            raise Refused(413, str(error)) from None
        return _json(_told(len(values), rejected), 400 if rejected and len(rejected) == events else 200)

    async def _judged(self, webhook: Webhook, body: bytes, coding: str) -> "_Judged":
        """What a body holds. A large one on a thread, one after the other, so that small ones need not wait."""
        now_ms = self._clock()
        if coding == "identity" and len(body) <= _LARGE_BYTES:
            return _judge(webhook, body, coding, self._limits, now_ms)
        async with self._one_large_body:
            return await asyncio.to_thread(_judge, webhook, body, coding, self._limits, now_ms)

    async def _body(self, request: web.Request) -> bytes:
        limits = self._limits
        if (request.content_length or 0) > limits.body_bytes:
            raise Refused(413, f"the body has {request.content_length} bytes, expected at most {limits.body_bytes}")
        try:
            async with asyncio.timeout(limits.body_s):
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, f"the body has more than {limits.body_bytes} bytes") from None
        except (web.RequestPayloadError, ConnectionError):
            raise Refused(400, "the body is not what its headers say: broken off, or packed in another way") from None
        except TimeoutError:
            raise Refused(408, f"the body did not come within {limits.body_s:g} s", {"Connection": "close"}) from None


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="callcost"'}


class _Judged(NamedTuple):
    """Records, how many events they hold, and which of these are wrong by themselves, whatever else is told."""

    values: Sequence[bytes]
    events: int
    rejected: Sequence[tuple[int, Rejection]]


def _judge(webhook: Webhook, body: bytes, coding: str, limits: Limits, now_ms: int) -> _Judged:
    try:
        plain = body if coding == "identity" else unpacked(body, coding, limits.body_bytes)
        values = records_in(plain, webhook.framing, limits.records)
    except TooLarge as error:
        raise Refused(413, str(error)) from None
    except NotPacked as error:
        raise Refused(400, f"Content-Encoding: expected {coding}: {error}") from None
    events, rejected = 0, []
    for item, value in enumerate(values):
        record = SourceRecord(item, value, webhook.headers, now_ms)
        for event in webhook.decode(record):
            events += 1
            fault = event if isinstance(event, Rejection) else fault_alone(event, record)
            if fault is not None:
                rejected.append((item, fault))
    return _Judged(values, events, rejected)


def _told(records: int, rejected: Sequence[tuple[int, Rejection]]) -> dict[str, Any]:
    told: dict[str, Any] = {"received": records}
    if rejected:
        told["rejected"] = len(rejected)
        told["reasons"] = [
            {"item": item, "reason": why.reason, "field": why.field, "found": why.found, "expected": why.expected}
            for item, why in rejected[:_TOLD]
        ]
    return told


def _json(told: Any, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(told), status=status, content_type="application/json", headers=dict(headers or {})
    )
