"""Checkpoints of partitions, written to their topic: new blocks first, then the head, then what nobody needs goes.

Owns the order, which is what makes any head that is whole a right place to go on from.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from aiokafka import TopicPartition

from consumer.core.instants import HOUR_MS
from consumer.core.snapshot import Snapshot, table_sha256
from consumer.home.failures import Damaged
from consumer.home.kafka.board import Board
from consumer.home.kafka.own import Own
from consumer.home.kafka.records import (
    FORMAT,
    Alive,
    AliveKey,
    Head,
    HeadKey,
    Key,
    PartKey,
    TableKey,
    Writer,
    key_of,
)  # fmt: skip
from consumer.kafka.parts import MOST_BYTES, NotAsWritten, in_parts, packed, sealed
from consumer.kafka.producing import Outgoing, Producer
from consumer.rates.load import WrittenRates
from consumer.sources.bodies import TooLarge
from consumer.sources.unavailable import Unavailable

_AT_ONCE_BYTES = 4 << 20
_UNNEEDED_MS = HOUR_MS


class Checkpoints:
    """Writes what the board reads."""

    def __init__(self, board: Board, producer: Producer, clock: Callable[[], int]) -> None:
        self._board, self._producer, self._clock = board, producer, clock

    async def store(self, own: Own, snapshot: Snapshot) -> int:
        """All of a snapshot, or nothing that counts; how many bytes that took. Raises Unavailable."""
        partition, writer = own.partition, own.writer
        values = await asyncio.to_thread(_in_parts, snapshot.new_blocks)
        body = await asyncio.to_thread(packed, snapshot.head)
        body_in = ""
        if len(body) > MOST_BYTES:
            body_in = f"head-{snapshot.next_offset}"
            values[body_in], body = in_parts(body), b""
        size = await self._write(
            (PartKey(partition, writer, name, number), part)
            for name, parts in values.items()
            for number, part in enumerate(parts)
        )
        own.blocks |= {name: len(parts) for name, parts in values.items()}
        head = Head(
            FORMAT, self._clock(), snapshot.next_offset, snapshot.index_from, table_sha256(snapshot.head), body, body_in
        )  # fmt: skip
        size += await self._write([(HeadKey(partition, writer), sealed(head))])
        await self._remove_unneeded(own, {*snapshot.block_ids, body_in})
        return size

    async def _remove_unneeded(self, own: Own, named: set[str]) -> None:
        """Blocks of ours that the head does not name, and all that was written before we took over."""
        gone: list[Key] = []
        for name in own.blocks.keys() - named:
            gone += [PartKey(own.partition, own.writer, name, part) for part in range(own.blocks[name])]
        for writer, written in self._board.told[own.partition].by.items():
            if writer.epoch < own.writer.epoch:
                gone.append(HeadKey(own.partition, writer))
                for name, parts in written.blocks.items():
                    gone += [PartKey(own.partition, writer, name, number) for number in parts.numbers]
        await self._write((key, None) for key in gone)
        own.blocks = {name: parts for name, parts in own.blocks.items() if name in named}

    async def is_alive(self, own: Own) -> None:
        """Say that nothing changed. Raises Unavailable."""
        await self._write([(AliveKey(own.partition), sealed(Alive(self._clock(), own.stored_at)))])

    async def keep_table(self, sha256: str, rates: WrittenRates) -> None:
        """A rate table as it was written, once. Raises Unavailable."""
        if not self._board.has_table(sha256) or sha256 in self._unneeded_tables():
            content = msgspec.msgpack.encode((rates.name, rates.text, dict(rates.decks)))
            parts = in_parts(await asyncio.to_thread(packed, content))
            await self._write((TableKey(sha256, number), part) for number, part in enumerate(parts))

    async def forget_tables(self, in_force: str) -> None:
        """Remove those that no checkpoint names. Raises Unavailable."""
        unneeded = self._unneeded_tables() - {in_force}
        await self._write(
            (TableKey(sha256, number), None)
            for sha256 in sorted(unneeded)
            for number in self._board.tables[sha256].numbers
        )

    def named_tables(self) -> set[str]:
        """Those that any checkpoint names."""
        return self._board.named_tables()

    def _unneeded_tables(self) -> set[str]:
        """Those that no checkpoint names, and that were written long ago: whoever wrote them for a switch is done."""
        before_ms = self._clock() - _UNNEEDED_MS
        old = {sha256 for sha256, written_ms in self._board.tables_ms.items() if written_ms < before_ms}
        return old - self._board.named_tables()

    def find_table(self, sha256: str) -> WrittenRates:
        """What was kept. Raises Damaged when it is not there."""
        if not self._board.has_table(sha256):
            raise Damaged(f"rate table {sha256} is missing in topic {self._board.topic}")
        parts = self._board.tables[sha256]
        try:
            found = msgspec.msgpack.decode(parts.content(), type=tuple[str, bytes, dict[str, bytes]])
        except (msgspec.DecodeError, NotAsWritten):
            raise Damaged(f"rate table {sha256} is damaged in topic {self._board.topic}") from None
        return WrittenRates(*found)

    async def _write(self, records: Iterable[tuple[Key, bytes | None]]) -> int:
        written = 0
        for some in _portions(records):
            size = sum(len(value or b"") for _, value in some)
            try:
                await self._producer.write([self._outgoing(key, value) for key, value in some])
            except TooLarge as error:
                topic = self._board.topic
                raise Unavailable(f"topic {topic}: expected max.message.bytes of 1048588 or more: {error}") from error
            written += size
        return written

    def _outgoing(self, key: Key, value: bytes | None) -> Outgoing:
        where = 0 if isinstance(key, TableKey) else key.partition.partition % self._board.partitions
        return Outgoing(self._board.topic, key_of(key), value, (), where)


def writer_of(board: Board, partition: TopicPartition, name: str) -> Writer:
    """Who writes from here on: after all who wrote before."""
    return Writer(board.epoch_of(partition) + 1, name)


def _in_parts(blocks: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    return {name: in_parts(packed(content)) for name, content in blocks.items()}


def _portions(records: Iterable[tuple[Key, bytes | None]]) -> Iterator[list[tuple[Key, bytes | None]]]:
    some: list[tuple[Key, bytes | None]] = []
    size = 0
    for key, value in records:
        some.append((key, value))
        size += len(value or b"")
        if size >= _AT_ONCE_BYTES or len(some) >= 1_000:
            yield some
            some, size = [], 0
    if some:
        yield some
