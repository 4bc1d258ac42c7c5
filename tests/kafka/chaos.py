"""`make chaos`: workers are killed, stopped, frozen and replaced while calls come in, and the broker is killed too.

At the end every worker shows what the topic comes to when nobody disturbs its folding, to the nano-unit, and every
event is in exactly one count.
"""

import argparse
import asyncio
import logging
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consumer.core.counts import Counts
from consumer.core.instants import HOUR_MS
from consumer.simulator.simulator import Simulator
from tests.home.contract import dearer, in_all
from tests.kafka.broker import Broker
from tests.kafka.company import Company, Undisturbed
from tests.simulator.listening import heard
from tests.worker_process import WorkerProcess, until

PAST_H = 20  # all of it within the horizon, so that a corrected rate table holds for all of it
DUPLICATES = 0.03  # besides those of the simulator
WORKERS = 3


@dataclass
class Chaos:
    """Three workers, and what is done to them."""

    company: Company
    broker: Broker
    events: Sequence[bytes]
    seconds: float
    seed: int
    acts: Counter[str] = field(default_factory=Counter)
    hiring: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> Undisturbed:
        """To the end, and compare. Raises AssertionError."""
        for _ in range(WORKERS):
            self.company.hire()
        asyncio.run(self._tell_and_disturb())
        until(self._are_done, 180)
        undisturbed = self.company.undisturbed()
        self._compare(undisturbed)
        return undisturbed

    async def _tell_and_disturb(self) -> None:
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell())
            group.create_task(self._disturb(telling))

    async def _tell(self) -> None:
        """At an even pace, so that something is always on its way."""
        dice, batch = random.Random(self.seed), 1_000  # noqa: S311 - no secret
        batches = range(0, len(self.events), batch)
        async with self.company.producing() as producer:
            began = time.monotonic()
            for number, first in enumerate(batches):
                some = list(self.events[first : first + batch])
                some += [dice.choice(self.events[: first + batch]) for _ in range(int(batch * DUPLICATES))]
                await self.company.write(producer, some)
                await asyncio.sleep(max(began + self.seconds * number / len(batches) - time.monotonic(), 0))
                if number == len(batches) // 2:
                    self._correct_rates()

    def _correct_rates(self) -> None:
        with self.hiring:
            self.acts["rate table corrected"] += 1
            for worker in self.company.workers:
                dearer(worker.folder)

    async def _disturb(self, telling: "asyncio.Task[None]") -> None:
        dice = random.Random(self.seed + 1)  # noqa: S311
        acts = [self._kill, self._kill, self._terminate, self._freeze, self._replace, self._restart_broker]
        order: list[int] = []
        while not telling.done():
            await asyncio.sleep(dice.uniform(2, 6))
            if not order:
                order = dice.sample(range(len(acts)), len(acts))  # each as often as the others
            await asyncio.to_thread(acts[order.pop()], dice.choice(self.company.workers))

    def _kill(self, worker: WorkerProcess) -> None:
        self._note("kill -9", worker)
        worker.kill()
        worker.start()

    def _terminate(self, worker: WorkerProcess) -> None:
        self._note("SIGTERM", worker)
        assert worker.stop() == 0, worker.log.read_text()[-3_000:]
        worker.start()

    def _freeze(self, worker: WorkerProcess) -> None:
        """Beyond the session timeout: its partitions are another's when it wakes."""
        self._note("SIGSTOP", worker)
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(self.company.session_timeout_s * 2.5)
        worker.process.send_signal(signal.SIGCONT)

    def _replace(self, worker: WorkerProcess) -> None:
        """By one with an empty disk."""
        self._note("replaced", worker)
        worker.kill()
        with self.hiring:
            self.company.workers.remove(worker)
            fresh = self.company.hire(start=False)
            shutil.copy(worker.folder / "rates.toml", fresh.folder)
        fresh.start()

    def _restart_broker(self, _: WorkerProcess) -> None:
        self.acts["broker restarted"] += 1
        self.broker.kill()
        time.sleep(1)
        self.broker.start()

    def _note(self, act: str, worker: WorkerProcess) -> None:
        assert worker.process.poll() is None, worker.log.read_text()[-5_000:]
        self.acts[act] += 1

    def _are_done(self) -> bool:
        for worker in self.company.workers:
            assert worker.process.poll() is None, worker.log.read_text()[-5_000:]
        return self.company.are_up_to_date()

    def _compare(self, undisturbed: Undisturbed) -> None:
        expected: Counts = undisturbed.counts
        assert expected.received == expected.accounted() == sum(map(len, undisturbed.records.values()))
        for worker in self.company.workers:
            undisturbed.assert_shown_by(worker)
            counts = worker.status()["counts"]
            assert counts["received"] == in_all(counts) == expected.received


def events_of(calls_a_minute: float, seed: int) -> list[bytes]:
    """Calls of many hours, their amendments, duplicates and disorder included."""
    now_ms = time.time_ns() // 1_000_000
    told = heard(Simulator(seed=seed, peak_calls_per_minute=calls_a_minute), now_ms - PAST_H * HOUR_MS, now_ms)
    return [one.event for one in told]


def main() -> int:
    """A longer run, for people."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--peak", type=float, default=750, help="calls a minute at the peak; 750: some 500 000 calls")
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    given = asked.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that the broker is gone is what is tried here
    events = events_of(given.peak, given.seed)
    print(f"seed {given.seed}: {len(events):,} events in {given.seconds:g} s", flush=True)
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker:
        company = Company(Path(folder) / "company", broker.bootstrap, partitions=6)
        chaos = Chaos(company, broker, events, given.seconds, given.seed)
        try:
            undisturbed = chaos.run()
        finally:
            print(", ".join(f"{act}: {number}" for act, number in sorted(chaos.acts.items())), flush=True)
            company.dismiss()
    counts = undisturbed.counts
    print(f"equal to the nano-unit: {counts.received:,} records, {counts.costed:,} calls costed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
