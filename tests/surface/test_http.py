"""What is served: metrics, alive, ready, windows, pools, status."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from consumer.core.instants import HOUR_MS
from consumer.core.reading import Reading
from consumer.surface.http import application
from consumer.surface.report_json import reading_json
from consumer.surface.status import NoFigures, Status
from tests.surface.readings import AS_OF, COUNTS, reading


class Desk:
    """Answers that were made by hand, and what it was asked."""

    def __init__(self) -> None:
        self.not_ready: str | None = None
        self.has_figures = True
        self.asked_by: tuple[str, ...] | None = ()

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        if not self.has_figures:
            raise NoFigures("making the index of the last calls again: 40 %")
        if by and by[0] != "direction":
            raise ValueError(f"found {by[0]}, expected direction first")
        self.asked_by = by
        return reading()

    def status(self) -> Status:
        return Status(
            version="0.1.0", as_of_ms=AS_OF, not_ready=self.not_ready, troubles=("calls are refused: no space",),
            last_event_ms=None, watermark_ms=AS_OF - HOUR_MS, events_behind=7, checkpoint_ms=AS_OF,
            table_sha256="0a" * 32, table_versions=("v1",), table_loaded_ms=AS_OF - HOUR_MS,
            table_problems=("rates.toml:3: currency: found 5",), dead_letters=2, counts=COUNTS,
        )  # fmt: skip

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        return f"asked for {accept!r}\n".encode(), "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(application(desk))) as served:
        yield served


async def ask(client: TestClient[Any, Any], path: str, **headers: str) -> tuple[int, str]:
    response = await client.get(path, headers=headers)
    return response.status, await response.text()


async def ask_json(client: TestClient[Any, Any], path: str) -> tuple[int, dict[str, Any]]:
    status, text = await ask(client, path)
    return status, json.loads(text)


async def test_metrics_are_what_the_accept_header_asks_for(client: TestClient[Any, Any]) -> None:
    response = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert (response.status, await response.text()) == (200, "asked for 'application/openmetrics-text'\n")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_a_process_that_answers_is_alive_though_it_is_not_ready(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.not_ready = "restoring"
    assert await ask(client, "/healthz") == (200, "ok\n")


async def test_ready_says_why_not(client: TestClient[Any, Any], desk: Desk) -> None:
    assert await ask(client, "/readyz") == (200, "ok\n")
    desk.not_ready = "restoring: 40 % of the index"
    assert await ask(client, "/readyz") == (503, "restoring: 40 % of the index\n")


async def test_windows_and_pools_are_the_reading_in_two_parts(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.not_ready = "12 records to go"
    whole = reading_json(reading())
    status, windows = await ask_json(client, "/api/windows")
    assert (status, windows.pop("not_ready")) == (200, "12 records to go")
    assert windows == {name: value for name, value in whole.items() if name != "pools"}
    status, pools = await ask_json(client, "/api/pools")
    assert (status, pools.pop("not_ready")) == (200, "12 records to go")
    assert pools == {name: value for name, value in whole.items() if name != "windows"}


async def test_one_window_alone_and_fewer_dimensions(client: TestClient[Any, Any], desk: Desk) -> None:
    status, found = await ask_json(client, "/api/windows?window=1h&by=direction,queue")
    assert status == 200
    assert {row["window"] for row in found["windows"]} == {"1h"}
    assert desk.asked_by == ("direction", "queue")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("window=2h", "window: found '2h', expected one of 5m, "),
        ("by=queue", "by: found queue, expected direction first"),
    ],
)
async def test_what_is_not_there_is_refused(client: TestClient[Any, Any], asked: str, said: str) -> None:
    status, found = await ask_json(client, f"/api/windows?{asked}")
    assert status == 400
    assert found["error"].startswith(said)


async def test_figures_are_not_served_before_there_are_any(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.has_figures = False
    status, found = await ask_json(client, "/api/windows")
    assert (status, found) == (503, {"error": "no figures yet: making the index of the last calls again: 40 %"})


async def test_the_status_says_what_stands_in_the_way(client: TestClient[Any, Any]) -> None:
    status, found = await ask_json(client, "/api/status")
    assert status == 200
    assert found["troubles"] == ["calls are refused: no space"]
    assert found["rate_table"]["problems"] == ["rates.toml:3: currency: found 5"]
    assert (found["last_event"], found["watermark"]) == (None, "2026-11-23T09:00:00.000Z")
    assert (found["events_behind"], found["dead_letters"], found["counts"]["received"]) == (7, 2, 1_013)


async def test_figures_are_not_kept_by_anybody_on_the_way(client: TestClient[Any, Any]) -> None:
    for path in ("/api/windows", "/api/pools", "/api/status"):
        assert (await client.get(path)).headers["Cache-Control"] == "no-store"


async def test_nothing_else_is_served(client: TestClient[Any, Any]) -> None:
    for path in ("/page", "/api", "/api/calls", "/static/../callcost.db"):
        assert (await client.get(path)).status == 404
