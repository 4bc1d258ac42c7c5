"""Topics as they are, beside the program: made, filled, read and deleted by the plain client."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord

from consumer.kafka.connection import Connection
from consumer.kafka.reading import reach_of, read_between, reader
from consumer.kafka.topics import partitions_of

T = TypeVar("T")
Headers = Sequence[tuple[str, bytes | None]]


def now(work: Coroutine[Any, Any, T]) -> T:
    """For tests of processes, which have no event loop of their own."""
    return asyncio.run(work)


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def make(bootstrap: str, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
    async with admin(bootstrap) as client:
        await client.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))])


async def delete(bootstrap: str, topic: str) -> None:
    """Returns when it is gone."""
    async with admin(bootstrap) as client:
        await client.delete_topics([topic])
        while topic in await client.list_topics():
            await asyncio.sleep(0.05)


async def config_of(bootstrap: str, topic: str) -> dict[str, str]:
    async with admin(bootstrap) as client:
        (answer,) = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def alter(bootstrap: str, topic: str, config: Mapping[str, str]) -> None:
    """All other settings are the cluster's own afterwards."""
    async with admin(bootstrap) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=dict(config))])


async def give_up(bootstrap: str, topic: str, values: Sequence[bytes]) -> None:
    """Records of a transaction that is aborted: they stay in the topic, and are nothing."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"gives-up-{topic}")
    await producer.start()
    try:
        await producer.begin_transaction()
        for value in values:
            await producer.send_and_wait(topic, value, b"a key", 0)
        await producer.abort_transaction()
    finally:
        await producer.stop()


async def write(
    bootstrap: str, topic: str, values: Sequence[bytes | None], headers: Headers = (), partition: int | None = None,
    key: bytes | None = None, **more: Any,
) -> None:  # fmt: skip
    """Records as somebody else's producer writes them."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=8 << 20, **more)
    await producer.start()
    try:
        for value in values:
            named = key if value is not None else key or b"a tombstone"
            await producer.send_and_wait(topic, value, named, partition, headers=list(headers))
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """All records of a topic, partition by partition."""
    found: list[ConsumerRecord] = []
    for partition in await partitions_of(Connection(bootstrap), [topic]):
        async with reader(Connection(bootstrap)) as consumer:
            reach = await reach_of(consumer, partition)
            async for some in read_between(consumer, partition, *reach):
                found += some
    return found


async def cut(bootstrap: str, partition: TopicPartition, before: int) -> None:
    """Remove the records before an offset, as retention does."""
    async with admin(bootstrap) as client:
        await client.delete_records({partition: RecordsToDelete(before_offset=before)})
