"""Events of one topic on a real broker: a bare consumer, a stock Faust agent, batches through the seam, the whole fold.

Each runs in a process of its own on the first core; the broker and what starts them have the other. What counts is the
CPU of the whole process, on all threads, from when 5 % of the events are folded until the last one is stored: imports,
decks and the joining of a group do not count. All read what waits for them, so that no producer is the bound. The agent
is slow, and is given fewer events.

What is the same: records, parsing, the event loop, the garbage collector. What is not: the bare consumer keeps nothing;
the agent commits offsets, and its state is in memory alone; the last two write what changed to a compacted topic every
2 s. There event time goes hundreds of times as fast as the clock, so more changes between two checkpoints than ever
does live.
"""

import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import uvloop

from bench import cluster
from bench.ingest import events, free_port
from bench.meter import Figures, read_figures
from bench.worker import folder_of

EVENTS, TO_THE_AGENT = 400_000, 60_000
RUNS = 3
STEP_MS = 20.0  # between two calls
NAMES = {
    "floor": "bare consumer, decoding",
    "stock": f"stock Faust agent (first {TO_THE_AGENT:,})",
    "seam": "reference profile, batches",
    "full": "the full fold",
}


def _measured(what: str, number: int, *where: str | Path, log: Path) -> Figures:
    """One consumer from its start until it has told its figures."""
    command = [sys.executable, "-m", "bench.kafka_consumers", what, str(number), *where]
    with log.open("wb") as told, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told) as process:  # noqa: S603
        line = process.stdout.readline() if process.stdout else b""
        process.kill()
    if not line:
        raise RuntimeError(log.read_text())
    return read_figures(line.decode())


def _run(folder: Path, bootstrap: str, topic: str, number: int) -> dict[str, Figures]:
    """All four, one after the other."""
    log = folder / "consumer.log"
    worker = cluster.section(bootstrap, topic, f"{topic}-{secrets.token_hex(4)}")
    settings = folder_of(folder, free_port(), more=cluster.as_written(worker), home="checkpoint_s = 2")
    return {
        "floor": _measured("floor", number, bootstrap, topic, log=log),
        "stock": _measured("stock", min(number, TO_THE_AGENT), bootstrap, topic, log=log),
        "seam": _measured("seam", number, bootstrap, topic, log=log),
        "full": _measured("full", number, settings, log=log),
    }


def _line(what: str, runs: list[dict[str, Figures]]) -> str:
    speeds = _range((run[what].events_a_second for run in runs), ",.0f")
    cpu_us = _range((run[what].cpu_us for run in runs), ".1f")
    ratios = _range((run[what].cpu_us / run["floor"].cpu_us for run in runs), ".1f")
    return f"{NAMES[what]:33s} {cpu_us:>13s} µs an event, {ratios:>9s} × bare; {speeds} events/s"


def _range(figures: Iterable[float], form: str) -> str:
    found = sorted(figures)
    return f"{found[0]:{form}}–{found[-1]:{form}}"


def report(number: int = EVENTS) -> None:
    """Print the figures: the range of the runs, and of the ratios within each run."""
    missing = cluster.missing()
    if missing is not None:
        print(f"not measured: {missing}")
        return
    told = events(number, step_ms=STEP_MS)
    with cluster.broker() as broker, tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
        calls = cluster.section(broker.bootstrap, "calls")
        with cluster.on_the_first_core():
            uvloop.run(cluster.fill(calls, told))
        runs = [_run(Path(folder), broker.bootstrap, calls.calls, number) for _ in range(RUNS)]
    print(
        f"{number:,} events of {sum(map(len, told)) / number:.0f} bytes in {cluster.PARTITIONS} partitions, {RUNS} runs"
    )
    for what in NAMES:
        print(_line(what, runs))
    full = [run["full"].more for run in runs]
    made, read = (_range((one[name] for one in full), ".1%") for name in ("checkpoint_share", "read_share"))
    times = _range((one["checkpoints"] for one in full), ".0f")
    print(f"  of the full fold's CPU {made} made and stored {times} checkpoints, {read} read that topic")


if __name__ == "__main__":
    report(*map(int, sys.argv[1:]))
