"""The rate table in a compacted topic: published once, read by every worker from the topic's beginning.

Owns what stands there: the bytes of rates.toml and of its decks, told in parts, and which of them is current. A worker
costs no call before it has read the topic to its end.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from typing import Self

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.structs import ConsumerRecord

from consumer.core.rates import RateTable
from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.kafka.parts import NotAsWritten, Parts, in_parts, open_part, packed, sealed, unsealed
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.reading import FETCH_BYTES
from consumer.kafka.topics import partitions_of
from consumer.rates.load import WrittenRates
from consumer.rates.problems import Problem, RateTableInvalid

log = logging.getLogger("callcost")

_CURRENT = b"current"
_RETRY_S = 1.0
_FORMAT = 1


class Current(msgspec.Struct, array_like=True, frozen=True):
    """Which of what stands in the topic is in force."""

    format: int
    id: str


class RatesTopic:
    """What is published. Read to its end when `begin` returns, and followed by `run` from then on."""

    def __init__(self, connection: Connection, topic: str) -> None:
        self._connection, self.topic = connection, topic
        self._parts: dict[str, Parts] = defaultdict(Parts)
        self._current: Current | None = None
        self._loaded = ""
        self._changed = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None

    @classmethod
    async def begin(cls, connection: Connection, topic: str) -> Self:
        """Read to the end; waits for as long as there is no broker, or no rate table."""
        found = cls(connection, topic)
        told = ""
        while True:
            try:
                if found._consumer is None and await partitions_of(connection, [topic]):
                    await found._start()
                if found._consumer is not None:
                    await found._read_to_the_end()
                    if found._newest() is not None:
                        return found
                why = f"topic {topic} holds no rate table: callcost rates publish -r rates.toml"
            except KafkaError as error:
                await found.stop()
                why = f"waiting for Kafka at {connection.bootstrap}: {reason_of(error)}"
            if why != told:
                log.warning("%s", why)
                told = why
            await asyncio.sleep(_RETRY_S)

    async def _start(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._connection.for_aiokafka, enable_auto_commit=False, auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
        )  # fmt: skip
        try:
            await consumer.start()
            consumer.assign([TopicPartition(self.topic, 0)])
            await consumer.seek_to_beginning()
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer

    async def _read_to_the_end(self) -> None:
        partition = TopicPartition(self.topic, 0)
        consumer = self._reading()
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            await self._read()

    def _reading(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("begin comes first")
        return self._consumer

    async def _read(self) -> None:
        consumer = self._reading()
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                self._take(record)
        if consumer.partitions_for_topic(self.topic) is None:
            raise UnknownTopicOrPartitionError(self.topic)  # the client would ask for it without a pause

    def _take(self, record: ConsumerRecord) -> None:
        try:
            if record.key == _CURRENT:
                opened = None if record.value is None else unsealed(record.value)
                self._current = None if opened is None else msgspec.msgpack.decode(opened, type=Current)
            else:
                kind, name, number = (record.key or b"").decode().split("/")
                if kind == "part":
                    part = None if record.value is None else open_part(record.value)
                    self._parts[name].put(int(number), part)
        except (NotAsWritten, ValueError, msgspec.DecodeError) as error:
            log.error("%s, offset %d: %s: it was not written by callcost", self.topic, record.offset, error)
        if self._newest() not in (None, self._loaded):
            self._changed.set()

    def _newest(self) -> str | None:
        current = self._current
        return current.id if current is not None and self._parts[current.id].is_whole else None

    async def run(self) -> None:
        """Follow what is published, for ever."""
        while True:
            try:
                if self._consumer is not None:
                    await self._read()
                elif await partitions_of(self._connection, [self.topic]):
                    await self._start()
                else:
                    await asyncio.sleep(_RETRY_S)
            except UnknownTopicOrPartitionError:
                log.error("topic %s was deleted: the rate table in use stays until one is published again", self.topic)
                await self.stop()
            except KafkaError as error:
                log.warning("topic %s cannot be read just now: %s", self.topic, reason_of(error))
                await asyncio.sleep(_RETRY_S)

    def load(self) -> tuple[WrittenRates, RateTable]:
        """The newest. Raises RateTableInvalid with every problem."""
        self._changed.clear()
        newest = self._newest() or ""
        self._loaded = newest
        try:
            if self._current is not None and self._current.format != _FORMAT:
                raise NotAsWritten(f"it has format {self._current.format} and this version reads {_FORMAT}")
            content = self._parts[newest].content()
            name, text, decks = msgspec.msgpack.decode(content, type=tuple[str, bytes, dict[str, bytes]])
        except (NotAsWritten, msgspec.DecodeError) as error:
            raise RateTableInvalid(
                [Problem(self.topic, 0, "", str(error), "what callcost rates publish writes")]
            ) from error
        written = WrittenRates(f"{self.topic}: {name}", text, decks)
        return written, written.build()

    def has_changed(self) -> bool:
        """Whether another one was published since it was loaded."""
        return self._changed.is_set()

    def follow(self, rates: WrittenRates) -> None:
        """These are in use."""

    async def stop(self) -> None:
        """Let go of the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()


async def publish(connection: Connection, topic: str, rates: WrittenRates, answer_s: float) -> int:
    """Write a rate table, which is in force from then on; how many bytes. Raises Unavailable."""
    content = packed(msgspec.msgpack.encode((rates.name, rates.text, dict(rates.decks))))
    name = hashlib.sha256(content).hexdigest()[:32]
    parts = in_parts(content)
    producer = Producer(connection, answer_s, 1 << 30)
    try:
        for number, part in enumerate(parts):
            await producer.write([Outgoing(topic, _part(name, number), part, (), 0)])
        await producer.write([Outgoing(topic, _CURRENT, sealed(Current(_FORMAT, name)), (), 0)])
    finally:
        await producer.stop()
    return sum(map(len, parts))


def _part(name: str, number: int) -> bytes:
    return f"part/{name}/{number}".encode()
