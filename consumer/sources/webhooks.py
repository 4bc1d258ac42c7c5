"""`POST /ingest/{platform}`: calls that a platform sends.

Owns what is answered. A request is answered 2xx only when its records are on the disk (or acknowledged, where they go
to a broker); one that cannot be taken now is answered 503, and the sender tries again. What is refused at the door
(401, 404, 408, 413, 415) was not received: it is counted here and nowhere else.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from consumer.core.calls import Decoder, Rejection, SourceRecord
from consumer.sources.bodies import records_in
from consumer.sources.guards import BearerTokens, TwilioSignature
from consumer.sources.records import Framing
from consumer.sources.unavailable import Unavailable

RETRY_AFTER_S = 1
_TOLD = 20  # rejections in an answer
_UNKNOWN = "unknown"  # a platform that is none, in the counts

#: Makes records durable. Raises Unavailable when that cannot be done now.
Append = Callable[[str, Sequence[bytes]], Awaitable[None]]


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


class Refused(Exception):
    """An answer that is no success: its status, and why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


class Webhooks:
    """All platforms that may post."""

    def __init__(self, webhooks: Mapping[str, Webhook], append: Append, body_s: float) -> None:
        self._webhooks, self._append, self._body_s = webhooks, append, body_s
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
        body = await self._body(request)
        if webhook.signature is not None and not webhook.signature.admits(request.headers, request.path_qs, body):
            raise Refused(401, "X-Twilio-Signature does not fit: check auth token and public_url")
        values = records_in(body, webhook.framing)
        events, rejected = _judged(webhook, values)
        try:
            await self._append(platform, values)
        except Unavailable as error:
            raise Refused(503, f"{error}; try again", {"Retry-After": str(RETRY_AFTER_S)}) from None
        return _json(_told(len(values), rejected), 400 if rejected and len(rejected) == events else 200)

    async def _body(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._body_s):
                return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise Refused(413, f"the body is too large: {error.text}") from None
        except TimeoutError:
            raise Refused(408, f"the body did not come within {self._body_s:g} s", {"Connection": "close"}) from None


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="callcost"'}


def _judged(webhook: Webhook, values: Sequence[bytes]) -> tuple[int, list[tuple[int, Rejection]]]:
    """How many events the records hold, and which of them the decoder rejects. The fold will say the same."""
    events, rejected = 0, []
    for item, value in enumerate(values):
        for event in webhook.decode(SourceRecord(item, value, webhook.headers)):
            events += 1
            if isinstance(event, Rejection):
                rejected.append((item, event))
    return events, rejected


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
