"""The topic of checkpoints, followed by every worker: what each told of each partition it has, or had.

Owns what stands there. Which head of a partition is to be gone on from is `heads`.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
)  # fmt: skip
from aiokafka.structs import ConsumerRecord

from consumer.home.kafka.heads import Found, Placed, Written, furthest_first, furthest_whole, incomplete
from consumer.home.kafka.records import (
    AliveKey,
    HeadKey,
    NewerFormat,
    PartKey,
    TableKey,
    Writer,
    open_alive,
    open_head,
    read_key,
)  # fmt: skip
from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.kafka.parts import NotAsWritten, Parts, open_part
from consumer.kafka.reading import FETCH_BYTES
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

_RETRY_S = 1.0


@dataclass(slots=True)
class Told:
    """All that stands in the topic of one partition."""

    by: dict[Writer, Written] = field(default_factory=lambda: defaultdict(Written))
    alive_ms: int = 0
    alive_at: int = 0  # the offset up to which nothing changed


class Board:
    """What all workers told. One task follows it."""

    def __init__(self, connection: Connection, topic: str, make_again: Callable[[], Awaitable[object]]) -> None:
        """`make_again` makes the topic if it is not there."""
        self._connection, self.topic, self._make_again = connection, topic, make_again
        self.told: dict[TopicPartition, Told] = defaultdict(Told)
        self.tables: dict[str, Parts] = defaultdict(Parts)
        self.tables_ms: dict[str, int] = {}  # when they were written
        self._changed: set[TopicPartition] = set()  # since somebody looked
        self.life = 0  # rises when the topic was made anew: what was written before is gone
        self.partitions = 1
        self._consumer: AIOKafkaConsumer | None = None
        self._has_read = asyncio.Condition()

    async def start(self) -> None:
        """Begin to read, from the topic's beginning. Raises KafkaError."""
        consumer = AIOKafkaConsumer(
            **self._connection.for_aiokafka, enable_auto_commit=False, auto_offset_reset="none",
            max_partition_fetch_bytes=FETCH_BYTES, fetch_max_wait_ms=500,
        )  # fmt: skip
        try:
            await consumer.start()
            found = consumer.partitions_for_topic(self.topic) or await self._partitions(consumer)
            consumer.assign([TopicPartition(self.topic, number) for number in sorted(found)])
            self.partitions = len(found)
            self._consumer = consumer
            await self._begin()
        except BaseException:
            self._consumer = None
            await consumer.stop()
            raise

    async def _partitions(self, consumer: AIOKafkaConsumer) -> set[int]:
        found: set[int] = await consumer._client._wait_on_metadata(self.topic)
        return found

    async def stop(self) -> None:
        """Let go of the connection."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()

    async def run(self) -> None:
        """Follow, for ever. What fails is tried again."""
        while True:
            try:
                if self._consumer is None:
                    await self._make_again()
                    await self.start()
                await self._follow()
            except (OffsetOutOfRangeError, UnknownTopicOrPartitionError):
                log.error("topic %s was deleted: it is made again, and all checkpoints are written again", self.topic)
                await self._forget_all()
            except KafkaError as error:
                log.warning("topic %s cannot be read just now: %s", self.topic, reason_of(error))
                await asyncio.sleep(_RETRY_S)

    async def _forget_all(self) -> None:
        """What was read stands nowhere any more."""
        for known in (self.told, self.tables, self.tables_ms):
            known.clear()
        self.life += 1
        await self.stop()
        async with self._has_read:
            self._has_read.notify_all()

    async def _begin(self) -> None:
        consumer = self._reading()
        first = await consumer.beginning_offsets(consumer.assignment())
        for partition, offset in first.items():
            consumer.seek(partition, offset)

    def _reading(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("start comes first")
        return self._consumer

    async def _follow(self) -> None:
        consumer = self._reading()
        while True:
            for records in (await consumer.getmany(timeout_ms=500, max_records=500)).values():
                for record in records:
                    self.take(record)
            async with self._has_read:
                self._has_read.notify_all()
            if consumer.partitions_for_topic(self.topic) is None:
                raise UnknownTopicOrPartitionError(self.topic)  # the client would ask for it without a pause
            await asyncio.sleep(0)

    @property
    def has_begun(self) -> bool:
        """Whether it was started."""
        return self._consumer is not None

    def what_changed(self) -> set[TopicPartition]:
        """Partitions of which a head was told since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    async def catch_up(self) -> None:
        """Return when all that is in the topic now has been read. Raises KafkaError and Unavailable."""
        consumer = self._consumer
        if consumer is not None:
            with contextlib.suppress(IllegalStateError, ConsumerStoppedError):
                ends = await consumer.end_offsets(consumer.assignment())
                async with self._has_read:
                    while [one for one, end in ends.items() if await consumer.position(one) < end]:
                        self._must_be(consumer)
                        await self._has_read.wait()
                return
        raise self._made_again()

    def _must_be(self, consumer: AIOKafkaConsumer) -> None:
        """One that was stopped stays where it is. Raises Unavailable."""
        if self._consumer is not consumer:
            raise self._made_again()

    def _made_again(self) -> Unavailable:
        return Unavailable(f"topic {self.topic} is being made again")

    def take(self, record: ConsumerRecord) -> None:
        """One record of the topic."""
        match read_key(record.key):
            case HeadKey(partition, writer):
                self._take_head(self.told[partition].by[writer], record)
                self._changed.add(partition)
                self._forget_empty(partition, writer)
            case PartKey(partition, writer, name, number):
                written = self.told[partition].by[writer]
                self._put(written.blocks, name, number, record)
                self._forget_empty(partition, writer)
            case TableKey(sha256, number):
                self._put(self.tables, sha256, number, record)
                self.tables_ms[sha256] = record.timestamp
                if sha256 not in self.tables:
                    del self.tables_ms[sha256]
            case AliveKey(partition) if record.value is not None:
                try:
                    alive = open_alive(record.value)
                except NotAsWritten:
                    return  # the next one comes in a moment
                told = self.told[partition]
                told.alive_ms, told.alive_at = alive.written_ms, alive.next_offset

    def _take_head(self, written: Written, record: ConsumerRecord) -> None:
        written.head, written.fault = None, None
        if record.value is not None:
            try:
                written.head = open_head(record.value)
            except (NotAsWritten, NewerFormat) as error:
                written.fault = f"{self._place(record)}: {error}"

    def _place(self, record: ConsumerRecord) -> str:
        return f"{self.topic}, partition {record.partition}, offset {record.offset}"

    def _put(self, into: dict[str, Parts], name: str, number: int, record: ConsumerRecord) -> None:
        try:
            into[name].put(number, None if record.value is None else open_part(record.value))
        except NotAsWritten as error:
            fault = f"{self._place(record)}: {error}"
            log.error("%s: part %d of %s cannot be read", fault, number, name)
            into[name].spoil(number, fault)
        if not into[name]:
            del into[name]

    def _forget_empty(self, partition: TopicPartition, writer: Writer) -> None:
        written = self.told[partition].by[writer]
        if written.head is None and written.fault is None and not written.blocks:
            del self.told[partition].by[writer]

    def find(self, partition: TopicPartition) -> Found | None:
        """The head that has come furthest, of those that are whole. Raises HomeBroken where it is damaged."""
        return furthest_whole(partition, self._by(partition))

    def _by(self, partition: TopicPartition) -> dict[Writer, Written]:
        """What stands of it. It may be asked for on another thread than the one that reads."""
        told = self.told.get(partition)
        return {} if told is None else dict(told.by)

    async def find_once_all_is_read(self, partition: TopicPartition) -> Found | None:
        """The same; None only where there is no head. Raises HomeBroken, KafkaError and Unavailable.

        Compaction may have removed blocks of a head whose successor came after we began to read.
        """
        before: list[Placed] = []
        while True:
            found, heads = self.find(partition), furthest_first(self._by(partition))
            if found is not None or not heads:
                return found
            if heads == before:
                raise incomplete(self.topic, partition, heads[0].writer)
            before = heads
            await self.catch_up()

    def size_of(self, partition: TopicPartition) -> int:
        """Bytes of all blocks of it that stand in the topic."""
        by = self.told[partition].by.values() if partition in self.told else ()
        return sum(parts.size for written in by for parts in written.blocks.values())

    def has_table(self, sha256: str) -> bool:
        """Whether a rate table is there with all its parts."""
        return sha256 in self.tables and self.tables[sha256].is_whole

    def named_tables(self) -> set[str]:
        """Rate tables that any head names."""
        by = (written for told in self.told.values() for written in told.by.values())
        return {written.head.table_sha256 for written in by if written.head is not None}

    def epoch_of(self, partition: TopicPartition) -> int:
        """The highest of all who ever wrote of it."""
        return max((writer.epoch for writer in self.told[partition].by), default=0)

    def as_of_ms(self, partition: TopicPartition) -> int | None:
        """When a partition's figures were last said to be up to date."""
        told = self.told[partition]
        heads = [written.head.written_ms for written in told.by.values() if written.head is not None]
        return max([*heads, told.alive_ms]) or None if heads else None
