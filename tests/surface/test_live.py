"""The live page's files and its stream: one reader for all who listen, and nothing old shown as new."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from consumer.core.budgets import BudgetReading
from consumer.core.calls import DIMENSIONS
from consumer.core.comparison import Comparison, Question
from consumer.core.costing import COMPONENTS
from consumer.core.instants import format_ms
from consumer.core.money import NANO
from consumer.core.outlook import Outlook
from consumer.core.reading import Figures, PoolFigures, Reading, Row, WindowReading
from consumer.core.why import Effect
from consumer.core.windows import LIVE_WINDOWS
from consumer.surface import live
from consumer.surface.http import application
from consumer.surface.live import Feed
from consumer.surface.live_json import MOST_BYTES, snapshot
from consumer.surface.report_json import reading_json
from consumer.surface.status import NoFigures, ShareStatus, Status
from tests.surface.readings import AS_OF, COUNTS, outlook, reading

READY = Status(
    version="0.1.0", as_of_ms=AS_OF, not_ready=None, troubles=(), last_event_ms=AS_OF - 2_000,
    watermark_ms=AS_OF - 62_000, events_behind=0, checkpoint_ms=AS_OF - 300_000, table_sha256="0a1b2c3d" * 8,
    table_versions=("2026-q3", "2026-q4"), table_loaded_ms=AS_OF - 3_600_000, table_problems=(), dead_letters=12_345,
    counts=COUNTS,
)  # fmt: skip


def a_second_later() -> Callable[[], int]:
    """A clock that is a second further whenever it is looked at."""
    instants = iter(range(AS_OF, AS_OF + 10**9, 1_000))
    return lambda: next(instants)


class FakeDesk:
    """Figures made by hand; the clock is the caller's. `hangs` and the rest may be changed at any time."""

    def __init__(self, shown: Reading | None = None, clock: Callable[[], int] | None = None) -> None:
        self.shown, self.outlook = shown or reading(), outlook()
        self.state = READY
        self.clock = clock or a_second_later()
        self.asked = 0
        self.hangs = False
        self.failure: Exception | None = None

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        raise NotImplementedError

    async def overview(self) -> tuple[Reading, Outlook]:
        self.asked += 1
        while self.hangs:
            await asyncio.sleep(0.001)
        if self.failure is not None:
            raise self.failure
        return replace(self.shown, as_of_ms=self.clock()), self.outlook

    async def why(self, asked: Question) -> tuple[Reading, Comparison]:
        raise NotImplementedError

    async def budgets(self) -> tuple[Reading, Sequence[BudgetReading], Sequence[str]]:
        raise NotImplementedError

    def status(self) -> Status:
        return replace(self.state, as_of_ms=self.clock())

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        return b"", "text/plain"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are read a hundred times as often; that there are none to send is said as late as ever."""
    for name in ("SNAPSHOT_EVERY_S", "REST_S"):
        monkeypatch.setattr(live, name, getattr(live, name) / 100)


@pytest.fixture
def _soon_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ALIVE_EVERY_S", 0.05)


@asynccontextmanager
async def serving(desk: FakeDesk) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with asyncio.timeout(20), TestClient(TestServer(application(desk))) as client:
        yield client


async def next_event(stream: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The name of an event and what it says."""
    while True:
        block = (await stream.content.readuntil(b"\n\n")).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().split("\n"))
        if "event" in fields:
            return fields["event"], json.loads(fields["data"])


async def beginning_to_listen(client: TestClient[web.Request, web.Application]) -> socket.socket:
    """A listener that has been answered, and whose own buffer is small."""
    connection, loop = socket.socket(), asyncio.get_running_loop()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 13)
    connection.setblocking(False)
    await loop.sock_connect(connection, (client.host, client.port))
    await loop.sock_sendall(connection, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await loop.sock_recv(connection, 12) == b"HTTP/1.1 200"
    return connection


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    async with serving(FakeDesk()) as client:
        for path, media_type in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")):
            answer = await client.get(path)
            text = await answer.text()
            assert (answer.status, answer.headers["Content-Type"]) == (200, f"{media_type}; charset=utf-8")
            assert answer.headers["Content-Security-Policy"].startswith(
                "default-src 'none'; script-src 'self'; style-src"
            )
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-cache"
            assert not re.search(
                r"https?://(?!www\.w3\.org/2000/svg)|innerHTML|<style| style=| on[a-z]+=|<script>", text
            )


async def test_a_listener_is_sent_figures_again_and_again() -> None:
    async with serving(FakeDesk()) as client, client.get("/events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert (stream.headers["Cache-Control"], stream.headers["X-Accel-Buffering"]) == ("no-store", "no")
        assert await stream.content.readline() == b"retry: 2000\n"
        (name, first), (_, second) = await next_event(stream), await next_event(stream)
        assert name == "snapshot"
        assert first["figures"]["as_of"] < second["figures"]["as_of"]


def test_figures_and_their_names_are_those_of_the_report() -> None:
    shown = json.loads(snapshot(READY, reading()))["figures"]
    report = reading_json(reading())
    assert (shown["as_of"], shown["currency"]) == (report["as_of"], "USD")
    for row in (*shown["windows"], *shown["segments"][:2]):
        assert any(row.items() <= same.items() for same in report["windows"])
    wholes = [row["window"] for row in shown["windows"] if not row["segment"]]
    assert wholes == ["5m", "1h", "7d"]
    assert [row["segment"] for row in shown["windows"] if row["window"] == "1h"] == [
        {"direction": "inbound"}, {"direction": "outbound"}, {},
    ]  # fmt: skip
    assert shown["pools"] == [pool for pool in report["pools"] if pool["window"] == "1h"]


def test_what_is_usual_is_of_all_and_of_directions_and_its_change_is_that_of_the_hour() -> None:
    """0.61 a call now and 0.60 usually; inbound 0.81 and 0.80, of which a price made 0.02."""
    whole, inbound = json.loads(snapshot(READY, reading(), outlook()))["figures"]["usual"]
    assert whole == {
        "window": "1h", "segment": {}, "hours": 12, "calls": 150, "cost_per_call": "0.6", "sigma": "0.04",
        "change": "0.01", "price": None, "handle_time": None, "mix": None,
    }  # fmt: skip
    assert inbound == {
        "window": "1h", "segment": {"direction": "inbound"}, "hours": 12, "calls": 120, "cost_per_call": "0.8",
        "sigma": "0.05", "change": "0.01", "price": "0.02", "handle_time": "-0.01", "mix": "0",
    }  # fmt: skip


def test_in_an_hour_without_calls_nothing_changed() -> None:
    five_minutes, hour, _ = reading().windows
    quiet = replace(reading(), windows=(replace(hour, rows=five_minutes.rows),))
    usual = json.loads(snapshot(READY, quiet, replace(outlook(), moved={})))["figures"]["usual"]
    assert [(one["cost_per_call"], one["change"], one["price"]) for one in usual] == [
        ("0.6", None, None), ("0.8", None, None),
    ]  # fmt: skip


def test_budgets_are_those_of_the_report_and_not_too_many() -> None:
    (budget,) = outlook().budgets
    many = replace(outlook(), budgets=tuple(replace(budget, name=f"{number}{'y' * 200}") for number in range(12)))
    shown = json.loads(snapshot(READY, reading(), many))["figures"]
    assert (len(shown["budgets"]), shown["more_budgets"]) == (5, 7)
    assert shown["budgets"][0] == {
        "budget": f"0{'y' * 58}…", "per": "month", "amount": "300", "spent": "210", "projected": "301.000000001",
        "history_weeks": 1,
    }  # fmt: skip


def test_budgets_in_danger_are_shown_first_wherever_they_stand_in_the_table() -> None:
    """Of eight budgets f will be spent to 130 % and g to 110 %; a and b, to 90 %, are left out, and so is one of 95 %.

    What counts is the part: 1300 of 1000 is worse than 9000 of 10 000. Where nothing was to be spent, 1 is the worst.
    """
    (budget,) = outlook().budgets
    plans = (("a", 10_000, 9_000), ("b", 100, 90), ("c", 100, 95), ("d", 100, 95), ("e", 100, 99), ("f", 1_000, 1_300),
             ("g", 100, 110), ("h", 0, 1))  # fmt: skip
    many = tuple(
        replace(budget, name=name, amount_nano=amount * NANO, projected_nano=projected * NANO)
        for name, amount, projected in plans
    )
    shown = json.loads(snapshot(READY, reading(), replace(outlook(), budgets=many)))["figures"]
    assert [one["budget"] for one in shown["budgets"]] == ["h", "f", "g", "e", "c"]
    assert shown["more_budgets"] == 3


def test_segments_are_the_dearest_first_without_what_is_idle() -> None:
    shown = json.loads(snapshot(READY, reading()))["figures"]["segments"]
    assert [(row["segment"]["queue"], row["standard_cost"]) for row in shown] == [
        ("sales", "2.43"), ("__unknown__", "0.009999999"), ("sales", "0"),
    ]  # fmt: skip
    assert shown[2]["segment"]["site"] == 'he"ad\\off�ice�'  # nothing that cannot be seen


FIVE = ("direction", "queue", "agent", "team", "site")


def large(name: str, dimensions: tuple[str, ...] = FIVE) -> Reading:
    """All windows with 500 segments whose names are long, and more pools than anybody has."""
    cost = dict.fromkeys(COMPONENTS, 123_456_789_123_456_789)

    def figures(number: int) -> Figures:
        costs = {**cost, "carrier": number * NANO + 1}
        return Figures(calls=3, components_nano=costs, absorbed_nano=number * 7, p95_nano=123_456_789_123)

    segments = [
        Row((f"way-{number % 3}", *(f"{number} {name}",) * (len(dimensions) - 1)), figures(number))
        for number in range(500)
    ]
    directions = [Row((f"way-{number}",), figures(number)) for number in range(3)]
    pools = tuple(
        PoolFigures(f"{number} {name}", 123_456_789_123_456_789, 23_456_789_123_456_789) for number in range(90)
    )
    windows = tuple(
        WindowReading(window, 0, AS_OF, (*segments, *directions, Row((), figures(9))), pools) for window in LIVE_WINDOWS
    )
    return Reading(AS_OF, "USD", (), "", dimensions, COUNTS, windows)


def expected(name: str) -> Outlook:
    """A usual cost of every segment and direction, and many budgets."""
    (budget,), usual = outlook().budgets, outlook().usual[()]
    directions = [f"way-{number}" for number in range(3)]
    segments = [(way, *(f"{number} {name}",) * 4) for way in directions for number in range(500)]
    moved: dict[str, dict[Effect, int]] = {
        way: dict.fromkeys(("price", "handle_time", "mix"), 123_456_789_123) for way in directions
    }
    budgets = tuple(replace(budget, name=f"{number} {name}", amount_nano=10**24 + 1) for number in range(90))
    return Outlook(dict.fromkeys([(), *((way,) for way in directions), *segments], usual), moved, budgets)


def troubled(text: str) -> Status:
    many = tuple(f"line {number}: {text}" for number in range(2_000))
    return replace(READY, troubles=many, table_problems=many, not_ready=text, table_versions=many)


@pytest.mark.parametrize("name", ["a long name " * 20, "☎" * 200, "\x1b" * 200, "🎰" * 200])
def test_a_snapshot_is_small_whatever_names_and_troubles_there_are(name: str) -> None:
    encoded = snapshot(troubled(name), large(name), expected(name))
    assert len(encoded) <= MOST_BYTES == 50_000
    shown = json.loads(encoded)
    assert len(shown["status"]["troubles"]) == len(shown["status"]["rate_table"]["problems"]) == 5
    assert shown["status"]["rate_table"]["more_problems"] == 1_995
    for window in ("1h", "day-to-date"):
        queues = [row["segment"]["queue"] for row in shown["figures"]["segments"] if row["window"] == window]
        assert [queue.split()[0] for queue in queues] == [str(number) for number in range(499, 479, -1)]


def test_of_many_partitions_it_is_said_how_many_there_are_and_how_old_the_oldest_is() -> None:
    others = [ShareStatus(f"calls/{number}", False, AS_OF - number * 1_000, 0) for number in range(1, 2_000)]
    shares = (ShareStatus("calls/0", True, AS_OF, 5), *others)
    sent = snapshot(replace(READY, shares=shares), reading())
    assert len(sent) <= MOST_BYTES
    assert json.loads(sent)["status"]["shares"] == {
        "own": 1, "others": 1_999, "oldest": format_ms(AS_OF - 1_999_000),
    }  # fmt: skip
    silent = ShareStatus("calls/2000", False, None, 0)
    assert json.loads(snapshot(replace(READY, shares=(*shares, silent)), None))["status"]["shares"]["oldest"] is None
    assert json.loads(snapshot(READY, None))["status"]["shares"] is None


def test_where_names_alone_would_be_too_much_there_are_fewer_segments() -> None:
    encoded = snapshot(troubled("🎰" * 200), large("🎰" * 200, DIMENSIONS), expected("🎰" * 200))
    assert len(encoded) <= MOST_BYTES
    assert len(json.loads(encoded)["figures"]["segments"]) == 2 * 5


async def test_without_figures_there_is_the_status_and_the_reason() -> None:
    desk = FakeDesk()
    desk.failure = NoFigures("restoring: 40 % of the index")
    async with serving(desk) as client, client.get("/events") as stream:
        name, shown = await next_event(stream)
        assert (name, shown["figures"], shown["reason"]) == ("snapshot", None, "restoring: 40 % of the index")
        assert shown["status"]["dead_letters"] == 12_345
        desk.failure = None
        while shown["figures"] is None:
            name, shown = await next_event(stream)


@pytest.mark.usefixtures("_soon_alive")
async def test_a_desk_that_hangs_leaves_a_heartbeat_with_the_time() -> None:
    desk = FakeDesk()
    desk.hangs = True
    async with serving(desk) as client, client.get("/events") as stream:
        assert await next_event(stream) == ("alive", {"as_of": format_ms(AS_OF)})
        assert await next_event(stream) == ("alive", {"as_of": format_ms(AS_OF + 1_000)})


@pytest.mark.usefixtures("_soon_alive")
async def test_whoever_comes_while_the_desk_hangs_is_not_shown_what_was_read_before() -> None:
    desk = FakeDesk()
    async with serving(desk) as client, client.get("/events") as early:
        await next_event(early)
        desk.hangs = True
        while (await next_event(early))[0] != "alive":
            pass
        async with client.get("/events") as late:
            assert (await next_event(late))[0] == "alive"


async def test_figures_are_read_once_for_all_and_not_at_all_when_nobody_listens() -> None:
    desk = FakeDesk()
    served = web.Application()
    feed = Feed(desk)
    served.router.add_get("/events", feed.listen)
    async with asyncio.timeout(20), TestClient(TestServer(served)) as client:
        assert (feed.is_reading, desk.asked) == (False, 0)
        streams = [await client.get("/events") for _ in range(20)]
        told = [await next_event(stream) for _ in range(3) for stream in streams]
        assert len({shown["figures"]["as_of"] for _, shown in told}) <= desk.asked < 20
        for stream in streams:
            assert feed.is_reading
            stream.close()
        while feed.is_reading:
            await asyncio.sleep(0.001)
        async with client.get("/events") as again:
            assert (await next_event(again))[0] == "snapshot"


async def test_a_slow_listener_holds_nobody_up_and_misses_what_it_did_not_take() -> None:
    desk = FakeDesk(large("name"))
    async with serving(desk) as client, client.get("/events") as quick:
        slow, loop = await beginning_to_listen(client), asyncio.get_running_loop()
        for _ in range(150):
            name, newest = await next_event(quick)
            assert name == "snapshot"
        taken: list[str] = []
        text = ""
        while not taken or taken[-1] <= newest["figures"]["as_of"]:
            text += (await loop.sock_recv(slow, 1 << 16)).decode(errors="replace")
            taken = re.findall(r'"figures":\{"as_of":"([^"]+)"', text)
        slow.close()
        assert len(taken) < 75


async def test_one_listener_too_many_is_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 2)
    async with serving(FakeDesk()) as client:
        first, second = await client.get("/events"), await client.get("/events")
        refused = await client.get("/events")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
        first.close()
        while (await client.get("/events")).status != 200:
            await asyncio.sleep(0.001)
        second.close()


async def test_a_listener_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.setattr(live, "MOST_LISTENERS", 1)
    async with serving(FakeDesk(large("name"))) as client:
        gone = await beginning_to_listen(client)
        assert (await client.get("/events")).status == 503
        while (await client.get("/events")).status != 200:
            await asyncio.sleep(0.01)
        gone.close()


@pytest.mark.parametrize("hangs", [False, True])
async def test_streams_end_when_the_server_is_told_to(hangs: bool) -> None:
    desk = FakeDesk()
    desk.hangs = hangs
    runner = web.AppRunner(application(desk), shutdown_timeout=60)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}/events") as stream:
        await next_event(stream)
        async with asyncio.timeout(3):
            await runner.cleanup()
            with suppress(aiohttp.ClientPayloadError):
                await stream.read()
            assert stream.content.at_eof()


async def test_a_failure_ends_the_streams_and_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    desk = FakeDesk()
    async with serving(desk) as client, client.get("/events") as stream:
        await next_event(stream)
        desk.failure = RuntimeError("a mistake of ours")
        with caplog.at_level(logging.ERROR):
            await stream.read()
        assert "figures could not be read" in caplog.text
        assert "a mistake of ours" in caplog.text
        desk.failure = None
        async with client.get("/events") as again:
            assert (await next_event(again))[0] == "snapshot"
