"""Clients as they should not be, at a worker at work: each gets its answer, and the others never notice."""

import asyncio
import json
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.strangers import STRANGERS, Door
from consumer.core.instants import DAY_MS, HOUR_MS, format_ms, parse_rfc3339
from tests.home.contract import call
from tests.home.test_embedded_home import RATES
from tests.worker_process import WorkerProcess, until

TOKEN = "of-the-platform-0123456789"  # noqa: S105 - of this test alone
SETTINGS = f"""
[ingest]
token = "{TOKEN}"
twilio_auth_token = "of-twilio-0123456789"
public_url = "https://calls.example.com"
body_s = 4
"""
EACH = 10  # strangers of each kind, all at once
GOOD = 400  # calls posted meanwhile, one after the other


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    (tmp_path / "rates.toml").write_text(RATES)
    process = WorkerProcess(tmp_path, SETTINGS)
    settings = tmp_path / "callcost.toml"
    settings.write_text(settings.read_text() + "idle_s = 4\n")
    process.start()
    yield process
    process.kill()


async def test_every_stranger_gets_an_answer_and_every_good_call_is_taken(worker: WorkerProcess) -> None:
    door = Door(int(worker.url.rpartition(":")[2]), TOKEN, patience_s=4.0)
    answers: dict[str, set[int]] = defaultdict(set)
    async with asyncio.TaskGroup() as group:
        knocking = {group.create_task(stranger(door)): stranger.__name__ for stranger in STRANGERS for _ in range(EACH)}
        taken = group.create_task(post_good_ones(worker))
    for knock, name in knocking.items():
        answers[name].add(knock.result())
    assert answers == {stranger.__name__: {status} for stranger, status in STRANGERS.items()}
    assert taken.result() == GOOD

    await asyncio.to_thread(until, worker.is_up_to_date)
    counts = worker.status()["counts"]
    assert (counts["costed"], counts["received"]) == (GOOD, GOOD + sum(counts["rejected"].values()))
    assert "bad_json" in counts["rejected"]
    assert set(counts["rejected"]) <= {"bad_json", "not_an_object"}  # random bytes may be a line with a number
    answered = {name: number for name, number in worker.metrics().items() if "webhook" in name}
    assert answered['callcost_webhook_answers_total{code="200",platform="callcost"}'] == GOOD
    assert answered['callcost_webhook_answers_total{code="401",platform="callcost"}'] == EACH
    assert answered['callcost_webhook_answers_total{code="401",platform="twilio"}'] == EACH
    assert answered['callcost_webhook_answers_total{code="413",platform="callcost"}'] == 3 * EACH


async def test_calls_that_are_wrong_by_themselves_are_refused_for_the_reason_that_the_fold_counts(
    worker: WorkerProcess,
) -> None:
    now_ms = time.time_ns() // 1_000_000
    good = json.loads(call("a"))
    started_ms = parse_rfc3339(good["started_at"])
    answered = {"disposition": "answered", "answered_at": None}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"call_id": "b"}, "missing_field"),
        (good | {"direction": None}, "missing_field"),
        (good | answered, "missing_field"),
        (good | {"ended_at": format_ms(started_ms - 1_000)}, "wrong_order"),
        (good | {"wrap_s": -1}, "negative_duration"),
        (good | {"ended_at": format_ms(started_ms + 30 * DAY_MS)}, "absurd_duration"),
        (good | {"started_at": format_ms(now_ms), "ended_at": format_ms(now_ms + 2 * HOUR_MS)}, "ended_in_future"),
    ]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for told, reason in wrong:
            async with session.post(f"{worker.url}/ingest/callcost", data=json.dumps(told), headers=headers) as got:
                assert got.status == 400
                assert [one["reason"] for one in (await got.json())["reasons"]] == [reason]
    await asyncio.to_thread(until, worker.is_up_to_date)
    counts = worker.status()["counts"]
    assert counts["rejected"] == Counter(reason for _, reason in wrong)


async def test_what_is_logged_of_strangers_is_short_and_tells_no_secret(worker: WorkerProcess) -> None:
    door = Door(int(worker.url.rpartition(":")[2]), TOKEN, patience_s=4.0)
    number = "+302105550123"
    async with aiohttp.ClientSession() as session:
        told = json.dumps({"call_id": "a", "direction": "inbound", "started_at": number}).encode()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.post(f"{worker.url}/ingest/callcost", data=told, headers=headers) as answer:
            assert answer.status in (400, 415)
        async with session.post(
            f"{worker.url}/ingest/callcost", data=told, headers=headers | {"Content-Type": "application/json"}
        ) as answer:
            assert answer.status == 400
    await asyncio.gather(*(stranger(door) for stranger in STRANGERS for _ in range(EACH)))
    await asyncio.to_thread(until, worker.is_up_to_date)
    said = worker.log.read_text()
    assert TOKEN not in said
    assert "2105550123" not in said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 40


async def post_good_ones(worker: WorkerProcess) -> int:
    """How many were taken at the first try."""
    taken = 0
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for number in range(GOOD):
            async with session.post(f"{worker.url}/ingest/callcost", data=call(f"c{number}"), headers=headers) as got:
                taken += got.status == 200
    return taken


async def test_connections_that_say_nothing_are_closed_in_the_end(worker: WorkerProcess) -> None:
    began = time.monotonic()
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    port = int(worker.url.rpartition(":")[2])
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(min(200, open_files // 4))]
    assert await asyncio.gather(*(reader.read() for reader, _ in silent)) == [b""] * len(silent)
    assert time.monotonic() - began < 20
    for _, writer in silent:
        writer.close()
    assert worker.status()["not_ready"] is None
