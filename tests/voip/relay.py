"""Trouble between the proxy and the program under test: what sink.py does to itself, done to another.

Owns when it happens, in seconds from the first POST, and how often it struck. Hands everything else on as it comes.
"""

import asyncio
import time
from typing import NamedTuple, Self

from aiohttp import ClientSession, web


class Fault(NamedTuple):
    """From when on, and for how long."""

    at_s: float
    for_s: float
    delay_s: float = 0


class Relay:
    """`down` refuses connections and drops those there are, `fail` answers 503, `slow` answers `delay_s` late.

    What is answered late was taken before: a client that gives up and sends it again delivers it twice.
    """

    def __init__(self, target: str, down: Fault, fail: Fault, slow: Fault) -> None:
        self.failed = self.slowed = self.times_down = 0
        self._target, self._down, self._fail, self._slow = target, down, fail, slow
        self._first_s: float | None = None
        self._outage: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        served = web.Application()
        served.router.add_post("/{path:.*}", self._hand_on)
        self._runner, self._client = web.AppRunner(served, access_log=None, shutdown_timeout=0), ClientSession()
        await self._runner.setup()
        await self._listen(0)
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._outage:
            self._outage.cancel()
        await self._runner.cleanup()
        await self._client.close()

    async def _listen(self, port: int) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await self._site.start()

    async def _hand_on(self, request: web.Request) -> web.Response:
        if self._first_s is None:
            self._first_s = time.monotonic()
            self._outage = asyncio.create_task(self._go_down())
        body = await request.read()
        if self._is_in(self._down) and request.transport:
            request.transport.abort()
        if self._is_in(self._fail):
            self.failed += 1
            return web.Response(status=503, headers={"Retry-After": "1"})
        headers = {name: request.headers[name] for name in ("Content-Type", "Authorization") if name in request.headers}
        async with self._client.post(self._target + request.path, data=body, headers=headers) as answer:
            content = await answer.read()
        if self._is_in(self._slow):
            self.slowed += 1
            await asyncio.sleep(self._slow.delay_s)
        return web.Response(status=answer.status, body=content)

    async def _go_down(self) -> None:
        await asyncio.sleep(self._down.at_s)
        await self._site.stop()
        self.times_down += 1
        await asyncio.sleep(self._down.for_s)
        await self._listen(self.port)

    def _is_in(self, fault: Fault) -> bool:
        return self._first_s is not None and 0 <= time.monotonic() - self._first_s - fault.at_s < fault.for_s
