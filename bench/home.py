"""The embedded home with a full horizon: how long a restart takes, what is on the disk, whether memory stays flat."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import uvloop

from bench import workload
from bench.ingest import beside_the_worker, events, free_port
from bench.posts import post_all
from bench.worker import MeasuredWorker, folder_of
from consumer.simulator.steady import steady_events

IN_HORIZON = 1_000_000  # events
SOAK_S, LOOKS = 240, 8
SOAK_HORIZON_S, SOAK_STEP_MS = 3_600, 20.0
SOAK_SEGMENTS = 20  # few: the windows of a month fill up for a month, and would hide what else grows
A_BODY = 200  # events


def _lines(told: Iterator[bytes]) -> Iterator[bytes]:
    while some := list(itertools.islice(told, A_BODY)):
        yield b"\n".join(some)


def _restart(folder: Path) -> None:
    port = free_port()
    bodies = list(_lines(iter(events(IN_HORIZON, step_ms=60.0))))
    with MeasuredWorker(folder_of(folder, port), port) as worker:
        began = time.perf_counter()
        uvloop.run(post_all(port, bodies, 4))
        worker.wait_until_folded()
        taken_s = time.perf_counter() - began
        size = sum(path.stat().st_size for path in folder.glob("callcost.db*"))
        time.sleep(3)  # one more checkpoint
        worker.kill()
    print(
        f"{IN_HORIZON:,} events in bodies of {A_BODY}: {IN_HORIZON / taken_s:,.0f} a second durable and folded; "
        f"{size / IN_HORIZON:,.0f} bytes an event on the disk"
    )
    with MeasuredWorker(folder, port) as worker:
        ready_s, memory_mb = worker.ready_after_s, worker.resident_mb()
    print(f"  ready {ready_s:.1f} s after its start, having been killed; {memory_mb:.0f} MB")
    with MeasuredWorker(folder, port) as worker:
        print(f"  ready {worker.ready_after_s:.1f} s after its start, having been ended")


def _soak(folder: Path) -> None:
    """Event time runs some hundred times as fast as the clock, so that the horizon is full after some seconds."""
    port = free_port()
    start_ms = time.time_ns() // 1_000_000 - 6 * 86_400_000
    told = map(msgspec.json.encode, steady_events(workload.busy_centre(SOAK_SEGMENTS), 1, start_ms, SOAK_STEP_MS))
    bodies, taken = _lines(iter(told)), 0
    settings = folder_of(folder, port, home="journal_h = 0", fold=f"horizon_s = {SOAK_HORIZON_S}")
    looks = []
    with MeasuredWorker(settings, port, trims=True) as worker:
        began = time.perf_counter()
        for look in range(1, LOOKS + 1):
            while time.perf_counter() - began < SOAK_S * look / LOOKS:
                some = list(itertools.islice(bodies, 50))
                uvloop.run(post_all(port, some, 2))
                taken += len(some) * A_BODY
            size_mb = sum(path.stat().st_size for path in folder.glob("callcost.db*")) / 1e6
            looks.append(f"{taken / 1e6:.1f} M: {worker.resident_mb():.0f} MB, {size_mb:.0f} MB on the disk")
        worker.wait_until_folded()
    in_horizon = SOAK_HORIZON_S * 1000 / SOAK_STEP_MS
    print(f"a soak of {SOAK_S} s, {in_horizon:,.0f} events in the horizon; events so far: memory")
    print("  " + " · ".join(looks))
    print(f"  of that it holds, MB after each half minute: {', '.join(map(str, worker.told()['held_mb']))}")


def report() -> None:
    """Print the figures: the worker alone on one core, its client on the other."""
    beside_the_worker()
    for measure in (_restart, _soak):
        with tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
            measure(Path(folder))


if __name__ == "__main__":
    report()
