"""Real calls through a real proxy: each is counted once and costed, whatever becomes of the worker and the network."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.voip.relay import Fault, Relay
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.sip

RUN = Path(__file__).parent / "voip" / "run.sh"
CALLS = {
    "RATE": "10", "SECONDS_OF_CALLS": "5", "TALK_MS": "300-2000", "RING_MS": "100-400", "RING_LIMIT_MS": "1000",
    "MAX_CALL_S": "3", "POST_TIMEOUT": "1", "DRAIN_S": "20",
}  # fmt: skip
RATES = """
currency = "EUR"
time_zone = "Europe/Athens"
[[version]]
id = "v1"
effective_from = 2020-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "24000"
per = "month"
driver = "handle_second"
practical_capacity = "3060000"
[[version.tariff]]
name = "carriers"
match = { trunk = ["carrier-a", "carrier-b"], direction = ["outbound"] }
rates = [{ prefix = "30", rate_per_minute = "0.006" }]
first_increment_s = 30
next_increment_s = 6
"""
ADMITTED = "the-proxy-and-nobody-else"


def talk_s(worker: WorkerProcess) -> Decimal:
    """Of all calls of the last hour."""
    whole = [row for row in worker.get("/api/windows?window=1h")["windows"] if row["segment"] == {}]
    assert [row["window"] for row in whole] == ["1h"]
    return Decimal(whole[0]["talk_s"])


@pytest.fixture
def worker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerProcess]:
    token = getattr(request, "param", "")
    (tmp_path / "rates.toml").write_text(RATES)
    (tmp_path / "token").write_text(token)
    process = WorkerProcess(tmp_path, '[ingest]\ntoken_file = "token"' if token else "")
    process.start()
    yield process
    process.kill()


async def make_calls(sink: str, folder: Path, **settings: str) -> dict[str, str]:
    """Run the rig, and give what its last line says; every record agrees with what sipp saw."""
    environment = {**os.environ, **CALLS, **settings, "SINK_URL": sink, "RUN_DIR": str(folder / "rig")}
    rig = await asyncio.create_subprocess_exec(
        "bash", str(RUN), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output = (await rig.communicate())[0].decode()
    finally:
        if rig.returncode is None:
            rig.terminate()
            await rig.wait()
    assert rig.returncode == 0, output
    return dict(pair.split("=") for pair in output.splitlines()[-1].split())


def assert_each_call_is_counted_once(worker: WorkerProcess, rig: dict[str, str]) -> dict[str, Any]:
    """The counts, when all that was acknowledged is in them."""
    until(lambda: worker.status()["events_behind"] == 0)
    counts = worker.status()["counts"]
    made = int(rig["expected"])
    assert made == int(rig["received"]) == int(CALLS["RATE"]) * int(CALLS["SECONDS_OF_CALLS"])
    assert counts["received"] - counts["duplicates"] == made, counts
    assert counts["costed"] + sum(counts["unrated"].values()) == made, counts
    assert talk_s(worker) == Decimal(rig["total_talk_s"])
    return counts


async def test_every_call_is_counted_once_and_costed(worker: WorkerProcess, tmp_path: Path) -> None:
    rig = await make_calls(f"{worker.url}/ingest/kamailio", tmp_path)
    counts = assert_each_call_is_counted_once(worker, rig)
    assert (counts["costed"], counts["duplicates"]) == (int(rig["expected"]), 0)


@pytest.mark.parametrize("worker", [ADMITTED], indirect=True)
async def test_records_come_in_arrays_and_with_a_token(worker: WorkerProcess, tmp_path: Path) -> None:
    header = f"Authorization: Bearer {ADMITTED}"
    rig = await make_calls(f"{worker.url}/ingest/kamailio", tmp_path, SINK_HEADER=header, BATCH="5")
    assert_each_call_is_counted_once(worker, rig)


async def test_nothing_is_lost_when_the_worker_is_killed_and_started_again(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as group:
        calls = group.create_task(make_calls(f"{worker.url}/ingest/kamailio", tmp_path))
        for number in (10, 30):
            await asyncio.to_thread(until, lambda number=number: worker.status()["counts"]["received"] >= number)
            worker.kill()
            await asyncio.to_thread(worker.start)
    assert_each_call_is_counted_once(worker, calls.result())


async def test_nothing_is_lost_or_counted_twice_when_the_network_fails(worker: WorkerProcess, tmp_path: Path) -> None:
    async with Relay(worker.url, down=Fault(0.5, 1), fail=Fault(2.5, 1), slow=Fault(4, 1, delay_s=1.5)) as relay:
        rig = await make_calls(f"http://127.0.0.1:{relay.port}/ingest/kamailio", tmp_path)
    assert relay.times_down and relay.failed and relay.slowed
    assert assert_each_call_is_counted_once(worker, rig)["duplicates"] > 0
