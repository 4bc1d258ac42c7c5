"""deploy/systemd/callcost.service: systemd accepts it, finds little exposed, and the worker works under its filters.

systemd itself is not running here: mounts, users and limits of the unit are checked by their names alone.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import ProcessCollector

from consumer.settings import load_settings
from tests.deploy.commands import BIN, ROOT, ask
from tests.deploy.unit import UNIT, value, values
from tests.worker_process import free_port, until

pytestmark = pytest.mark.systemd

TOKEN = "of-those-who-post-0123456789"  # noqa: S105 - of these tests alone
MOST_EXPOSED = 1.0  # of 10; systemd calls up to 2 safe
CALL = {
    "call_id": "in-1", "direction": "inbound", "disposition": "abandoned", "queue": "support", "site": "ath",
    "started_at": "2026-11-02T10:00:00+02:00", "ended_at": "2026-11-02T10:01:00+02:00",
}  # fmt: skip


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    installed = UNIT.read_text().replace("/opt/callcost/bin/callcost ", f"{shutil.which('true')} ")
    (tmp_path / UNIT.name).write_text(installed)
    found = ask("systemd-analyze", "--no-pager", "verify", tmp_path / UNIT.name)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_systemd_would_refuse_a_unit_with_a_mistake(tmp_path: Path) -> None:
    installed = UNIT.read_text().replace("/opt/callcost/bin/callcost ", f"{shutil.which('true')} ")
    (tmp_path / UNIT.name).write_text(installed.replace("ProtectSystem=", "ProtectSistem="))
    assert "ProtectSistem" in ask("systemd-analyze", "--no-pager", "verify", tmp_path / UNIT.name).stderr


def test_little_is_exposed_and_the_documentation_says_how_much() -> None:
    limit = f"--threshold={MOST_EXPOSED * 10:.0f}"
    found = ask("systemd-analyze", "--no-pager", "security", "--offline=true", limit, UNIT)
    assert found.returncode == 0, found.stdout
    (level,) = re.findall(r"Overall exposure level for callcost.service: ([0-9.]+)", found.stdout)
    (version,) = re.findall(r"^systemd (\d+)", ask("systemd-analyze", "--version").stdout)
    said = re.findall(r"exposure level ([0-9.]+) \(systemd (\d+)\)", (ROOT / "docs" / "security.md").read_text())
    assert said
    assert (level, version) in said or version not in {one for _, one in said}


class ShutIn:
    """The worker under the unit's filters, with the unit's environment, in a folder for /etc and the state."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{free_port()}"
        for name in ("etc", "state", "credentials"):
            (folder / name).mkdir()
        shutil.copytree(ROOT / "deploy" / "sample", folder / "etc", dirs_exist_ok=True)
        (folder / "credentials" / "tokens").write_text(f"{TOKEN}\n")
        command = [sys.executable, "-m", "tests.deploy.shut_in", *self._started_by_the_unit()]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment(), stderr=log)
        until(self._is_ready)

    def _started_by_the_unit(self) -> list[str]:
        installed = {"/opt/callcost/bin": str(BIN), "/etc/callcost": str(self.folder / "etc")}
        command = value("ExecStart")
        for here, there in installed.items():
            command = command.replace(here, there)
        return command.split()

    def _environment(self) -> dict[str, str]:
        given = " ".join(values("Environment")).replace("%S/callcost", str(self.folder / "state"))
        given = given.replace("%d", str(self.folder / "credentials"))
        port = {"CALLCOST_HTTP__PORT": self.url.rpartition(":")[2]}
        return {**os.environ, **dict(one.split("=", 1) for one in given.split()), **port}

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            return self.get("/readyz") == "ok\n"
        except OSError:
            return False

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            found: str = answer.read().decode()
            return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/api/status"))
        return found

    def post(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(CALL).encode()
        asked = urllib.request.Request(f"{self.url}/ingest/callcost", data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShutIn]:
    started = ShutIn(tmp_path_factory.mktemp("unit"))
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_it_runs_under_three_filters(worker: ShutIn) -> None:
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    assert re.findall(r"^(NoNewPrivs|Seccomp|Seccomp_filters):\t(\d+)$", status, re.MULTILINE) == [
        ("NoNewPrivs", "1"), ("Seccomp", "2"), ("Seccomp_filters", "3"),
    ]  # fmt: skip


def test_calls_are_taken_from_those_with_a_token_and_stored_in_the_state(worker: ShutIn) -> None:
    assert worker.post("somebody-elses-0123456789") == 401
    assert worker.post(TOKEN) == 200
    until(lambda: worker.status()["counts"]["costed"] == 1)
    assert (worker.folder / "state" / "callcost.db").stat().st_mode & 0o777 == 0o600
    for path in ("/", "/metrics", "/api/windows?window=30d", "/api/pools"):
        assert worker.get(path)


def test_the_boot_time_can_be_read_for_without_it_nothing_is_told_of_the_process(
    worker: ShutIn, tmp_path: Path
) -> None:
    """ProcSubset=pid leaves of /proc what is here: processes, and no stat."""
    (tmp_path / "self").symlink_to("/proc/self")
    assert list(ProcessCollector(proc=str(tmp_path), registry=None).collect()) == []
    assert not values("ProcSubset")
    told = worker.get("/metrics")
    assert all(f"\n{name} " in told for name in ("process_cpu_seconds_total", "process_open_fds", "process_max_fds"))


def test_there_are_tasks_to_spare(worker: ShutIn) -> None:
    (threads,) = re.findall(r"^Threads:\t(\d+)$", Path(f"/proc/{worker.process.pid}/status").read_text(), re.MULTILINE)
    assert int(threads) <= int(value("TasksMax")) // 2
    assert "OPENBLAS_NUM_THREADS=1" in " ".join(values("Environment")), "else as many more as there are cores"


def test_a_reload_reads_the_rate_table_again(worker: ShutIn) -> None:
    assert value("ExecReload") == "/bin/kill -HUP $MAINPID"
    before = worker.status()["rate_table"]["sha256"]
    table = worker.folder / "etc" / "rates.toml"
    table.write_text(table.read_text() + "# looked at again\n")
    worker.process.send_signal(signal.SIGHUP)
    until(lambda: worker.status()["rate_table"]["sha256"] != before)


def test_it_stops_within_the_time_that_it_is_given(worker: ShutIn) -> None:
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(float(value("TimeoutStopSec"))) == 0


def test_filters_refuse_what_the_worker_never_does() -> None:
    code = """
import mmap, os, socket
for name, what in {
    "a page that is written and run": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "a socket of another family": lambda: socket.socket(socket.AF_NETLINK),
    "another owner": lambda: os.chown(".", os.getuid(), os.getgid()),
    "another root": lambda: os.chroot("."),
}.items():
    try:
        what()
    except PermissionError:
        print(name)
"""
    found = ask("python", "-m", "tests.deploy.shut_in", "python", "-c", code)
    assert found.stdout.splitlines() == [
        "a page that is written and run", "a socket of another family", "another owner", "another root",
    ]  # fmt: skip


def test_what_restarting_cannot_mend_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "callcost.toml").write_text("colour = 1\n")
    assert value("Restart") == "on-failure"
    assert value("RestartPreventExitStatus") == "2"
    assert ask("callcost", "run", "-c", tmp_path / "callcost.toml").returncode == 2


def test_the_environment_names_settings_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in " ".join(values("Environment")).split():
        name, _, given = one.partition("=")
        monkeypatch.setenv(name, given.replace("%S", "/var/lib").replace("%d", "/run/credentials/callcost.service"))
    settings = load_settings(ROOT / "deploy" / "sample" / "callcost.toml")
    assert str(settings.home.path) == "/var/lib/callcost/callcost.db"
    assert value("StateDirectory") == "callcost"
    assert str(settings.ingest.token_file) == "/run/credentials/callcost.service/tokens"
    assert value("LoadCredential").split(":")[0] == "tokens"
    assert settings.http.host == "127.0.0.1"


@pytest.mark.parametrize("key", ["CapabilityBoundingSet", "AmbientCapabilities"])
def test_it_has_no_capability(key: str) -> None:
    assert value(key) == ""


def test_nothing_that_can_be_written_can_be_run() -> None:
    assert value("NoExecPaths") == "/"
    assert value("ExecPaths").split() == ["/opt/callcost", "/usr"]
    assert value("ProtectSystem") == "strict"
