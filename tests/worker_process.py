"""A worker as a process of its own: started, asked, killed and started again, on one port and one folder."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any


class WorkerProcess:
    """The worker over all its lives. The folder holds rates.toml; `settings` is what callcost.toml has besides."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.folder, self.life = folder, 0
        (folder / "callcost.toml").write_text(
            f'rates = "rates.toml"\n{settings}\n[http]\nport = {self.url.rpartition(":")[2]}\n'
        )

    def start(self) -> None:
        """Returns when it listens."""
        self.life += 1
        command = [sys.executable, "-m", "consumer", "run", "-c", "callcost.toml"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, cwd=self.folder)
        until(self._listens)

    def kill(self) -> None:
        """SIGKILL: nothing is stored any more."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    @property
    def log(self) -> Path:
        """What it said on stderr in this life."""
        return self.folder / f"worker.{self.life}.log"

    def get(self, path: str) -> Any:
        """What it answers to a GET, of JSON."""
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def status(self) -> dict[str, Any]:
        return self.get("/api/status")

    def is_up_to_date(self) -> bool:
        """Whether all that it has taken is in its figures."""
        status = self.status()
        return status["not_ready"] is None and status["events_behind"] == 0

    def metrics(self) -> dict[str, float]:
        """Samples by their name with labels."""
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:
            lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if line[:1] != "#"]
        return {name: float(value) for name, _, value in lines}

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/healthz") as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


WITHIN_S = 30.0


def until(is_so: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.02)
