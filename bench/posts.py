"""A client that posts as fast as it is answered, or so many times a second: as cheap as can be, for measuring."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import numpy as np


class Poster(asyncio.Protocol):
    """One connection: the next request is sent when the last one was answered. Latencies in seconds."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], pace_s: float = 0.0) -> None:
        self._requests, self.latencies, self._pace_s = requests, latencies, pace_s
        self.statuses: dict[bytes, int] = {}
        self.done = asyncio.get_running_loop().create_future()
        self._due_s = time.perf_counter()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's is none of asyncio's own class
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._due_s += self._pace_s
        wait_s = self._due_s - time.perf_counter()
        if self._pace_s and wait_s > 0:
            asyncio.get_running_loop().call_later(wait_s, self._send, request, self._due_s)
        else:  # late: its latency counts from when it was due
            self._send(request, self._due_s if self._pace_s else time.perf_counter())

    def _send(self, request: bytes, due_s: float) -> None:
        self._sent_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self.latencies.append(time.perf_counter() - self._sent_s)
        status = head[9:12]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed by the server"))


def request(path: str, body: bytes, token: str) -> bytes:
    """The bytes of a POST."""
    fields = ["Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    if token:
        fields.append(f"Authorization: Bearer {token}")
    return "\r\n".join([f"POST {path} HTTP/1.1", *fields]).encode() + b"\r\n\r\n" + body


async def post_all(
    port: int, bodies: list[bytes], connections: int, rate: float = 0.0, token: str = ""
) -> tuple[float, list[float], dict[bytes, int]]:
    """Post every body once; seconds it took, latencies, answers by status. `rate` a second, or 0: as fast as can be."""
    requests = iter([request("/ingest/callcost", body, token) for body in bodies])
    latencies: list[float] = []
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    posters = []
    for _ in range(connections):
        _, poster = await loop.create_connection(
            lambda: Poster(requests, latencies, connections / rate if rate else 0.0), "127.0.0.1", port
        )
        posters.append(poster)
        if rate:
            await asyncio.sleep(1 / rate)
    await asyncio.gather(*(poster.done for poster in posters))
    statuses: dict[bytes, int] = {}
    for poster in posters:
        for status, number in poster.statuses.items():
            statuses[status] = statuses.get(status, 0) + number
    return time.perf_counter() - began, latencies, statuses


def percentiles(latencies: list[float]) -> str:
    """p50, p99 and the worst in milliseconds."""
    found = np.percentile(np.array(latencies) * 1e3, [50, 99, 100])
    return f"p50 {found[0]:.1f} ms, p99 {found[1]:.1f} ms, worst {found[2]:.1f} ms"
