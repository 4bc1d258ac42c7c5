"""Reading a part of a partition once, from one offset to another, beside whatever else is being read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.structs import ConsumerRecord

from consumer.kafka.connection import Connection

FETCH_BYTES = 4 << 20
ISOLATION = "read_committed"  # a call of a transaction that was given up is none


class Reach(NamedTuple):
    """The offsets [first, end) that a partition has."""

    first: int
    end: int


@asynccontextmanager
async def reader(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group."""
    consumer = AIOKafkaConsumer(
        **connection.for_aiokafka, enable_auto_commit=False, auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES, fetch_max_wait_ms=200, isolation_level=ISOLATION,
    )  # fmt: skip
    try:
        await consumer.start()
        yield consumer
    finally:
        await asyncio.shield(consumer.stop())


async def reach_of(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Reach:
    """What a partition has now."""
    first = (await consumer.beginning_offsets([partition]))[partition]
    return Reach(first, (await consumer.end_offsets([partition]))[partition])


async def read_between(
    consumer: AIOKafkaConsumer, partition: TopicPartition, first: int, until: int
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """The records of [first, until) that are there, in order. Both ends must lie within its reach.

    Raises KafkaError, also where the topic is deleted meanwhile.
    """
    consumer.assign([partition])
    consumer.seek(partition, first)
    while await consumer.position(partition) < until:
        found = (await consumer.getmany(partition, timeout_ms=500)).get(partition, [])
        if found and found[-1].offset >= until:
            found = [record for record in found if record.offset < until]
        if found:
            yield found
        elif consumer.partitions_for_topic(partition.topic) is None:
            raise UnknownTopicOrPartitionError(partition.topic)  # the client would ask for it without a pause
