"""What is served over HTTP besides the calls' own ways in.

Owns paths, their parameters and status codes. Where to listen, and what the figures are, is the caller's business.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import msgspec
from aiohttp import web

from consumer.core.calls import DIRECTIONS
from consumer.core.comparison import AGAINST, Against, Question
from consumer.core.instants import parse_rfc3339
from consumer.core.reading import Reading
from consumer.core.windows import LIVE_WINDOWS, Span
from consumer.surface.desk import Desk
from consumer.surface.live import add_page
from consumer.surface.report_json import reading_json
from consumer.surface.report_outlook import budgets_json, why_json
from consumer.surface.status import NoFigures, status_json

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(desk: Desk, *, client_max_size: int = 1 << 20) -> web.Application:
    """GET /, /events, /metrics, /healthz, /readyz and /api/windows, /api/pools, /api/why, /api/budgets, /api/status."""
    answers = _Answers(desk)
    served = web.Application(client_max_size=client_max_size, middlewares=[_without_figures])
    served.router.add_get("/metrics", answers.metrics)
    served.router.add_get("/healthz", answers.alive)
    served.router.add_get("/readyz", answers.ready)
    served.router.add_get("/api/windows", answers.windows)
    served.router.add_get("/api/pools", answers.pools)
    served.router.add_get("/api/why", answers.why)
    served.router.add_get("/api/budgets", answers.budgets)
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

    async def why(self, request: web.Request) -> web.Response:
        """What moved; a question that cannot be answered says what was expected."""
        try:
            asked = _question(request.query)
            reading, found = await self._desk.why(asked)
        except _Refused as error:
            return _json({"error": str(error)}, 400)
        except ValueError as error:
            return _json({"error": f"against: {error}"}, 400)
        return _json({"not_ready": self._desk.status().not_ready, **why_json(reading, asked, found)})

    async def budgets(self, _: web.Request) -> web.Response:
        reading, budgets, untracked = await self._desk.budgets()
        return _json({"not_ready": self._desk.status().not_ready, **budgets_json(reading, budgets, untracked)})

    async def _figures(self, request: web.Request, shown: str, left_out: str) -> web.Response:
        """A reading as JSON, without one of its two lists; incomplete figures say so."""
        window, by = request.query.get("window"), request.query.get("by")
        try:
            _one_of("window", window, LIVE_WINDOWS)
        except _Refused as error:
            return _json({"error": str(error)}, 400)
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


class _Refused(Exception):
    """A parameter is not what was expected."""


def _one_of(name: str, found: str | None, expected: Sequence[str]) -> None:
    if found is not None and found not in expected:
        raise _Refused(f"{name}: found {found[:40]!r}, expected one of {', '.join(expected)}")


def _question(query: Mapping[str, str]) -> Question:
    """Raises _Refused."""
    window, against, direction = query.get("window"), query.get("against"), query.get("direction")
    _one_of("window", window, LIVE_WINDOWS)
    _one_of("against", against, AGAINST)
    _one_of("direction", direction, DIRECTIONS)
    return Question(window or "1h", cast(Against, against or "baseline"), direction, _stretches(query))


_EDGES = ("against_from", "against_to", "from", "to")


def _stretches(query: Mapping[str, str]) -> tuple[Span, Span] | None:
    """Two stretches that are given by their edges: all four, or none. Raises _Refused."""
    given = [name for name in _EDGES if name in query]
    if not given:
        return None
    if len(given) < len(_EDGES):
        raise _Refused(f"found {', '.join(given)}, expected all of {', '.join(_EDGES)}, or none")
    edges = []
    for name in _EDGES:
        try:
            edges.append(parse_rfc3339(query[name]))
        except ValueError as error:
            raise _Refused(f"{name}: {error}") from None
    if edges[0] >= edges[1] or edges[2] >= edges[3]:
        raise _Refused("from: expected an instant before to")
    return Span("against", edges[0], edges[1]), Span("range", edges[2], edges[3])


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json", headers=headers
    )
