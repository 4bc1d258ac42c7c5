"""Who the simulator's events are told to: standard output, or a URL until it has taken them.

Owns delivery: every event until it is answered 2xx or refused, what is tried again and when. Knows no call.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from consumer.cli.failures import errors

MOST_EVENTS, MOST_BYTES = 500, 512 * 1024  # a batch
JSON, NDJSON = "application/json", "application/x-ndjson"

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_ANSWER_S = 60
_SHOWN = 20  # refusals; the others are only counted
_LONGEST_TEXT = 300  # of an answer that is shown
_TRY_AGAIN = frozenset((408, 425, 429))
_REFUSED = frozenset((400, 413, 422))
_WHAT_TO_DO = {
    401: "the token is missing or wrong: set CALLCOST_TOKEN, or --token-file, to the one that the server expects",
    403: "this token may not tell calls: set CALLCOST_TOKEN, or --token-file, to one that may",
    404: "nothing takes calls there: check the path, such as /ingest/callcost",
    415: "canonical JSON is not taken there: check the path, such as /ingest/callcost",
}

Pause = Callable[[float], Awaitable[object]]


class Denied(Exception):
    """The receiver takes nothing from us, and trying again would not help."""


class Closed(Exception):
    """Nobody reads any more."""


@dataclass
class Delivered:
    """How many events were taken, and how many were refused."""

    told: int = 0
    refused: int = 0


class Receiver(Protocol):
    """Takes events; comes back when they are delivered."""

    delivered: Delivered

    async def tell(self, event: bytes) -> None: ...  # noqa: D102
    async def tell_batch(self, events: Sequence[bytes]) -> None: ...  # noqa: D102


class StandardOutput:
    """One event a line."""

    def __init__(self) -> None:
        self.delivered = Delivered()

    async def tell(self, event: bytes) -> None:
        """Write and flush. Raises Closed."""
        await self.tell_batch([event])

    async def tell_batch(self, events: Sequence[bytes]) -> None:
        """Write and flush. Raises Closed."""
        try:
            sys.stdout.buffer.write(b"\n".join(events) + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere
            raise Closed from None
        self.delivered.told += len(events)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    retry_after: str | None


class Posting:
    """POSTs to one URL, exactly as it was given; one request at a time, so that order is kept."""

    def __init__(self, url: str, token: str | None, pause: Pause = asyncio.sleep) -> None:
        self.delivered = Delivered()
        self._url, self._token, self._pause = URL(url, encoded=True), token, pause
        self.place = str(self._url.with_user(None).with_query(None).with_fragment(None))  # what may be shown of it
        self._is_troubled, self._shown = False, 0

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        self._session = await aiohttp.ClientSession(headers=headers, timeout=timeout).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def tell(self, event: bytes) -> None:
        """One event a request."""
        await self._deliver(event, JSON, 1)

    async def tell_batch(self, events: Sequence[bytes]) -> None:
        """Many events in one request."""
        await self._deliver(b"\n".join(events) + b"\n", NDJSON, len(events))

    async def _deliver(self, body: bytes, media_type: str, number: int) -> None:
        attempt = 0
        while True:
            answer = await self._post(body, media_type)
            if answer is not None and self._settled(answer, number):
                return
            await self._pause(pause_s(attempt, answer.retry_after if answer else None))
            attempt += 1

    async def _post(self, body: bytes, media_type: str) -> _Answer | None:
        """The answer; None if there was none."""
        try:
            async with self._session.post(
                self._url, data=body, headers={"Content-Type": media_type}, allow_redirects=False
            ) as answer:
                text = await answer.text(errors="replace")
                return _Answer(answer.status, text, answer.headers.get("Retry-After"))
        except TimeoutError:
            self._trouble(f"no answer within {_ANSWER_S} s")
        except aiohttp.ClientError as error:
            self._trouble(str(error) or type(error).__name__)
        return None

    def _settled(self, answer: _Answer, number: int) -> bool:
        """Whether this answer is the last word on the events. Raises Denied."""
        if 200 <= answer.status < 300:
            self.delivered.told += number
            if self._is_troubled:
                errors.print(f"{self.place}: takes calls again", style="yellow", markup=False)
            self._is_troubled = False
            return True
        if answer.status in _REFUSED:
            self._refuse(answer, number)
            return True
        if answer.status in _TRY_AGAIN or answer.status >= 500:
            self._trouble(f"answered {answer.status}")
            return False
        to_do = _WHAT_TO_DO.get(answer.status, "expected 2xx: check the URL")
        raise Denied(f"{self.place} answered {answer.status}: {to_do}")

    def _refuse(self, answer: _Answer, number: int) -> None:
        self.delivered.refused += number
        self._shown += 1
        if self._shown <= _SHOWN:
            text = answer.text.strip()[:_LONGEST_TEXT]
            if self._token:
                text = text.replace(self._token, "…")
            errors.print(f"{self.place} answered {answer.status}: {text}", style="yellow", markup=False)
        if self._shown == _SHOWN:
            errors.print("further refusals are counted and not shown", style="yellow", markup=False)

    def _trouble(self, what: str) -> None:
        """Say it once, until calls are taken again."""
        if not self._is_troubled:
            errors.print(f"{self.place}: {what}; trying again until it takes calls", style="yellow", markup=False)
        self._is_troubled = True


def pause_s(attempt: int, retry_after: str | None) -> float:
    """How long to wait before the next attempt: what the receiver asks for in seconds, else ever longer."""
    if retry_after is not None and retry_after.strip().isdecimal():
        return float(retry_after)
    return min(_FIRST_PAUSE_S * 2.0 ** min(attempt, 10), _LONGEST_PAUSE_S)
