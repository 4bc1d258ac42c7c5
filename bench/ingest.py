"""Webhooks into the embedded home: how many a second are durable and folded, how long each takes, what disturbs it."""

import asyncio
import itertools
import os
import socket
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from bench import workload
from bench.posts import percentiles, post_all
from bench.worker import MeasuredWorker, folder_of
from consumer.simulator.steady import steady_events

POSTS = 60_000
CONNECTIONS = 64
STEADY_S, STEADY_RATE = 30, 500.0  # seconds, posts a second
SCRAPE_EVERY_S = 5.0


def events(number: int, step_ms: float = 20.0, ended_ms: int | None = None) -> list[bytes]:
    """The busy centre's events as bodies; the last of them is of now."""
    ended_ms = time.time_ns() // 1_000_000 if ended_ms is None else ended_ms
    start_ms = ended_ms - int(number * step_ms) - 60_000
    told = itertools.islice(steady_events(workload.busy_centre(), 1, start_ms, step_ms), number)
    return [msgspec.json.encode(event) for event in told]


def beside_the_worker() -> None:
    """From here on this process leaves the first core to the worker."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)) or {0})


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def watched(port: int, work: Any) -> Any:
    """Some work, while Prometheus scrapes and somebody looks at the live page."""
    looking = [asyncio.create_task(_scrape(port)), asyncio.create_task(_look(port))]
    try:
        return await work
    finally:
        for task in looking:
            task.cancel()


async def _scrape(port: int) -> None:
    def scrape() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            answer.read()

    while True:
        await asyncio.sleep(SCRAPE_EVERY_S)
        await asyncio.to_thread(scrape)


async def _look(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    try:
        while await reader.read(1 << 16):
            pass
    finally:
        writer.close()


def _told(worker: MeasuredWorker) -> str:
    told = worker.told()
    median, p99, p999, worst = told["pause_ms"]
    return (
        f"  its event loop: pauses p50 {median:.1f} ms, p99 {p99:.1f} ms, p99.9 {p999:.1f} ms, worst {worst:.0f} ms\n"
        f"  checkpoints: {told['checkpoint_ms']:.0f} ms of CPU each, {told['checkpoint_share']:.1%} of its core\n"
        f"  CPU {told['cpu_share']:.0%} of its core, {told['resident_mb']:.0f} MB"
    )


def _rate(folder: Path) -> None:
    port, bodies = free_port(), events(POSTS)
    with MeasuredWorker(folder_of(folder, port), port) as worker:
        began = time.perf_counter()
        _, latencies, statuses = uvloop.run(watched(port, post_all(port, bodies, CONNECTIONS)))
        answered_s = time.perf_counter() - began
        worker.wait_until_folded()
        folded_s = time.perf_counter() - began
    print(
        f"one event a POST, {CONNECTIONS} connections: {len(bodies) / answered_s:,.0f} a second durable, "
        f"{len(bodies) / folded_s:,.0f} folded too; {percentiles(latencies)}; {dict(statuses)}"
    )
    print(_told(worker))


def _latency(folder: Path) -> None:
    port = free_port()
    bodies = events(int(STEADY_S * STEADY_RATE), step_ms=1000 / STEADY_RATE)
    with MeasuredWorker(folder_of(folder, port), port) as worker:
        _, latencies, statuses = uvloop.run(watched(port, post_all(port, bodies, 20, STEADY_RATE)))
    print(f"{STEADY_RATE:.0f} a second for {STEADY_S} s: {percentiles(latencies)}; {dict(statuses)}")
    print(_told(worker))


def report() -> None:
    """Print the figures: the worker alone on one core, its client on the other, one scrape in 5 s, one page open."""
    beside_the_worker()
    for measure in (_rate, _latency):
        with tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
            measure(Path(folder))


if __name__ == "__main__":
    report()
