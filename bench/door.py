"""Good clients at the door, with and without strangers: 10 MiB, junk, bombs, wrong tokens, slow ones, all the time."""

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NoReturn

import uvloop

from bench.ingest import beside_the_worker, events, free_port
from bench.posts import percentiles, post_all
from bench.strangers import STRANGERS, Door
from bench.worker import MeasuredWorker, folder_of

SECONDS, RATE = 20, 200.0
AT_ONCE = 2  # strangers of each kind
PAUSE_S = 0.2  # of each between two tries: some 100 requests a second in all
TOKEN = "of-the-platform-0123456789"  # noqa: S105 - of this measurement alone
INGEST = f"""
[ingest]
token = "{TOKEN}"
twilio_auth_token = "of-twilio-0123456789"
public_url = "https://calls.example.com"
body_s = 4
"""


def _knock(door: Door, tries: "multiprocessing.Queue[int]") -> None:
    """Strangers, in a process of their own that yields its core to the good client."""
    os.nice(19)
    answered: Counter[int] = Counter()

    async def for_ever(kind: object) -> NoReturn:
        while True:
            answered[await kind(door)] += 1  # type: ignore[operator]
            tries.put(1)
            await asyncio.sleep(PAUSE_S)

    async def all_of_them() -> None:
        await asyncio.gather(*(for_ever(kind) for kind in STRANGERS for _ in range(AT_ONCE)))

    uvloop.run(all_of_them())


def report() -> None:
    """Print the figures: the worker alone on one core, all its clients on the other."""
    beside_the_worker()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
        settings = folder_of(Path(folder), port, more=INGEST)
        bodies = events(int(SECONDS * RATE), step_ms=1000 / RATE)
        with MeasuredWorker(settings, port):
            _, alone, statuses = uvloop.run(post_all(port, bodies, 10, RATE, TOKEN))
        print(f"{RATE:.0f} good posts a second for {SECONDS} s, alone: {percentiles(alone)}; {statuses}")
        tries: multiprocessing.Queue[int] = multiprocessing.Queue()
        with MeasuredWorker(settings, port) as worker:
            strangers = multiprocessing.Process(target=_knock, args=(Door(port, TOKEN, 4.0), tries))
            strangers.start()
            time.sleep(2)
            _, beside, statuses = uvloop.run(post_all(port, bodies, 10, RATE, TOKEN))
            strangers.kill()
            memory_mb = worker.resident_mb()
        print(f"  among strangers: {percentiles(beside)}; {statuses}")
        median, p99, p999, worst = worker.told()["pause_ms"]
        print(f"  {tries.qsize() / (SECONDS + 2):.0f} strangers a second of {len(STRANGERS)} kinds; {memory_mb:.0f} MB")
        print(f"  event loop: pauses p50 {median:.1f} ms, p99 {p99:.1f} ms, p99.9 {p999:.1f} ms, worst {worst:.0f} ms")


if __name__ == "__main__":
    report()
