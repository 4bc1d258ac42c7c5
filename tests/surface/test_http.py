"""What is served: metrics, alive, ready, windows, pools, status."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from consumer.core.budgets import BudgetReading
from consumer.core.comparison import Comparison, Question, Side
from consumer.core.instants import DAY_MS, HOUR_MS
from consumer.core.outlook import Outlook
from consumer.core.reading import Reading
from consumer.core.why import Part, Split
from consumer.surface.http import application
from consumer.surface.report_json import reading_json
from consumer.surface.status import NoFigures, Status
from tests.surface.readings import AS_OF, COUNTS, outlook, reading

#: 0.80 became 0.83: a cent less for shorter calls, four more because a second costs more; 0.50 more of idle capacity.
COMPARED = Comparison(
    Side(AS_OF - 2 * HOUR_MS, AS_OF - HOUR_MS, 100, 1_200_000_000),
    Side(AS_OF - HOUR_MS, AS_OF, 120, 1_730_000_000),
    Split(
        800_000_000,
        830_000_000,
        (
            Part(("inbound", "sales", "ath"), "labour", "agents", "price", 40_000_000),
            Part(("inbound", "sales", "ath"), "labour", "agents", "handle_time", -10_000_000),
            Part(("inbound", "sales", "ath"), "", "", "mix", 1),
            Part(("inbound", "support", "ath"), "", "", "mix", -1),
        ),
    ),
    known_from_ms=AS_OF - DAY_MS,
)


class Desk:
    """Answers that were made by hand, and what it was asked."""

    def __init__(self) -> None:
        self.not_ready: str | None = None
        self.has_figures = True
        self.question = Question()
        self.asked_by: tuple[str, ...] | None = ()

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        if not self.has_figures:
            raise NoFigures("making the index of the last calls again: 40 %")
        if by and by[0] != "direction":
            raise ValueError(f"found {by[0]}, expected direction first")
        self.asked_by = by
        return reading()

    async def overview(self) -> tuple[Reading, Outlook]:
        return reading(), outlook()

    async def why(self, asked: Question) -> tuple[Reading, Comparison]:
        self.question = asked
        if asked.window == "30d":
            raise ValueError("found baseline, expected previous, day or week: 30d has too many hours")
        return reading(), COMPARED

    async def budgets(self) -> tuple[Reading, Sequence[BudgetReading], Sequence[str]]:
        return reading(), outlook().budgets, ["budget of agents: its scope names agent"]

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


async def test_why_cost_per_call_moved_is_told_largest_first(client: TestClient[Any, Any], desk: Desk) -> None:
    status, body = await ask(client, "/api/why?window=1h&against=previous")
    found = json.loads(body)
    assert (status, desk.question) == (200, Question("1h", "previous"))
    assert found["before"]["cost_per_call"] == {"standard": "0.8", "absorbed": "1.2"}
    assert found["change"] == {
        "standard": "0.03", "price": "0.04", "handle_time": "-0.01", "mix": "0", "volume": "0.5",
    }  # fmt: skip
    assert found["before_is_whole"] is True
    assert [one["change"] for one in found["segments"]] == ["0.030000001", "-0.000000001"]
    assert found["segments"][0]["segment"] == {"direction": "inbound", "queue": "sales", "site": "ath"}
    assert [(one["component"], one["name"], one["change"]) for one in found["items"]] == [
        ("labour", "agents", "0.03"), (None, None, "0"),
    ]  # fmt: skip


async def test_two_stretches_of_any_kind_may_be_compared(client: TestClient[Any, Any], desk: Desk) -> None:
    edges = "against_from=2026-11-01T00:00:00Z&against_to=2026-11-02T00:00:00Z&from=2026-11-08T00:00:00Z"
    status, body = await ask(client, f"/api/why?{edges}&to=2026-11-09T00:00:00Z")
    assert (status, json.loads(body)["window"]) == (200, None)
    assert desk.question.stretches is not None
    before, after = desk.question.stretches
    assert after.from_ms - before.from_ms == 7 * DAY_MS


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("window=2h", "window: found '2h', expected one of 5m"),
        ("against=yesterday", "against: found 'yesterday', expected one of baseline, previous, day, week"),
        ("direction=up", "direction: found 'up', expected one of inbound"),
        ("window=30d", "against: found baseline, expected previous, day or week"),
        ("from=2026-11-01T00:00:00Z", "found from, expected all of against_from, against_to, from, to, or none"),
        ("against_from=x&against_to=x&from=x&to=x", "against_from: "),
        (
            "against_from=2026-11-02T00:00:00Z&against_to=2026-11-01T00:00:00Z"
            "&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z",
            "from: expected an instant before to",
        ),
    ],
)
async def test_a_question_that_cannot_be_answered_says_what_was_expected(
    client: TestClient[Any, Any], query: str, said: str
) -> None:
    status, body = await ask(client, f"/api/why?{query}")
    assert status == 400
    assert json.loads(body)["error"].startswith(said)


async def test_budgets_are_told_and_why_others_are_not(client: TestClient[Any, Any]) -> None:
    status, body = await ask(client, "/api/budgets")
    found = json.loads(body)
    assert status == 200
    assert found["budgets"][0] | {"windows": ()} == {
        "budget": "all", "per": "month", "from": "2026-11-01T10:00:00.000Z", "to": "2026-12-01T10:00:00.000Z",
        "amount": "300", "spent": "210", "projected": "301.000000001", "history_weeks": 1, "windows": (),
    }  # fmt: skip
    assert found["budgets"][0]["windows"][0] == {"window": "1h", "cost": "1", "allotted": "2"}
    assert found["untracked"] == ["budget of agents: its scope names agent"]
