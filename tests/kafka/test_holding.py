"""What becomes of a partition between two rebalances, without any broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition

from consumer.core.calls import Decoded, SourceRecord
from consumer.home.failures import HomeBroken
from consumer.home.kafka.crew import Crew
from consumer.home.kafka.holding import Holding
from consumer.home.kafka.losses import Losses
from consumer.home.kafka.own import Own
from consumer.kafka.reading import Reach
from consumer.platforms import canonical
from consumer.rates.load import load_rates
from tests.home.contract import SAMPLES, call
from tests.kafka.fakes import FakeBoard, FakeGroup, FakeRestorer, FakeTables, record

TABLE = load_rates(SAMPLES / "rates.toml")
PARTITION = TopicPartition("calls", 0)


def decode(one: SourceRecord) -> Sequence[Decoded]:
    if one.value == b"poison":
        raise AttributeError("nobody thought of that")
    return canonical.decode(one)


@dataclass
class Held:
    """The holding, and all that it is told by."""

    group: FakeGroup = field(default_factory=FakeGroup)
    losses: Losses = field(default_factory=Losses)
    crew: Crew = field(default_factory=Crew)
    going: list[dict[TopicPartition, Own]] = field(default_factory=list)  # what readers saw while something was let go

    def __post_init__(self) -> None:
        restorer = FakeRestorer(self.group, TABLE, decode)
        self.holding = Holding(
            self.group, FakeBoard(), FakeTables(TABLE), restorer, self.losses, self.crew, self.let_go, lambda: 0
        )  # fmt: skip

    async def let_go(self, _: Sequence[Own]) -> None:
        self.going.append(self.holding.ready)

    async def give(self, partition: TopicPartition, reach: Reach) -> Own:
        """Returns when it is restored."""
        self.group.reaches[partition] = reach
        await self.holding.assigned({partition})
        while partition not in self.holding.ready:
            await asyncio.sleep(0)
        return self.holding.ready[partition]

    async def tell(self, partition: TopicPartition, first: int, *values: bytes) -> None:
        some = [record(partition, first + nth, value) for nth, value in enumerate(values)]
        await self.holding.take(partition, some)


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    held = Held()
    yield held
    await held.crew.dismiss()


async def test_records_that_cannot_be_folded_end_the_worker_and_are_in_no_checkpoint(held: Held) -> None:
    own = await held.give(PARTITION, Reach(0, 2))
    with pytest.raises(AttributeError):
        await held.tell(PARTITION, 0, call("a"), b"poison")
    with pytest.raises(AttributeError, match="nobody thought of that"):
        await held.crew.unless_failed(asyncio.sleep(60))
    with pytest.raises(HomeBroken):
        await own.fold.checkpoint()


async def test_from_when_the_group_takes_everything_until_it_hands_out_again_nothing_is_ready(held: Held) -> None:
    await held.give(PARTITION, Reach(0, 0))
    assert held.holding.not_ready() is None
    await held.holding.revoked({PARTITION})
    assert held.holding.not_ready() == "waiting for the group to hand out partitions"
    await held.holding.assigned(set())  # there are more workers than partitions
    assert held.holding.not_ready() is None
