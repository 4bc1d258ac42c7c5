"""What we rely on in Faust, on a real broker: membership, batches, going back, offsets without records, commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.structs import ConsumerRecord

from consumer.home.kafka.seam import Group
from consumer.kafka.connection import Connection
from consumer.kafka.reading import Reach
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.worker_process import WITHIN_S

pytestmark = pytest.mark.kafka


@dataclass
class Listener:
    """Takes what the group gives, and notes it."""

    taken: dict[TopicPartition, list[int]] = field(default_factory=dict)
    batches: int = 0
    held: set[TopicPartition] = field(default_factory=set)
    gone: list[set[TopicPartition]] = field(default_factory=list)
    closed: set[TopicPartition] = field(default_factory=set)  # of which nothing is wanted now
    idle: int = 0

    def takes(self, partition: TopicPartition) -> bool:
        return partition in self.held - self.closed

    async def take(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        self.batches += 1
        self.taken.setdefault(partition, []).extend(record.offset for record in records)

    async def nothing_came(self) -> None:
        self.idle += 1

    def sought(self, partition: TopicPartition) -> int | None:
        seen = self.taken.get(partition)
        return seen[-1] + 1 if seen else None

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        self.held = set(partitions)

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        self.gone.append(set(partitions))
        self.held -= partitions


@asynccontextmanager
async def member(broker: Broker, topic: str) -> AsyncIterator[tuple[Group, Listener]]:
    group, listener = Group(Connection(broker.bootstrap), f"group-of-{topic}", [topic], 3.0, None), Listener()
    group.join(listener)
    try:
        yield group, listener
    finally:
        await group.stop()


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = is_so()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


async def made(broker: Broker, topic: str, partitions: int, records: int) -> list[TopicPartition]:
    await raw.make(broker.bootstrap, topic, partitions)
    for number in range(partitions):
        await raw.write(broker.bootstrap, topic, [b"%d" % one for one in range(records)], partition=number)
    return [TopicPartition(topic, number) for number in range(partitions)]


async def test_a_member_gets_every_record_once_in_order_and_in_batches(broker: Broker) -> None:
    places = await made(broker, "seam-batches", 2, 300)
    async with member(broker, "seam-batches") as (group, listener):
        await until(lambda: all(len(listener.taken.get(place, [])) == 300 for place in places))
        assert listener.taken == {place: list(range(300)) for place in places}
        assert listener.batches < 60
        assert [await group.reach(place) for place in places] == [Reach(0, 300)] * 2
        assert [group.end_of(place) for place in places] == [300, 300]
        await until(lambda: listener.idle > 0)


async def test_what_is_not_wanted_now_waits_and_the_others_go_on(broker: Broker) -> None:
    first, second = await made(broker, "seam-waits", 2, 50)
    async with member(broker, "seam-waits") as (_, listener):
        listener.closed.add(first)
        await until(lambda: len(listener.taken.get(second, [])) == 50)
        assert first not in listener.taken
        listener.closed.clear()
        await until(lambda: listener.taken.get(first) == list(range(50)))


async def test_one_may_go_back_and_read_on_from_there(broker: Broker) -> None:
    (place,) = await made(broker, "seam-back", 1, 20)
    async with member(broker, "seam-back") as (group, listener):
        await until(lambda: len(listener.taken.get(place, [])) == 20)
        await group.read_on(place, 15)
        await until(lambda: len(listener.taken[place]) == 25)
        assert listener.taken[place][20:] == [15, 16, 17, 18, 19]


async def test_offsets_of_transactions_that_hold_no_record_are_passed(broker: Broker) -> None:
    """Two records and the mark of their end are three offsets; the position is past what nobody is given."""
    (place,) = await made(broker, "seam-marks", 1, 0)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="seam-marks")
    await producer.start()
    async with producer.transaction():
        for number in range(2):
            await producer.send("seam-marks", b"%d" % number, partition=0)
    await producer.stop()
    async with member(broker, "seam-marks") as (group, listener):
        await until(lambda: listener.taken.get(place) == [0, 1])
        await until(lambda: listener.idle > 0)
        assert group.end_of(place) == 3
        assert await group.position(place) == 3


async def test_what_a_transaction_gave_up_is_not_read_and_one_that_is_open_holds_up_what_comes_after(
    broker: Broker,
) -> None:
    """Offsets: 0, 1 committed, 2 their mark; 3–5 given up, 6 their mark; 7 plain; 8 open, and 9 plain behind it."""
    (place,) = await made(broker, "seam-given-up", 1, 0)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="seam-given-up")

    async def write(number: int) -> None:
        for one in range(number):
            await producer.send_and_wait("seam-given-up", b"%d" % one, partition=0)

    await producer.start()
    async with producer.transaction():
        await write(2)
    await producer.begin_transaction()
    await write(3)
    await producer.abort_transaction()
    await raw.write(broker.bootstrap, "seam-given-up", [b"plain"], partition=0)
    async with member(broker, "seam-given-up") as (group, listener):
        await until(lambda: listener.taken.get(place) == [0, 1, 7])
        await producer.begin_transaction()
        await write(1)
        await raw.write(broker.bootstrap, "seam-given-up", [b"behind"], partition=0)
        await until(lambda: group.end_of(place) == 10)
        assert (listener.taken[place], await group.position(place)) == ([0, 1, 7], 8)
        await producer.commit_transaction()
        await until(lambda: listener.taken[place] == [0, 1, 7, 8, 9])
    await producer.stop()


async def test_the_group_keeps_what_it_is_told_and_only_of_our_partitions(broker: Broker) -> None:
    (place,) = await made(broker, "seam-commits", 1, 5)
    async with member(broker, "seam-commits") as (group, listener):
        await until(lambda: listener.held == {place})
        await group.commit({place: 3, TopicPartition("seam-commits", 7): 1})
        looking = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, group_id="group-of-seam-commits")
        await looking.start()
        assert await looking.committed(place) == 3
        await looking.stop()


async def test_a_second_member_takes_a_share_and_gives_it_back(broker: Broker) -> None:
    places = set(await made(broker, "seam-shares", 4, 10))
    async with member(broker, "seam-shares") as (_, first):
        await until(lambda: first.held == places)
        async with member(broker, "seam-shares") as (_, second):
            await until(lambda: len(first.held) == len(second.held) == 2)
            assert first.held | second.held == places
            assert first.gone[-1] == places  # all of them are taken away, and then some are given again
        await until(lambda: first.held == places)


async def test_a_member_that_has_fetched_nothing_for_a_day_stays_and_takes_over(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more members than partitions, or none wants records: whoever then is asked to join again does so."""
    places = set(await made(broker, "seam-idle", 1, 1))
    monkeypatch.setattr(SubscriptionState, "fetcher_idle_time", 86_400.0)
    async with member(broker, "seam-idle") as (_, first):
        await until(lambda: first.held == places)
        async with member(broker, "seam-idle") as (_, second):
            await until(lambda: places in first.gone and first.held | second.held == places)
        await until(lambda: first.held == places)


async def test_that_the_task_of_the_group_failed_is_told(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka asserts that it knows a broker; an overloaded one has answered that there is none."""
    await made(broker, "seam-failed", 1, 1)
    monkeypatch.setattr("aiokafka.client.AIOKafkaClient.get_random_node", lambda _: None)
    async with member(broker, "seam-failed") as (group, _), asyncio.timeout(WITHIN_S):
        assert "Did we not perform bootstrap?" in await group.ended()
