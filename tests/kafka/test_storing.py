"""What of a partition is stored, without any broker."""

import asyncio
from dataclasses import dataclass, field, replace

from aiokafka import TopicPartition

from consumer.core.calls import SourceRecord
from consumer.core.pipeline import Pipeline
from consumer.core.snapshot import Snapshot, table_sha256
from consumer.home.fold import Fold
from consumer.home.kafka.own import Own
from consumer.home.kafka.records import Writer
from consumer.home.kafka.storing import Storing
from consumer.platforms import canonical
from consumer.rates.load import load_rates
from tests.home.contract import SAMPLES, call
from tests.kafka.fakes import FakeBoard

TABLE = load_rates(SAMPLES / "rates.toml")
ANOTHER = replace(TABLE, sha256="another")


@dataclass
class SlowCheckpoints:
    """A cluster that takes one as soon as it is let."""

    may: asyncio.Event = field(default_factory=asyncio.Event)
    under: list[str] = field(default_factory=list)  # the tables of those that are begun
    alive: int = 0

    async def store(self, _: Own, snapshot: Snapshot) -> int:
        self.under.append(table_sha256(snapshot.head))
        await self.may.wait()
        return len(snapshot.head)

    async def is_alive(self, _: Own) -> None:
        self.alive += 1


async def test_a_rate_table_that_comes_while_a_checkpoint_is_stored_is_in_the_next_without_another_record() -> None:
    fold = Fold(Pipeline(TABLE, canonical.decode))
    await fold.feed([SourceRecord(0, call("a"))])
    own = Own(TopicPartition("calls", 0), fold, Writer(1, "we"), read_to=1, end=1, catch_up_to=1)
    checkpoints = SlowCheckpoints()
    storing = Storing(None, FakeBoard(), checkpoints, None, "dead-letters", lambda: 0)
    first = asyncio.create_task(storing.store([own]))
    while not checkpoints.under:
        await asyncio.sleep(0)
    await fold.switch(ANOTHER)
    checkpoints.may.set()
    await first
    await storing.store([own])
    assert (checkpoints.under, checkpoints.alive) == ([TABLE.sha256, "another"], 0)
    await storing.store([own])
    assert (checkpoints.under, checkpoints.alive) == ([TABLE.sha256, "another"], 1)  # nothing changed since
