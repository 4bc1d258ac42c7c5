"""The rate table in a compacted topic: published once, read by every worker from the topic's beginning.

Owns what stands there: the bytes of rates.toml and of its decks, told in parts, and which of them is current. A worker
costs no call before it has read the topic to its end.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Collection
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
from consumer.kafka.reading import FETCH_BYTES, reach_of, read_between, reader
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


class Standing:
    """What stands in the topic, as far as it was read."""

    def __init__(self) -> None:
        self.parts: dict[str, Parts] = {}
        self.current: Current | None = None
        self._current_at = -1
        self._told_at: dict[str, int] = {}  # the offset of the last part of each

    def take(self, record: ConsumerRecord) -> None:
        """One record. Raises NotAsWritten, ValueError and DecodeError where it is none of ours."""
        if record.key == _CURRENT:
            opened = None if record.value is None else unsealed(record.value)
            self.current = None if opened is None else msgspec.msgpack.decode(opened, type=Current)
            self._current_at = record.offset
            return
        kind, name, number = (record.key or b"").decode().split("/")
        if kind == "part":
            self._take_part(name, int(number), record)

    def _take_part(self, name: str, number: int, record: ConsumerRecord) -> None:
        parts = self.parts.setdefault(name, Parts())
        self._told_at[name] = record.offset
        try:
            parts.put(number, None if record.value is None else open_part(record.value))
        except NotAsWritten as error:
            parts.spoil(number, str(error))
            raise
        if not parts:
            self.forget(name)

    def forget(self, name: str) -> None:
        """Let go of one that is not needed any more."""
        del self.parts[name], self._told_at[name]

    @property
    def newest(self) -> str | None:
        """The current one, if all of it is there."""
        current = self.current
        parts = None if current is None else self.parts.get(current.id)
        return current.id if current is not None and parts is not None and parts.is_whole else None

    @property
    def before_current(self) -> list[str]:
        """What was told before the current one came into force, that one included. Nobody is still writing these."""
        return [name for name, at in self._told_at.items() if at < self._current_at]

    def begin_again(self) -> None:
        """Offsets begin at 0 from here on."""
        self._current_at, self._told_at = -1, dict.fromkeys(self.parts, -1)


class RatesTopic:
    """What is published. Read to its end when `begin` returns, and followed by `run` from then on."""

    def __init__(self, connection: Connection, topic: str) -> None:
        self._connection, self.topic = connection, topic
        self._standing = Standing()
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
                    if found._standing.newest is not None:
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
        self._standing.begin_again()
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
        standing, before = self._standing, self._standing.before_current
        try:
            standing.take(record)
        except (NotAsWritten, ValueError, msgspec.DecodeError) as error:
            log.error("%s, offset %d: %s: it was not written by callcost", self.topic, record.offset, error)
            return
        if record.key == _CURRENT and standing.current is not None:
            for name in before:
                if name != standing.current.id:
                    standing.forget(name)
        if standing.newest not in (None, self._loaded):
            self._changed.set()

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
        standing = self._standing
        self._loaded = standing.newest or ""
        try:
            if standing.current is not None and standing.current.format != _FORMAT:
                raise NotAsWritten(f"it has format {standing.current.format} and this version reads {_FORMAT}")
            content = standing.parts.get(self._loaded, Parts()).content()
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
    """Write a rate table, which is in force from then on; how many bytes. Raises Unavailable and KafkaError.

    The one before stays for workers that are still reading it; those before are removed.
    """
    standing = await _standing(connection, topic)
    content = packed(msgspec.msgpack.encode((rates.name, rates.text, dict(rates.decks))))
    name = hashlib.sha256(content).hexdigest()[:32]
    parts = in_parts(content)
    producer = Producer(connection, answer_s, 1 << 30)
    try:
        for number, part in enumerate(parts):
            await producer.write([Outgoing(topic, _part(name, number), part, (), 0)])
        await producer.write([Outgoing(topic, _CURRENT, sealed(Current(_FORMAT, name)), (), 0)])
        kept = {name, standing.current.id if standing.current is not None else name}
        await producer.write([Outgoing(topic, key, None, (), 0) for key in _keys(standing, kept)])
    finally:
        await producer.stop()
    return sum(map(len, parts))


async def _standing(connection: Connection, topic: str) -> Standing:
    standing, partition = Standing(), TopicPartition(topic, 0)
    async with reader(connection) as consumer:
        async for records in read_between(consumer, partition, *await reach_of(consumer, partition)):
            for record in records:
                with contextlib.suppress(NotAsWritten, ValueError, msgspec.DecodeError):  # every worker says so
                    standing.take(record)
    return standing


def _keys(standing: Standing, kept: Collection[str]) -> list[bytes]:
    """Of the parts of what is not needed any more."""
    unneeded = [name for name in standing.before_current if name not in kept]
    return [_part(name, number) for name in unneeded for number in standing.parts[name].numbers]


def _part(name: str, number: int) -> bytes:
    return f"part/{name}/{number}".encode()
