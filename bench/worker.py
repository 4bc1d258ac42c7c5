"""A worker in a process of its own that measures itself: pauses of its event loop, checkpoints, CPU, memory."""

import asyncio
import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np

from bench import workload
from bench.checkpoints import Checkpoints
from bench.machine import resident_bytes
from consumer.cli.serving import log_to_stderr, serve
from consumer.settings import load_settings

_PROBE_S = 0.002  # between two looks at how late the event loop is
_TRIM_EVERY_S = 30.0


class MeasuredWorker:
    """The process, on the first core alone; whoever measures it has the others. Entered, it is ready."""

    def __init__(self, folder: Path, port: int, *, trims: bool = False) -> None:
        """`trims`: it gives back what the allocator keeps for itself, twice a minute, and notes what it holds then."""
        self.folder, self.port, self._trims = folder, port, trims
        self.ready_after_s = 0.0
        self.waited_s: dict[str, float] = defaultdict(float)  # until it was ready, by what it said it waited for

    def __enter__(self) -> Self:
        began = time.perf_counter()
        with (self.folder / "worker.log").open("wb") as log:
            command = [sys.executable, "-m", "bench.worker", self.folder, *(["trims"] if self._trims else [])]
            self._process = subprocess.Popen(command, stderr=log)  # noqa: S603 - this package itself
        looked = began
        while (why := self.get("/api/status").get("not_ready", "not listening")) is not None:
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "worker.log").read_text())
            time.sleep(0.02)
            self.waited_s[why] += time.perf_counter() - looked
            looked = time.perf_counter()
        self.ready_after_s = time.perf_counter() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def kill(self) -> None:
        """As if the power had failed."""
        self._process.kill()
        self._process.wait()

    def get(self, path: str) -> dict[str, Any]:
        """JSON that it answers; nothing while it does not listen."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return dict(json.load(answer))
        except (urllib.error.URLError, ConnectionError):
            return {}

    def wait_until_folded(self) -> None:
        """All that was taken is in the figures."""
        while self.get("/api/status")["events_behind"]:
            time.sleep(0.02)

    def wait_until_received(self, number: int) -> None:
        """So many are in the figures."""
        while self.get("/api/status")["counts"]["received"] < number:
            time.sleep(0.02)

    def resident_mb(self) -> float:
        """Its memory now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def told(self) -> dict[str, Any]:
        """What it measured of itself, after its end."""
        return dict(json.loads((self.folder / "told.json").read_text()))


def folder_of(folder: Path, port: int, more: str = "", home: str = "", fold: str = "") -> Path:
    """Settings and the rate table of the workload, of 8 pools and 200 000 prefixes."""
    (folder / "rates.toml").write_text(workload.rate_text())
    (folder / "deck.csv").write_bytes(workload.deck(200_000))
    (folder / "callcost.toml").write_text(
        f'rates = "rates.toml"\n{more}\n[http]\nport = {port}\n[home]\n{home}\n[fold]\n{fold}\n'
    )
    return folder


def _waited_s() -> float:
    """How long the event loop could have run, while somebody else had the core: own threads, or other processes."""
    return int(Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text().split()[1]) / 1e9


def _trimmed_mb() -> int:
    """What it holds when the allocator keeps nothing for itself."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(resident_bytes() / 1e6)


async def _look(checkpoints: Checkpoints, into: Path, trims: bool) -> NoReturn:
    """Until the worker is told to stop."""
    held_mb: list[int] = []
    late_s = [0.0]  # it may be told so at once
    began, cpu = time.perf_counter(), time.process_time()
    times, made_s, read_s = checkpoints.times, checkpoints.cpu_s, checkpoints.read_cpu_s
    waited_s = _waited_s()
    trim_at = began + _TRIM_EVERY_S
    try:
        while True:
            if trims and time.perf_counter() > trim_at:  # which takes long, and is no pause of the worker's own
                held_mb.append(_trimmed_mb())
                trim_at += _TRIM_EVERY_S
            due = time.perf_counter() + _PROBE_S
            await asyncio.sleep(_PROBE_S)
            late_s.append(time.perf_counter() - due)
    finally:
        elapsed_s = time.perf_counter() - began
        times, made_s = checkpoints.times - times, checkpoints.cpu_s - made_s
        into.write_text(
            json.dumps(
                {
                    "pause_ms": np.percentile(np.array(late_s) * 1e3, [50, 99, 99.9, 100]).tolist(),
                    "checkpoints": times,
                    "checkpoint_ms": made_s / max(times, 1) * 1e3,
                    "checkpoint_share": made_s / elapsed_s,
                    "read_share": (checkpoints.read_cpu_s - read_s) / elapsed_s,
                    "waited_share": (_waited_s() - waited_s) / elapsed_s,
                    "cpu_share": (time.process_time() - cpu) / elapsed_s,
                    "resident_mb": resident_bytes() / 1e6,
                    "held_mb": held_mb,
                }
            )
        )


if __name__ == "__main__":
    os.sched_setaffinity(0, {0})
    where = Path(sys.argv[1])
    asked = load_settings(where / "callcost.toml")
    counted = Checkpoints(on_kafka=asked.kafka is not None)
    log_to_stderr()
    serve(asked, lambda _worker, _url: _look(counted, where / "told.json", "trims" in sys.argv))
