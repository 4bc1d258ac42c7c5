"""What becomes of a partition between two rebalances, without any broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

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


#: What readers see, what stays, whether records are taken, and where they would be.
Going = tuple[dict[TopicPartition, Own], set[TopicPartition], bool, int | None]


@dataclass
class Held:
    """The holding, and all that it is told by."""

    group: FakeGroup = field(default_factory=FakeGroup)
    losses: Losses = field(default_factory=Losses)
    crew: Crew = field(default_factory=Crew)
    going: list[Going] = field(default_factory=list)  # how it stood while something was let go
    while_it_goes: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        restorer = FakeRestorer(self.group, TABLE, decode)
        self.holding = Holding(
            self.group, FakeBoard(), FakeTables(TABLE), restorer, self.losses, self.crew, self.let_go, lambda: 0
        )  # fmt: skip

    async def let_go(self, _: Sequence[Own]) -> None:
        if self.while_it_goes is not None:
            await self.while_it_goes()
        now = self.holding
        self.going.append((now.ready, now.staying, now.takes(PARTITION), now.sought(PARTITION)))

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


GONE = (
    "calls/0: records 1 to 9 were removed before they were read: their calls are in no figure; "
    "keep the topic for longer"
)


async def test_records_that_were_all_removed_before_they_were_read_are_told(held: Held) -> None:
    """One of ten was read when retention took the rest: the client goes on from the end, where nothing comes."""
    own = await held.give(PARTITION, Reach(0, 1))
    await held.tell(PARTITION, 0, call("a"))
    held.group.reaches[PARTITION] = Reach(10, 10)
    await held.holding.nothing_came()  # asks once more
    assert (own.read_to, own.behind, list(held.losses)) == (1, 9, [])
    await held.holding.nothing_came()
    assert (own.read_to, own.behind, list(held.losses)) == (10, 0, [GONE])


async def test_marks_of_transactions_are_passed_over_and_are_no_loss(held: Held) -> None:
    own = await held.give(PARTITION, Reach(0, 1))
    await held.tell(PARTITION, 0, call("a"))
    held.group.reaches[PARTITION] = Reach(0, 10)
    await held.holding.nothing_came()
    held.group.at[PARTITION] = 10
    await held.holding.nothing_came()
    assert (own.read_to, list(held.losses)) == (10, [])


async def test_what_is_gone_is_told_as_soon_as_the_broker_says_where_the_partition_begins(held: Held) -> None:
    """Until then nothing is passed over, whether records come or not."""
    own = await held.give(PARTITION, Reach(0, 1))
    await held.tell(PARTITION, 0, call("a"))
    held.group.reaches[PARTITION], held.group.failure = Reach(10, 10), KafkaTimeoutError()
    await held.holding.nothing_came()
    await held.holding.nothing_came()
    assert (own.read_to, own.behind, list(held.losses)) == (1, 9, [])
    held.group.reaches[PARTITION] = Reach(10, 11)
    await held.tell(PARTITION, 10, call("b"))
    assert (own.read_to, own.fold.pipeline.counts.received, list(held.losses)) == (1, 1, [])
    held.group.failure = None
    await held.tell(PARTITION, 10, call("b"))
    assert (own.read_to, own.fold.pipeline.counts.received, list(held.losses)) == (11, 2, [GONE])


async def test_what_goes_is_read_no_further_and_shown_until_it_was_let_go(held: Held) -> None:
    own = await held.give(PARTITION, Reach(0, 2))
    await held.tell(PARTITION, 0, call("a"))
    held.while_it_goes = lambda: held.tell(PARTITION, 1, call("b"))
    await held.holding.revoked({PARTITION})
    assert held.going == [({PARTITION: own}, set(), False, None)]
    assert (own.read_to, own.fold.pipeline.counts.received) == (1, 1)
    assert held.holding.ready == {}


async def test_what_comes_back_is_read_on_from_where_it_was(held: Held) -> None:
    own = await held.give(PARTITION, Reach(0, 2))
    await held.tell(PARTITION, 0, call("a"))
    await held.holding.revoked({PARTITION})
    assert await held.give(PARTITION, Reach(0, 2)) is own
    assert (held.holding.staying, held.holding.takes(PARTITION), held.holding.sought(PARTITION)) == (
        {PARTITION},
        True,
        1,
    )
