"""Clients as they should not be: what each sends, and what it ought to be answered. For the test and the measurement."""

import asyncio
import gzip
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Door:
    """Where they knock. Bodies and requests may take `patience_s` at the worker."""

    port: int
    token: str
    patience_s: float


async def _ask(door: Door, *pieces: bytes, wait_s: float = 0.0) -> int:
    """Send pieces with a wait after each; the status of the answer, or 0 for none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(wait_s)
        async with asyncio.timeout(door.patience_s * 4 + 5):
            line = await reader.readline()
        return int(line.split()[1]) if line.startswith(b"HTTP/1.") else 0
    except ConnectionError:
        return 0
    finally:
        writer.close()


def _head(door: Door, length: int, *more: str, token: str | None = None, platform: str = "callcost") -> bytes:
    fields = [
        f"POST /ingest/{platform} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}",
        f"Authorization: Bearer {door.token if token is None else token}", *more,
    ]  # fmt: skip
    if not any(one.startswith("Content-Type") for one in more):
        fields.append("Content-Type: application/json")
    return "\r\n".join(fields).encode() + b"\r\n\r\n"


async def too_large(door: Door) -> int:
    """10 MiB, of which the server need not read more than the head."""
    return await _ask(door, _head(door, 10 * MEBIBYTE), b" " * MEBIBYTE)


async def junk(door: Door) -> int:
    """No HTTP at all."""
    return await _ask(door, random.randbytes(4_000), b"\r\n\r\n")


async def junk_body(door: Door) -> int:
    """No JSON at all."""
    body = random.randbytes(4_000)
    return await _ask(door, _head(door, len(body)), body)


async def deep(door: Door) -> int:
    """JSON that is nested a hundred thousand times."""
    body = b'[{"call_id":' * 50_000
    return await _ask(door, _head(door, len(body)), body)


async def many(door: Door) -> int:
    """As many records as bytes allow."""
    body = b"{\n" * (MEBIBYTE // 2)
    return await _ask(door, _head(door, len(body)), body)


async def bomb(door: Door) -> int:
    """64 MiB in 64 KiB."""
    return await _ask(door, _head(door, len(_BOMB), "Content-Encoding: gzip"), _BOMB)


_BOMB = gzip.compress(b" " * (64 * MEBIBYTE))


async def not_packed(door: Door) -> int:
    """A body that is not gzip, as its head says it is."""
    return await _ask(door, _head(door, 4_000, "Content-Encoding: gzip"), b"{" * 4_000)


async def wrong_token(door: Door) -> int:
    """Somebody who guesses."""
    body = b"{}"
    return await _ask(door, _head(door, len(body), token=f"{random.getrandbits(128):032x}"), body)


async def wrong_signature(door: Door) -> int:
    """Somebody who is not Twilio."""
    body = b"CallSid=CA1&CallStatus=completed&From=%2B302105550100"
    signature = "X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8="
    form = "Content-Type: application/x-www-form-urlencoded"
    return await _ask(door, _head(door, len(body), signature, form, platform="twilio"), body)


async def slow_body(door: Door) -> int:
    """A byte now and then."""
    return await _ask(door, _head(door, 1_000), *[b" "] * 12, wait_s=door.patience_s / 8)


async def slow_head(door: Door) -> int:
    """A line of the head now and then, and never the last."""
    lines = [b"POST /ingest/callcost HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n", *[b"X-A: b\r\n"] * 16]
    return await _ask(door, *lines, wait_s=door.patience_s / 8)


async def gone(door: Door) -> int:
    """Goes away in the middle of its body."""
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(_head(door, 1_000) + b'{"call_id": ')
    await writer.drain()
    writer.transport.abort()
    return 0


#: All of them, and their answers; 0 is a connection that was closed without any.
STRANGERS: dict[Callable[[Door], Awaitable[int]], int] = {
    too_large: 413, junk: 400, junk_body: 400, deep: 400, many: 413, bomb: 413, not_packed: 400, wrong_token: 401,
    wrong_signature: 401, slow_body: 408, slow_head: 0, gone: 0,
}  # fmt: skip
