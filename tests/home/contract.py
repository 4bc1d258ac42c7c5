"""What every home promises, tried on a worker as its users see it: posted to, killed, started again, asked.

A home passes when its tests inherit `HomeContract` and say with which settings a worker runs on it. What figures ought
to be is folded here, from the same events, without any home.
"""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.instants import HOUR_MS, parse_rfc3339
from consumer.core.pipeline import Pipeline
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from consumer.rates.load import load_rates
from consumer.settings import load_settings
from consumer.simulator.simulator import Simulator
from consumer.surface.report_json import reading_json
from tests.simulator.listening import heard
from tests.worker_process import WorkerProcess, until

SAMPLES = Path(consumer.samples.__file__).parent
SETTINGS = """
rates_poll_s = 0.05
{home}
[fold]
horizon_s = 172_800
"""


class HomeContract:
    """Inherit it, and override `home_settings`."""

    @pytest.fixture
    def home_settings(self) -> str:
        """Tables of callcost.toml that put a worker on this home, with a checkpoint every 0.1 s."""
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        shutil.copytree(SAMPLES / "decks", tmp_path / "decks")
        shutil.copy(SAMPLES / "rates.toml", tmp_path)
        return tmp_path

    @pytest.fixture
    def worker(self, folder: Path, home_settings: str) -> Iterator[WorkerProcess]:
        process = WorkerProcess(folder, SETTINGS.format(home=home_settings))
        process.start()
        yield process
        process.kill()

    @pytest.fixture
    def events(self) -> list[bytes]:
        return some_hours()

    def test_what_was_answered_is_kept_though_the_process_is_killed_at_once(
        self, worker: WorkerProcess, events: list[bytes]
    ) -> None:
        post(worker, events)
        worker.kill()
        worker.start()
        until(worker.is_up_to_date)
        assert_figures(worker, events)

    def test_after_a_restart_duplicates_and_amendments_of_earlier_calls_are_known(
        self, worker: WorkerProcess, events: list[bytes]
    ) -> None:
        """Every event twice, the second half of them after a clean end and a kill."""
        half = len(events) // 2
        post(worker, events[:half])
        until(worker.is_up_to_date)
        assert worker.stop() == 0
        worker.start()
        post(worker, events)
        until(worker.is_up_to_date)
        worker.kill()
        worker.start()
        post(worker, events[half:])
        until(worker.is_up_to_date)
        assert_figures(worker, [*events[:half], *events, *events[half:]])

    def test_nothing_is_folded_again_after_a_clean_end(self, worker: WorkerProcess, events: list[bytes]) -> None:
        post(worker, events)
        assert worker.stop() == 0  # what was taken is in the last checkpoint
        worker.start()
        until(lambda: worker.status()["not_ready"] is None)
        assert "came after the last checkpoint" not in worker.log.read_text()
        assert_figures(worker, events)

    def test_every_event_is_in_exactly_one_count(self, worker: WorkerProcess, events: list[bytes]) -> None:
        """Also those that are refused for what they say, late, or wait for the rest."""
        old = call("old", started_at="2026-01-05T10:00:00Z", ended_at="2026-01-05T10:01:00Z")
        faulty = [b"{", b"5", call("bad", disposition="perhaps"), call("wrong", started_at="soon")]
        waiting = json.dumps({"call_id": "waiting", "version": 2, "wrap_s": 30}).encode()
        told = [*events, old, waiting]
        post(worker, told)
        for one in faulty:
            assert post(worker, [one], 400)["rejected"] == 1
        until(worker.is_up_to_date)
        counts = worker.status()["counts"]
        assert (counts["late"], sum(counts["rejected"].values())) == (1, len(faulty))
        assert counts["pending"] >= 1
        assert counts["received"] == len(told) + len(faulty) == in_all(counts)
        worker.kill()
        worker.start()
        until(worker.is_up_to_date)
        assert worker.status()["counts"] == counts
        assert_figures(worker, [*told, *faulty])

    def test_what_was_rejected_is_kept_with_its_bytes_and_its_reason(self, worker: WorkerProcess) -> None:
        bad = call("bad", disposition="perhaps")
        post(worker, [bad], 400)
        until(lambda: worker.status()["dead_letters"] == 1)
        worker.kill()
        worker.start()
        command = [sys.executable, "-m", "consumer", "deadletter"]
        shown = subprocess.check_output([*command, "show", "1", "--raw"], cwd=worker.folder)
        assert shown == bad
        (listed,) = subprocess.check_output([*command, "list", "--format", "json"], cwd=worker.folder).splitlines()
        assert (json.loads(listed)["reason"], json.loads(listed)["field"]) == ("unknown_value", "disposition")

    def test_a_rate_table_that_was_changed_while_nothing_ran_holds_from_the_start(
        self, worker: WorkerProcess, events: list[bytes]
    ) -> None:
        post(worker, events)
        until(worker.is_up_to_date)
        worker.kill()
        dearer(worker.folder)
        worker.start()
        until(worker.is_up_to_date)
        assert_figures(worker, events)
        # Its prices are of 2026-01-01, midnight in Athens, however late it was loaded.
        assert worker.metrics()["callcost_rate_table_newest_version_timestamp_seconds"] == 1_767_218_400

    def test_a_rate_table_with_mistakes_changes_nothing_and_is_told(
        self, worker: WorkerProcess, events: list[bytes]
    ) -> None:
        post(worker, events)
        until(worker.is_up_to_date)
        path, good = worker.folder / "rates.toml", (worker.folder / "rates.toml").read_text()
        path.write_text(good.replace('currency = "USD"', 'currency = "dollars"', 1) + "\n[[version]]\nid = 5\n")
        until(lambda: worker.status()["rate_table"]["problems"] != [])
        problems = worker.status()["rate_table"]["problems"]
        assert any("currency: found" in problem and "rates.toml:" in problem for problem in problems)
        assert any("version" in problem for problem in problems)
        assert worker.metrics()["callcost_rate_table_problems"] == len(problems)
        path.write_text(good)
        until(lambda: worker.status()["rate_table"]["problems"] == [])
        assert_figures(worker, events)

    def test_state_that_was_made_with_other_settings_is_refused(
        self, worker: WorkerProcess, events: list[bytes]
    ) -> None:
        post(worker, events[:10])
        until(worker.is_up_to_date)
        assert worker.stop() == 0
        settings = worker.folder / "callcost.toml"
        before = settings.read_text()
        settings.write_text(before.replace("[fold]", '[fold]\ndimensions = ["direction", "queue"]'))
        refused = subprocess.run(
            [sys.executable, "-m", "consumer", "run"], cwd=worker.folder, capture_output=True, timeout=60, check=False
        )
        assert refused.returncode == 1
        assert b"the state was made with other dimensions" in refused.stderr
        settings.write_text(before)
        worker.start()
        until(worker.is_up_to_date)
        assert_figures(worker, events[:10])

    def test_fewer_dimensions_are_the_same_calls_summed(self, worker: WorkerProcess, events: list[bytes]) -> None:
        post(worker, events)
        until(worker.is_up_to_date)
        for by in (("direction",), ("direction", "site")):
            assert_figures(worker, events, by)


@cache
def some_hours() -> list[bytes]:
    """Some hours of a centre: wrap-up and prices that come late, duplicates, disorder."""
    now_ms = time.time_ns() // 1_000_000
    told = heard(Simulator(peak_calls_per_minute=40), now_ms - 20 * HOUR_MS, now_ms)
    return [one.event for one in told[-3_000:]]


def call(call_id: str, **fields: Any) -> bytes:
    """An inbound call of a minute, some seconds ago."""
    ended_s = int(time.time()) - 10
    shown = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant)) for instant in (ended_s - 60, ended_s)]
    said = {
        "call_id": call_id, "direction": "inbound", "started_at": shown[0], "ended_at": shown[1],
        "disposition": "no_answer", **fields,
    }  # fmt: skip
    return json.dumps(said).encode()


def post(worker: WorkerProcess, events: Sequence[bytes], status: int = 200) -> dict[str, Any]:
    """Post events, and what was answered."""
    headers = {"Content-Type": "application/x-ndjson"}
    asked = urllib.request.Request(f"{worker.url}/ingest/callcost", b"\n".join(events), headers)
    try:
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == status
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            assert refused.code == status, refused.read()
            return json.load(refused)


def assert_figures(worker: WorkerProcess, events: Sequence[bytes], by: tuple[str, ...] | None = None) -> None:
    """What the worker shows is what these events come to at the instant that it shows, to the last digit."""
    shown = worker.get("/api/windows" if by is None else f"/api/windows?by={','.join(by)}")
    assert shown.pop("not_ready") is None
    as_of_ms = parse_rfc3339(shown["as_of"])
    pipeline = Pipeline(
        load_rates(worker.folder / "rates.toml"), decode, load_settings(worker.folder / "callcost.toml").fold.for_fold()
    )
    pipeline.feed([SourceRecord(at, event, (), as_of_ms) for at, event in enumerate(events)])
    expected = reading_json(pipeline.read(as_of_ms, spans(pipeline.table.calendar, as_of_ms), by))
    del expected["pools"]
    assert shown == json.loads(json.dumps(expected))
    assert any(window["calls"] for window in shown["windows"])


def in_all(counts: dict[str, Any]) -> int:
    """Of all the counts that an event can be in."""
    one_each = sum(counts[name] for name in ("costed", "duplicates", "amended", "late", "pending"))
    return one_each + sum(counts["rejected"].values()) + sum(counts["unrated"].values())


def dearer(folder: Path) -> None:
    """Agents cost more in the rate table."""
    path = folder / "rates.toml"
    text = path.read_text()
    assert 'amount = "' in text
    path.write_text(text.replace('amount = "', 'amount = "1', 1))
