"""Four consumers of one topic, each to be measured in a process of its own that has the first core to itself.

They fold the same records, and all run on uvloop, with the collector and the threads' turns as `callcost run` has them.
"""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import faust
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from bench.checkpoints import Checkpoints
from bench.cluster import section
from bench.machine import settle
from bench.meter import Meter
from bench.reference import Profile, decode
from consumer.cli.serving import log_to_stderr, serve
from consumer.home.fold import Fold
from consumer.home.kafka.seam import Group
from consumer.kafka.connection import Connection
from consumer.kafka.parts import sealed
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.topics import partitions_of
from consumer.settings import load_settings

CHECKPOINT_S = 2.0
_ANSWER_S, _MOST_WAITING = 30.0, 64 << 20
_SWITCH_S = 0.0005  # as consumer.cli.serving


async def floor(bootstrap: str, topic: str, meter: Meter) -> None:
    """A bare consumer that decodes: nobody in Python can do with less."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign(await partitions_of(Connection(bootstrap), [topic]))
    while not meter.is_folded:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                decode(record.value)
            meter.fold(len(records))
    meter.store(meter.events)


async def stock_agent(bootstrap: str, topic: str, meter: Meter) -> None:
    """Faust as its manual has it: an agent that is given event by event, and offsets that Faust commits."""
    with tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder:
        app = faust.App(
            f"bench-{secrets.token_hex(4)}", broker=f"kafka://{bootstrap}", consumer_auto_offset_reset="earliest",
            topic_allow_declare=False, topic_disable_leader=True, web_enabled=False, datadir=folder,
        )  # fmt: skip
        profile, is_done = Profile(), asyncio.Event()

        async def calls(stream: Any) -> None:
            async for value in stream:
                profile.fold((value,))
                meter.fold(1)
                if meter.is_folded:
                    is_done.set()

        app.agent(app.topic(topic, value_type=bytes, value_serializer="raw"))(calls)
        await app.start()
        await is_done.wait()
        await app.consumer.commit()
        meter.store(meter.events)
        await asyncio.Event().wait()


class Receiver:
    """The reference profile in batches, durable: what changed goes to a compacted topic, and then offsets are told."""

    def __init__(self, bootstrap: str, topic: str, meter: Meter) -> None:
        name = f"bench-{secrets.token_hex(4)}"
        self._meter, self._producer = meter, Producer(Connection(bootstrap), _ANSWER_S, _MOST_WAITING)
        self._group = Group(Connection(bootstrap), name, [topic], 15.0, None)
        self._topic = section(bootstrap, topic).checkpoints
        self._profiles: dict[TopicPartition, Profile] = {}
        self._next: dict[TopicPartition, int] = {}

    def takes(self, partition: TopicPartition) -> bool:
        return partition in self._profiles

    async def take(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        self._profiles[partition].fold([record.value for record in records])
        self._next[partition] = records[-1].offset + 1
        self._meter.fold(len(records))

    async def nothing_came(self) -> None:
        pass

    def sought(self, partition: TopicPartition) -> int | None:
        return self._next.get(partition)

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        for partition in partitions:
            self._profiles[partition], self._next[partition] = Profile(), 0

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        for partition in partitions:
            del self._profiles[partition], self._next[partition]

    async def run(self) -> None:
        """Store every 2 s, for ever."""
        self._group.join(self)
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            stored = dict(self._next)
            await self._producer.write([one for partition in stored for one in self._checkpoint(partition)])
            await self._group.commit(stored)
            self._meter.store(sum(stored.values()))

    def _checkpoint(self, partition: TopicPartition) -> list[Outgoing]:
        """Minutes that changed, then the head. They have one partition, which keeps their order."""
        number = partition.partition
        told = [
            Outgoing(self._topic, f"{number}/{minute}".encode(), sealed(cells), (), 0)
            for minute, cells in self._profiles[partition].what_changed()
        ]
        return [*told, Outgoing(self._topic, f"{number}".encode(), sealed(self._next[partition]), (), 0)]


async def seam(bootstrap: str, topic: str, meter: Meter) -> None:
    """The reference profile through the seam."""
    await Receiver(bootstrap, topic, meter).run()


def full_fold(folder: Path, meter: Meter) -> None:
    """The worker itself."""
    checkpoints = Checkpoints(on_kafka=True)
    feed, commit = Fold.feed, Group.commit

    async def counting_feed(fold: Fold, records: Sequence[Any]) -> Any:
        rejected = await feed(fold, records)
        meter.fold(len(records))
        return rejected

    async def counting_commit(group: Group, offsets: Mapping[TopicPartition, int]) -> None:
        await commit(group, offsets)
        meter.more = {
            "checkpoints": checkpoints.times,
            "checkpoint_share": checkpoints.cpu_s / meter.spent_s,
            "read_share": checkpoints.read_cpu_s / meter.spent_s,
        }
        meter.store(sum(offsets.values()))

    Fold.feed, Group.commit = counting_feed, counting_commit  # type: ignore[method-assign]
    log_to_stderr()
    serve(load_settings(folder / "callcost.toml"))


_CONSUMERS: dict[str, Callable[[str, str, Meter], Coroutine[Any, Any, None]]] = {
    "floor": floor,
    "stock": stock_agent,
    "seam": seam,
}

if __name__ == "__main__":
    os.sched_setaffinity(0, {0})
    what, number, *where = sys.argv[1:]
    if what == "full":
        full_fold(Path(where[0]), Meter(int(number)))
    else:
        settle()
        sys.setswitchinterval(_SWITCH_S)
        uvloop.run(_CONSUMERS[what](where[0], where[1], Meter(int(number))))
