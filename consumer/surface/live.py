"""The live page: its files, and the snapshots it is fed by server-sent events.

Owns who listens, when figures are read for them, and that all of it ends with the server. What a snapshot holds is
`live_json`'s; how it looks is the page's.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from functools import partial
from importlib.resources import files

import msgspec
from aiohttp import web

from consumer.core.instants import format_ms
from consumer.surface.desk import Desk
from consumer.surface.live_json import snapshot
from consumer.surface.status import NoFigures

log = logging.getLogger("callcost")

MOST_LISTENERS = 100
SNAPSHOT_EVERY_S = 1.0
REST_S = 0.2  # at least, after a read that took long
ALIVE_EVERY_S = 5.0  # at least, where there is no snapshot to send
PATIENCE_S = 30.0  # with a listener that takes nothing: it has gone without a word
UNSENT_BYTES = 1 << 17  # the kernel keeps so much for a slow listener, which is shown nothing old for long

_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx
    "X-Content-Type-Options": "nosniff",
}
_FIRST = b"retry: 2000\n\n"  # milliseconds until a listener comes back


def add_page(served: web.Application, desk: Desk) -> None:
    """GET /, its two files, and /events."""
    folder = files("consumer.surface") / "page"
    for path, (name, media_type) in _FILES.items():
        served.router.add_get(path, partial(_file, (folder / name).read_bytes(), media_type))
    feed = Feed(desk)
    served.router.add_get("/events", feed.listen, allow_head=False)
    served.on_shutdown.append(feed.end)


async def _file(content: bytes, media_type: str, _: web.Request) -> web.Response:
    return web.Response(body=content, content_type=media_type, charset="utf-8", headers=_PAGE_HEADERS)


class Feed:
    """Those who listen, and one reader of figures for all of them while there are any."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners = 0
        self._newest = _Newest()
        self._reader: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def is_reading(self) -> bool:
        """Whether figures are read at all."""
        return self._reader is not None

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """GET /events: a snapshot a second, until the listener or the server goes."""
        if self._is_over or self._listeners >= MOST_LISTENERS:
            return web.Response(text="too many listeners\n", status=503, headers={"Retry-After": "10"})
        response = web.StreamResponse(headers=_STREAM_HEADERS)
        self._listeners += 1
        try:
            await self._tell(request, response, self._news())
        except ConnectionResetError:
            pass  # the listener has gone
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._stop()
        return response

    async def end(self, _: web.Application) -> None:
        """Let every listener go, so that the server can."""
        self._is_over = True
        self._stop()

    def _news(self) -> "_Newest":
        """What is read now; with the first listener reading begins."""
        if self._reader is None:
            self._newest = _Newest()  # what an earlier reader left is old
            self._reader = asyncio.create_task(self._read(self._newest))
            self._reader.add_done_callback(self._say_why)
        return self._newest

    def _stop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def _say_why(self, reader: asyncio.Task[None]) -> None:
        """A failure is one line in the log and the end of every stream; listeners come back by themselves."""
        if reader is self._reader:
            self._reader = None
        if not reader.cancelled() and (error := reader.exception()) is not None:
            log.error("the live page: figures could not be read", exc_info=error)

    async def _read(self, newest: "_Newest") -> None:
        clock = asyncio.get_running_loop().time
        try:
            while True:
                begun = clock()
                newest.put(_event("snapshot", await self._snapshot()))
                await asyncio.sleep(max(begun + SNAPSHOT_EVERY_S - clock(), REST_S))
        finally:
            newest.end()

    async def _snapshot(self) -> bytes:
        try:
            reading, outlook = await self._desk.overview()
        except NoFigures as error:
            return snapshot(self._desk.status(), None, reason=str(error))
        return await asyncio.to_thread(snapshot, self._desk.status(), reading, outlook)

    async def _tell(self, request: web.Request, response: web.StreamResponse, newest: "_Newest") -> None:
        _keep_little_unsent(request)
        await response.prepare(request)
        await response.write(_FIRST)
        seen = newest.number  # it may be of long ago, if a read takes long: the next one is new
        while not newest.is_over:
            if await newest.is_after(seen, ALIVE_EVERY_S):
                seen, event = newest.number, newest.event
            else:
                event = _event("alive", msgspec.json.encode({"as_of": format_ms(self._desk.status().as_of_ms)}))
            if not newest.is_over and not await _is_taken(response, event):
                _abort(request)
                return


class _Newest:
    """An event that is replaced by the next. Whoever is slow misses those between."""

    def __init__(self) -> None:
        self.event, self.number, self.is_over = b"", 0, False
        self._changed = asyncio.Event()

    def put(self, event: bytes) -> None:
        """Replace it, and wake those who wait."""
        self.event, self.number = event, self.number + 1
        self._wake()

    def end(self) -> None:
        """There will be no other."""
        self.is_over = True
        self._wake()

    async def is_after(self, seen: int, seconds: float) -> bool:
        """Whether there is another than the one seen, or none to come, now or within so many seconds."""
        if self.number == seen and not self.is_over:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
        return self.number != seen or self.is_over

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _event(name: str, content: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), content)


async def _is_taken(response: web.StreamResponse, event: bytes) -> bool:
    """Hand an event over; waits while the listener is slow, but not for ever."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await response.write(event)
    except TimeoutError:
        return False
    return True


def _keep_little_unsent(request: web.Request) -> None:
    if request.transport is not None:
        connection: socket.socket = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
