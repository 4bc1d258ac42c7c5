"""A worker that is killed while calls are posted: its figures are those of one that nobody ever killed."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.counts import Counts
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_ms
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.platforms.canonical import decode
from consumer.rates.load import load_rates
from consumer.settings import load_settings
from consumer.simulator.simulator import Simulator
from tests.home.at_rest import figures, figures_in, read
from tests.simulator.listening import heard
from tests.worker_process import WorkerProcess, until

SAMPLES = Path(consumer.samples.__file__).parent
LONG_MEMORY = """
rates_poll_s = 0.05
[home]
checkpoint_s = 0.2
[fold]
horizon_s = 172_800
"""
EVENTS, BATCH, CLIENTS, KILLS = 8_000, 10, 4, 20


class Posting:
    """Clients that post every batch until it is answered 2xx."""

    def __init__(self, url: str, events: Sequence[bytes]) -> None:
        self.acknowledged = 0  # events
        self._url = url
        self._batches = [b"\n".join(events[at : at + BATCH]) for at in range(0, len(events), BATCH)]

    async def run(self) -> None:
        waiting = iter(self._batches)
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._client(session, waiting))

    async def _client(self, session: aiohttp.ClientSession, waiting: Any) -> None:
        for batch in waiting:
            while not await self._is_taken(session, batch):
                await asyncio.sleep(0.05)
            self.acknowledged += batch.count(b"\n") + 1

    async def _is_taken(self, session: aiohttp.ClientSession, batch: bytes) -> bool:
        headers = {"Content-Type": "application/x-ndjson"}
        try:
            async with session.post(self._url, data=batch, headers=headers) as answer:
                assert answer.status in (200, 503), await answer.text()
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def has_come_to(self, events: int) -> None:
        while self.acknowledged < events:
            await asyncio.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES / "decks", tmp_path / "decks")
    shutil.copy(SAMPLES / "rates.toml", tmp_path)
    return tmp_path


@pytest.fixture
async def worker(folder: Path) -> AsyncIterator[WorkerProcess]:
    process = WorkerProcess(folder, LONG_MEMORY)
    process.start()
    yield process
    process.kill()


async def test_twenty_kills_in_a_stream_of_webhooks_change_no_figure(worker: WorkerProcess) -> None:
    now_ms = time.time_ns() // 1_000_000
    told = heard(Simulator(peak_calls_per_minute=40), now_ms - 20 * HOUR_MS, now_ms)[-EVENTS:]
    events = [one.event for one in told]
    posting = Posting(f"{worker.url}/ingest/callcost", events)
    dice = random.Random(20)  # noqa: S311 - when to kill is no secret
    places = sorted(dice.sample(range(BATCH, len(events) - BATCH), KILLS))
    async with asyncio.TaskGroup() as group:
        group.create_task(posting.run())
        for place in places:
            await posting.has_come_to(place)
            await asyncio.sleep(dice.random() * 0.05)
            worker.kill()
            await asyncio.to_thread(worker.start)
    assert worker.life == KILLS + 1
    await asyncio.to_thread(until, worker.is_up_to_date)
    worker.kill()  # what it had answered must do

    undisturbed = Pipeline(load_rates(worker.folder / "rates.toml"), decode, fold_settings(worker.folder))
    undisturbed.feed([SourceRecord(at, event, (), now_ms) for at, event in enumerate(events)])
    found, counts = await figures_in(worker.folder, now_ms)
    assert counts.received >= len(events)
    assert once_each(counts) == once_each(undisturbed.counts)
    assert figures(found) == figures(read(undisturbed, now_ms))


def fold_settings(folder: Path) -> Any:
    return load_settings(folder / "callcost.toml").fold.for_fold()


def once_each(counts: Counts) -> Counts:
    """Without what was told again because its answer was lost."""
    return msgspec.structs.replace(counts, received=counts.received - counts.duplicates, duplicates=0)


RATES = """
currency = "USD"
time_zone = "{zone}"
[[version]]
id = "v1"
effective_from = 2020-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "240000"
per = "month"
driver = "handle_second"
practical_capacity = "3060000"
[[version.tariff]]
name = "carrier"
rates = [{{ prefix = "30", rate_per_minute = "{price}" }}]
"""


def a_minute(number: int, ended_ms: int) -> bytes:
    """A call of a minute."""
    started = format_ms(ended_ms - MINUTE_MS)
    said = {
        "call_id": f"c{number}", "direction": "outbound", "started_at": started, "answered_at": started,
        "ended_at": format_ms(ended_ms), "disposition": "answered", "to_number": f"+3021{number:08d}",
    }  # fmt: skip
    return msgspec.json.encode(said)


def table(folder: Path) -> RateTable:
    return load_rates(folder / "rates.toml")


async def test_a_corrected_rate_table_holds_for_all_calls_of_the_horizon_whatever_is_killed(tmp_path: Path) -> None:
    """Of yesterday 500 minutes at 0.006, which were 0.004: that day, which is over, rises by 500 · 0.002 = 1."""
    zone = noon_somewhere()
    (tmp_path / "rates.toml").write_text(RATES.format(zone=zone, price="0.004"))
    worker = WorkerProcess(tmp_path, LONG_MEMORY)
    now_ms = time.time_ns() // 1_000_000
    yesterday = [a_minute(number, now_ms - DAY_MS + number) for number in range(500)]
    today = [a_minute(number, now_ms - HOUR_MS + number) for number in range(500, 4_500)]
    worker.start()
    try:
        await Posting(f"{worker.url}/ingest/callcost", [*yesterday, a_minute(9_999, now_ms - HOUR_MS)]).run()
        posting = Posting(f"{worker.url}/ingest/callcost", today)
        async with asyncio.TaskGroup() as group:
            group.create_task(posting.run())
            await posting.has_come_to(1_000)
            before = worker.status()["rate_table"]["sha256"]
            (tmp_path / "corrected.toml").write_text(RATES.format(zone=zone, price="0.006"))
            (tmp_path / "corrected.toml").replace(tmp_path / "rates.toml")
            await asyncio.to_thread(until, lambda: worker.status()["rate_table"]["sha256"] != before)
            worker.kill()
            await asyncio.to_thread(worker.start)
            await posting.has_come_to(2_500)
            worker.kill()
            await asyncio.to_thread(worker.start)
        await asyncio.to_thread(until, worker.is_up_to_date)
        metrics = worker.metrics()
    finally:
        worker.kill()
    assert metrics["callcost_closed_cost_risen_usd_total"] == 1
    assert metrics["callcost_closed_cost_fallen_usd_total"] == 0

    from_the_start = Pipeline(table(tmp_path), decode, fold_settings(tmp_path))
    events = [*yesterday, a_minute(9_999, now_ms - HOUR_MS), *today]
    from_the_start.feed([SourceRecord(at, event, (), now_ms) for at, event in enumerate(events)])
    found, counts = await figures_in(tmp_path, now_ms)
    assert once_each(counts) == once_each(from_the_start.counts)
    assert figures(found) == figures(read(from_the_start, now_ms))


def noon_somewhere() -> str:
    """A time zone in which it is about noon now, so that a minute ago was today."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"
