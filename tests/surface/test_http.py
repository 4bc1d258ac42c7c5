"""What is served: metrics, alive, ready."""

from aiohttp.test_utils import TestClient, TestServer

from consumer.surface.http import application


async def ask(path: str, unready: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, content type and text."""

    async def read_metrics(accept: str) -> tuple[bytes, str]:
        return f"asked for {accept!r}\n".encode(), "text/plain; version=0.0.4; charset=utf-8"

    async with TestClient(TestServer(application(read_metrics, lambda: unready))) as client:
        response = await client.get(path, headers=headers)
        return response.status, response.headers["Content-Type"], await response.text()


async def test_metrics_are_what_the_accept_header_asks_for() -> None:
    status, content_type, text = await ask("/metrics", Accept="application/openmetrics-text")
    assert (status, text) == (200, "asked for 'application/openmetrics-text'\n")
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"


async def test_a_process_that_answers_is_alive_though_it_is_not_ready() -> None:
    assert (await ask("/healthz", unready="restoring"))[::2] == (200, "ok\n")


async def test_ready_says_why_not() -> None:
    assert (await ask("/readyz", unready="restoring: 40 % of the index"))[::2] == (
        503,
        "restoring: 40 % of the index\n",
    )
    assert (await ask("/readyz"))[::2] == (200, "ok\n")


async def test_nothing_else_is_served() -> None:
    assert (await ask("/"))[0] == 404
