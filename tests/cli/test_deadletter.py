"""`callcost deadletter`, beside a worker at work and without one: a rejected event is seen, mended and counted once."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.worker_process import WorkerProcess, until

RATES = """
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2020-01-01
"""
PHONE = "+302101234567"
GOOD = {
    "call_id": "a", "direction": "inbound", "started_at": "2026-11-24T10:00:00Z", "answered_at": "2026-11-24T10:00:05Z",
    "ended_at": "2026-11-24T10:01:00Z", "disposition": "answered",
}  # fmt: skip
BAD = {**GOOD, "call_id": "b", "disposition": PHONE}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    (tmp_path / "rates.toml").write_text(RATES)
    process = WorkerProcess(tmp_path, "[home]\ncheckpoint_s = 0.05")
    process.start()
    yield process
    process.kill()


def post_body(worker: WorkerProcess, platform: str, media_type: str, body: bytes, status: int = 200) -> None:
    headers = {"Content-Type": media_type}
    asked = urllib.request.Request(f"{worker.url}/ingest/{platform}", body, headers)
    try:
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == status
    except urllib.error.HTTPError as error:
        with error:
            assert error.code == status, error.read()


def post(worker: WorkerProcess, *calls: dict[str, str], wrong: Sequence[dict[str, str]] = (BAD,)) -> None:
    is_refused = all(call in wrong for call in calls)
    body = json.dumps(calls).encode()
    post_body(worker, "callcost", "application/json", body, 400 if is_refused else 200)


def deadletter(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "consumer", "deadletter", *arguments]
    return subprocess.run(command, capture_output=True, cwd=folder, timeout=60, check=False)


def listed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    shown = deadletter(folder, "list", "--format", "json", *arguments)
    assert shown.returncode == 0, shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]


def kept(worker: WorkerProcess, number: int) -> bool:
    return worker.status()["dead_letters"] == number


def test_a_list_says_why_with_phone_numbers_masked_and_one_alone_has_its_very_bytes(worker: WorkerProcess) -> None:
    post(worker, GOOD, BAD)
    until(lambda: kept(worker, 1))
    (one,) = listed(worker.folder)
    assert (one["number"], one["reason"], one["field"]) == (1, "unknown_value", "disposition")
    assert (one["platform"], one["record"], one["state"]) == ("callcost", 2, "kept")
    table = deadletter(worker.folder, "list").stdout.decode()
    assert "unknown_value" in table
    assert "were not replayed: 1" in table
    for shown in (table, str(one)):
        assert PHONE not in shown
        assert "30…67" in shown
    assert json.loads(deadletter(worker.folder, "show", "1", "--raw").stdout) == BAD
    assert json.loads(json.loads(deadletter(worker.folder, "show", "1", "--format", "json").stdout)["value"]) == BAD
    alone = deadletter(worker.folder, "show", "1").stdout.decode()
    assert "dead letter 1, kept: record 2, platform callcost" in alone
    assert "unknown_value: disposition" in alone


def test_what_was_costed_beside_it_counts_once_when_a_dead_letter_is_replayed(worker: WorkerProcess) -> None:
    post(worker, GOOD, BAD)
    until(lambda: kept(worker, 1))
    said = deadletter(worker.folder, "replay", "1")
    assert (said.returncode, said.stdout) == (
        0, b"1 to be replayed, by the worker at its next checkpoint or when it starts\n"
    )  # fmt: skip
    until(lambda: [one["number"] for one in listed(worker.folder)] == [2])  # rejected again, for the same reason
    assert worker.status()["counts"] == {
        "received": 3, "costed": 1, "unrated": {}, "rejected": {"unknown_value": 2}, "duplicates": 0, "amended": 0,
        "late": 0, "pending": 0, "unknown_keys": 0, "unconverted_prices": 0,
    }  # fmt: skip
    assert [(one["number"], one["state"]) for one in listed(worker.folder, "--replayed")] == [
        (1, "replayed"), (2, "kept")
    ]  # fmt: skip


def test_all_of_one_reason_are_costed_each_once_also_when_asked_while_no_worker_runs(worker: WorkerProcess) -> None:
    """Of a PBX whose clock is ahead; five minutes are allowed. A little later its calls are of the past."""
    ended = datetime.now(UTC) + timedelta(minutes=5, seconds=8)
    times = {"started_at": f"{ended - timedelta(seconds=65):%FT%TZ}", "ended_at": f"{ended:%FT%TZ}"}
    ahead = [{**GOOD, "call_id": f"c{number}", "disposition": "no_answer", **times} for number in range(3)]
    for call in ahead:
        del call["answered_at"]
    post(worker, *ahead, BAD, wrong=[*ahead, BAD])
    until(lambda: kept(worker, 4))
    assert worker.stop() == 0
    said = deadletter(worker.folder, "replay", "--all", "--reason", "ended_in_future")
    assert (said.returncode, said.stdout[:1]) == (0, b"3")
    time.sleep(max(0.0, (ended - datetime.now(UTC)).total_seconds() - 300))
    worker.start()
    until(lambda: kept(worker, 1))
    until(worker.is_up_to_date)
    assert worker.status()["counts"] == {
        "received": 7, "costed": 3, "unrated": {}, "rejected": {"ended_in_future": 3, "unknown_value": 1},
        "duplicates": 0, "amended": 0, "late": 0, "pending": 0, "unknown_keys": 0, "unconverted_prices": 0,
    }  # fmt: skip


def test_what_cannot_be_done_is_said_with_an_exit_code(worker: WorkerProcess, tmp_path_factory: Any) -> None:
    unknown = deadletter(worker.folder, "show", "7")
    assert (unknown.returncode, b"dead letter 7 was not found" in unknown.stderr) == (1, True)
    none = deadletter(worker.folder, "replay", "7")
    assert (none.returncode, b"not found, nothing is replayed: 7" in none.stderr) == (1, True)
    assert deadletter(worker.folder, "replay").returncode == 2
    assert deadletter(worker.folder, "replay", "7", "--all").returncode == 2
    assert deadletter(worker.folder, "list", "--reason", "no_such").returncode == 2
    assert deadletter(worker.folder, "list", "-c", "elsewhere.toml").returncode == 2
    empty = tmp_path_factory.mktemp("empty")
    (empty / "callcost.toml").write_text('rates = "rates.toml"\n')
    missing = deadletter(empty, "list")
    assert (missing.returncode, b"no such file; has a worker run" in missing.stderr) == (1, True)
    assert [path.name for path in empty.iterdir()] == ["callcost.toml"]


def test_a_record_that_is_no_text_is_shown_in_hexadecimal(worker: WorkerProcess) -> None:
    post_body(worker, "callcost", "application/json", b"\x00\xff\xfe junk", status=400)
    until(lambda: kept(worker, 1))
    assert b"00000000  00 ff fe 20 6a 75 6e 6b" in deadletter(worker.folder, "show", "1").stdout
    assert deadletter(worker.folder, "show", "1", "--raw").stdout == b"\x00\xff\xfe junk"
    assert deadletter(worker.folder, "list").stdout.count(b"bad_json") == 1
