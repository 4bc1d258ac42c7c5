"""What is served over HTTP besides the calls' own ways in.

Owns paths, their parameters and status codes. Where to listen, and what the figures are, is the caller's business.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import web

from consumer.core.reading import Reading
from consumer.core.windows import LIVE_WINDOWS
from consumer.surface.desk import Desk
from consumer.surface.live import add_page
from consumer.surface.report_json import reading_json
from consumer.surface.status import NoFigures, status_json

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(desk: Desk, *, client_max_size: int = 1 << 20) -> web.Application:
    """GET /, /events, /metrics, /healthz, /readyz and /api/windows, /api/pools, /api/status."""
    answers = _Answers(desk)
    served = web.Application(client_max_size=client_max_size, middlewares=[_without_figures])
    served.router.add_get("/metrics", answers.metrics)
    served.router.add_get("/healthz", answers.alive)
    served.router.add_get("/readyz", answers.ready)
    served.router.add_get("/api/windows", answers.windows)
    served.router.add_get("/api/pools", answers.pools)
    served.router.add_get("/api/status", answers.status)
    add_page(served, desk)
    return served


@web.middleware
async def _without_figures(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """No figures are better than none that look like some."""
    try:
        return await handler(request)
    except NoFigures as error:
        return _json({"error": f"no figures yet: {error}"}, 503, {"Retry-After": "1"})


class _Answers:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._desk.metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def alive(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(self, _: web.Request) -> web.Response:
        reason = self._desk.status().not_ready
        return web.Response(text="ok\n") if reason is None else web.Response(text=f"{reason}\n", status=503)

    async def status(self, _: web.Request) -> web.Response:
        return _json(status_json(self._desk.status()))

    async def windows(self, request: web.Request) -> web.Response:
        return await self._figures(request, "windows", "pools")

    async def pools(self, request: web.Request) -> web.Response:
        return await self._figures(request, "pools", "windows")

    async def _figures(self, request: web.Request, shown: str, left_out: str) -> web.Response:
        """A reading as JSON, without one of its two lists; incomplete figures say so."""
        window, by = request.query.get("window"), request.query.get("by")
        if window is not None and window not in LIVE_WINDOWS:
            return _refused("window", window, LIVE_WINDOWS)
        try:
            reading = await self._desk.reading(None if by is None else tuple(by.split(",")))
        except ValueError as error:
            return _json({"error": f"by: {error}"}, 400)
        found = reading_json(_only(reading, window))
        del found[left_out]
        return _json({"not_ready": self._desk.status().not_ready, **found})


def _only(reading: Reading, window: str | None) -> Reading:
    kept = tuple(one for one in reading.windows if window in (None, one.window))
    return replace(reading, windows=kept)


def _refused(name: str, found: str, expected: Sequence[str]) -> web.Response:
    return _json({"error": f"{name}: found {found[:40]!r}, expected one of {', '.join(expected)}"}, 400)


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json", headers=headers
    )
