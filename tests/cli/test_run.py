"""`callcost run`: the process itself, a file that is written and rotated, and what Prometheus would scrape."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from consumer.cli.main import app
from consumer.core.instants import format_ms, to_ms

RATES = """
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2020-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "240000"
per = "quarter"
driver = "handle_second"
practical_capacity = "30600000"
[[version.fee]]
name = "minute"
driver = "talk_second"
price = "0.018"
per_units = 60
"""
SETTINGS = """
rates = "rates.toml"
[source]
path = "Master.csv"
platform = "asterisk-csv"
poll_s = 0.02
[http]
port = 0
"""


def row(number: int, ended: datetime) -> bytes:
    """A row of Asterisk's own layout: answered after 5 s, a minute of talk."""
    start, answer = ended - timedelta(seconds=65), ended - timedelta(seconds=60)
    times = ",".join(f'"{instant:%Y-%m-%d %H:%M:%S}"' for instant in (start, answer, ended))
    return (
        f'"","100{number % 7}","2{number:03d}","from-internal","""A"" <100>","PJSIP/100-1","PJSIP/200-2","Dial",'
        f'"PJSIP/200",{times},"65","60","ANSWERED","DOCUMENTATION","{int(start.timestamp())}.{number}",""\n'
    ).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rates.toml").write_text(RATES)
    (tmp_path / "callcost.toml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def worker(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "consumer", "run", "-c", str(folder / "callcost.toml")]
    environment = {**os.environ, "COLUMNS": "200"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    yield process
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()


def url_of(process: subprocess.Popen[str]) -> str:
    """The worker says where it listens before it does anything else."""
    assert process.stderr
    for line in process.stderr:
        if "listening on http" in line:
            return line.split("listening on ")[1].strip()
    raise AssertionError("the worker ended without listening")


def scrape(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def until_received(url: str, number: int) -> dict[str, float]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        metrics = scrape(url)
        if metrics.get("callcost_received_total", 0) >= number:
            return metrics
        time.sleep(0.02)
    raise AssertionError(f"{number} events did not come within 30 s")


def test_metrics_of_a_csv_that_is_written_and_rotated_equal_a_replay_of_the_same_calls(
    folder: Path, worker: subprocess.Popen[str]
) -> None:
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    rows = [row(number, ended + timedelta(seconds=number % 50)) for number in range(60)]
    master, url = folder / "Master.csv", url_of(worker)
    with master.open("wb", buffering=0) as written:
        for text in rows[:20]:
            written.write(text)
        until_received(url, 20)
        written.write(rows[20][:40])  # a line that is not whole yet
        until_received(url, 20)
        written.write(rows[20][40:])
        until_received(url, 21)
        master.rename(folder / "Master.csv.1")
        for text in rows[21:30]:  # logrotate: the writer still has the old file
            written.write(text)
    master.write_bytes(b"".join(rows[30:]))
    metrics = until_received(url, 60)

    as_of = format_ms(int(metrics["callcost_read_timestamp_seconds"] * 1000))
    replayed = replay(folder, as_of)
    row_of = {row["window"]: row for row in replayed["windows"] if row["segment"] == {}}
    assert metrics["callcost_costed_total"] == replayed["counts"]["costed"] == 60
    for window in ("5m", "1h", "24h", "month-to-date"):
        labels = f'window="{window}"'
        exported = {name: value for name, value in metrics.items() if labels in name}
        calls = sum(value for name, value in exported.items() if name.startswith("callcost_window_calls{"))
        cost = sum(value for name, value in exported.items() if name.startswith("callcost_window_cost_usd{"))
        absorbed = sum(
            value for name, value in exported.items() if name.startswith("callcost_window_absorbed_cost_usd{")
        )
        assert calls == row_of[window]["calls"]
        assert cost == pytest.approx(float(row_of[window]["standard_cost"]), abs=1e-9)
        assert absorbed == pytest.approx(float(row_of[window]["absorbed_cost"]), abs=1e-6)


def why_not_ready(url: str) -> str:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/readyz")
    with refused.value as answer:
        assert answer.code == 503
        return answer.read().decode()


def replay(folder: Path, as_of: str) -> dict:
    """The same calls from the files that rotation left, as of the scrape."""
    files = [str(folder / "Master.csv.1"), str(folder / "Master.csv")]
    options = ["-r", str(folder / "rates.toml"), "-p", "asterisk-csv", "--as-of", as_of, "--format", "json"]
    return json.loads(CliRunner().invoke(app, ["replay", *options, *files]).stdout)


def test_a_worker_without_its_file_is_alive_not_ready_and_stops_when_told(worker: subprocess.Popen[str]) -> None:
    url = url_of(worker)
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        assert answer.status == 200
    deadline = time.monotonic() + 30
    while "there is no such file" not in (said := why_not_ready(url)):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0


def test_the_log_says_that_a_file_is_waited_for_and_then_read(folder: Path, worker: subprocess.Popen[str]) -> None:
    url, master = url_of(worker), folder / "Master.csv"
    assert worker.stderr
    first = next(line for line in worker.stderr if str(master) in line)
    assert first.endswith(f"waiting for {master}: there is no such file\n")
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    (folder / "written").write_bytes(row(1, ended))
    (folder / "written").rename(master)
    until_received(url, 1)
    worker.send_signal(signal.SIGTERM)
    about = [line for line in worker.stderr if str(master) in line]
    assert len(about) == 1
    assert f"reading {master} from its beginning" in about[0]


def test_settings_mistakes_are_told_together_and_exit_2(folder: Path) -> None:
    (folder / "callcost.toml").write_text('rates = "rates.toml"\n[source]\nplatform = "avaya"\n[fold]\nhorizon_s = 1\n')
    result = CliRunner().invoke(app, ["run", "-c", str(folder / "callcost.toml")])
    assert result.exit_code == 2
    for place in ("source.path", "source.platform", "fold.horizon_s"):
        assert place in result.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_told_with_the_option_that_sets_another(folder: Path, taken: int) -> None:
    (folder / "callcost.toml").write_text(SETTINGS.replace("port = 0", f"port = {taken}"))
    by_run = CliRunner().invoke(app, ["run", "-c", str(folder / "callcost.toml")])
    by_demo = CliRunner().invoke(app, ["demo", "--port", str(taken), "--days", "0"])
    assert (by_run.exit_code, by_demo.exit_code) == (1, 1)
    said = f"cannot listen on 127.0.0.1:{taken}: address already in use; "
    assert by_run.stderr.endswith(f"{said}set [http] port, or host\n")
    assert by_demo.stderr.endswith(f"{said}choose another with --port\n")


def test_the_demo_shows_figures_and_ends_when_told() -> None:
    before = to_ms(datetime.now(UTC))
    result = CliRunner().invoke(app, ["demo", "--port", "0", "--seconds", "2"])
    assert result.exit_code == 0
    assert "month-to-date" in result.stdout
    assert to_ms(datetime.now(UTC)) - before < 60_000


def test_a_demo_whose_output_is_no_terminal_says_at_once_where_it_is_and_in_the_end_what_calls_cost() -> None:
    command = [sys.executable, "-m", "consumer", "demo", "--port", "0", "--days", "1", "--seconds", "120"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout
            url, _, rest = demo.stdout.readline().partition(" ")
            assert rest == "is the live page; Ctrl-C ends the demo\n"
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                assert answer.status == 200
            demo.send_signal(signal.SIGINT)
            shown = demo.stdout.read()
        finally:
            demo.kill()
    assert demo.returncode == 0
    assert "month-to-date" in shown
    assert shown.endswith("\n")
