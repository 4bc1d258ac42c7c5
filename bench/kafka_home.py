"""The home on Kafka with a full horizon: how long a restart takes, what checkpoints take, whether memory stays flat.

`python -m bench.kafka_home 60` soaks it for a minute; ten without a number.
"""

import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from bench import cluster, workload
from bench.ingest import events, free_port
from bench.worker import MeasuredWorker, folder_of
from consumer.settings import KafkaSection
from consumer.simulator.steady import steady_events
from tests.kafka.broker import Broker

IN_HORIZON = 1_000_000  # events
LIVE_S, LIVE_RATE = 60, 2_000  # seconds, events a second
SOAK_S, LOOKS = 600, 10
SOAK_HORIZON_S, SOAK_STEP_MS = 3_600, 20.0
SOAK_SEGMENTS = 4  # few, as each partition has all of them: the windows of a month fill up for a month, and would hide what else grows
SOAK_RATE = 30_000  # events a second at the most: event time goes up to 600 times as fast as the clock


def _restart(broker: Broker, folder: Path) -> None:
    kafka = cluster.section(broker.bootstrap, "restart")
    with cluster.on_the_first_core():
        uvloop.run(cluster.fill(kafka, events(IN_HORIZON, step_ms=60.0)))
    settings, port = _settings(folder, kafka)
    with MeasuredWorker(settings, port) as worker:
        worker.wait_until_received(IN_HORIZON)
        print(
            f"{IN_HORIZON:,} events in {cluster.PARTITIONS} partitions, folded {worker.ready_after_s:.1f} s after a start"
        )
        _kill_when_stored(worker)
    with MeasuredWorker(settings, port) as worker:
        _print_restart(worker, "having been killed")
    settings, port = _settings(folder, kafka.model_copy(update={"instance": "bench"}))
    with MeasuredWorker(settings, port) as worker:
        _print_restart(worker, "having been ended")
        _kill_when_stored(worker)
    with MeasuredWorker(settings, port) as worker:
        _print_restart(worker, "having been killed, with a name that stays ([kafka] instance)")


def _kill_when_stored(worker: MeasuredWorker) -> None:
    time.sleep(5)  # a checkpoint or two
    worker.kill()


def _print_restart(worker: MeasuredWorker, after: str) -> None:
    in_group_s = sum(waited_s for why, waited_s in worker.waited_s.items() if "the group" in why)
    print(
        f"  ready {worker.ready_after_s:.1f} s after its start, {after}; of that {in_group_s:.1f} s until the group gave "
        f"it partitions; {worker.resident_mb():.0f} MB"
    )


def _settings(folder: Path, kafka: KafkaSection, fold: str = "") -> tuple[Path, int]:
    port = free_port()
    return folder_of(folder, port, more=cluster.as_written(kafka), fold=fold), port


async def _tell(
    kafka: KafkaSection, told: Iterator[bytes], seconds: float, rate: float, look: Callable[[int], None]
) -> int:
    """Tell events for so long, `rate` a second or as many as can be. `look` is called every tenth of the time."""
    teller, number, looks = cluster.Teller(kafka), 0, 1
    began = time.perf_counter()
    while (elapsed_s := time.perf_counter() - began) < seconds:
        due = min(int(elapsed_s * rate) - number, cluster.A_BATCH)
        if due > 0:
            await teller.tell(itertools.islice(told, due))
            number += due
        else:
            await asyncio.sleep(0.01)
        if elapsed_s >= looks * seconds / LOOKS:
            look(number)
            looks += 1
    look(number)
    await teller.stop()
    return number


def _live(broker: Broker, folder: Path) -> None:
    """Event time goes with the clock, over as many segments as there may be."""
    kafka = cluster.section(broker.bootstrap, "live")
    uvloop.run(cluster.make_topics(kafka))
    ended_ms = time.time_ns() // 1_000_000 + LIVE_S * 1_000
    told = events(LIVE_S * LIVE_RATE, 1_000 / LIVE_RATE, ended_ms)
    with MeasuredWorker(*_settings(folder, kafka)) as worker:
        number = uvloop.run(_tell(kafka, iter(told), LIVE_S, LIVE_RATE, lambda _: None))
        worker.wait_until_received(number)
    print(f"{LIVE_RATE:,} events a second for {LIVE_S} s, as they happen, over 500 segments")
    _print_told(worker)
    _print_size(broker, kafka, LIVE_S)


def _soak(broker: Broker, folder: Path, seconds: int) -> None:
    """Event time runs some hundred times as fast as the clock, so that the horizon is full after some seconds."""
    kafka = cluster.section(broker.bootstrap, "soak")
    uvloop.run(cluster.make_topics(kafka))
    back_ms = max(6 * 86_400_000, int(seconds * SOAK_RATE * SOAK_STEP_MS))  # all calls are to end in the past
    start_ms = time.time_ns() // 1_000_000 - back_ms
    lines = map(msgspec.json.encode, steady_events(workload.busy_centre(SOAK_SEGMENTS), 1, start_ms, SOAK_STEP_MS))
    settings = _settings(folder, kafka, f"horizon_s = {SOAK_HORIZON_S}")
    looks: list[str] = []
    with MeasuredWorker(*settings, trims=True) as worker:

        def look(told: int) -> None:
            looks.append(f"{told / 1e6:.1f} M: {worker.resident_mb():.0f}")

        number = uvloop.run(_tell(kafka, lines, seconds, SOAK_RATE, look))
        worker.wait_until_received(number)
        counts = worker.get("/api/status")["counts"]
    in_horizon = SOAK_HORIZON_S * 1000 / SOAK_STEP_MS
    print(
        f"a soak of {seconds} s, {in_horizon:,.0f} calls in the horizon, {number / seconds:,.0f} events a second; "
        f"late {counts['late']}, rejected {sum(counts['rejected'].values())}"
    )
    print("  events so far, and MB: " + " · ".join(looks))
    print(f"  of that it holds, MB after each half minute: {', '.join(map(str, worker.told()['held_mb']))}")
    _print_told(worker)
    _print_size(broker, kafka, seconds)


def _print_told(worker: MeasuredWorker) -> None:
    told = worker.told()
    median, p99, p999, worst = told["pause_ms"]
    print(f"  event loop: pauses p50 {median:.1f} ms, p99 {p99:.1f} ms, p99.9 {p999:.1f} ms, worst {worst:.0f} ms")
    print(
        f"  which waited for the core {told['waited_share']:.0%} of the time: much of that, and the machine is not quiet"
    )
    print(
        f"  {told['checkpoints']} checkpoints: {told['checkpoint_ms']:.0f} ms of CPU each, "
        f"{told['checkpoint_share']:.1%} of its core; {told['read_share']:.1%} to read that topic\n"
        f"  CPU {told['cpu_share']:.0%} of its core, {told['resident_mb']:.0f} MB"
    )


def _print_size(broker: Broker, kafka: KafkaSection, seconds: int) -> None:
    """Nothing is removed from its newest segment, and every start reads all of it."""
    size = sum(path.stat().st_size for path in (broker.folder / "data").glob(f"{kafka.checkpoints}-*/*.log"))
    print(f"  the topic of checkpoints has {size / 1e6:.0f} MB: {size / seconds * 3600 / 1e6:,.0f} MB an hour")


def report(soak_s: int = SOAK_S) -> None:
    """Print the figures: the worker alone on one core, the broker and who tells events on the other."""
    missing = cluster.missing()
    if missing is not None:
        print(f"not measured: {missing}")
        return
    for measure in (_restart, _live, partial(_soak, seconds=soak_s)):
        with cluster.broker() as broker, tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
            measure(broker, Path(folder))


if __name__ == "__main__":
    report(*map(int, sys.argv[1:]))
