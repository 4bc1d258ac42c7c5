"""What is served over HTTP besides the calls' own ways in: metrics, and whether the process is alive and ready.

Owns paths and status codes. Where to listen, and what the figures are, is the caller's business.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web


def application(
    read_metrics: Callable[[str], Awaitable[tuple[bytes, str]]], unready_reason: Callable[[], str | None]
) -> web.Application:
    """GET /metrics, /healthz and /readyz.

    `read_metrics` takes the Accept header and gives the text and its content type. It is awaited, so that it can read
    the figures on the event loop and render them, which takes a while, on a thread. `unready_reason` gives None when
    calls are restored and being read.
    """

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = await read_metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        reason = unready_reason()
        return web.Response(text="ok\n") if reason is None else web.Response(text=f"{reason}\n", status=503)

    served = web.Application()
    served.router.add_get("/metrics", metrics)
    served.router.add_get("/healthz", alive)
    served.router.add_get("/readyz", ready)
    return served
