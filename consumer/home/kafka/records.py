"""What stands in the topic of checkpoints: heads, blocks and rate tables, and the keys they have.

A head names its blocks. Whoever takes a partition over writes under a name of its own, with a number (its epoch)
higher than any before, so that one who was paused and wakes can neither replace nor remove what its successor wrote.
"""

from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition

from consumer.kafka.parts import NotAsWritten, unsealed

FORMAT = 1


class Writer(NamedTuple):
    """Who wrote: one life of one worker, since it took a partition over."""

    epoch: int
    name: str


class HeadKey(NamedTuple):
    """The newest head of a writer."""

    partition: TopicPartition
    writer: Writer


class AliveKey(NamedTuple):
    """That nothing changed since the head."""

    partition: TopicPartition


class PartKey(NamedTuple):
    """A part of a block."""

    partition: TopicPartition
    writer: Writer
    name: str
    part: int


class TableKey(NamedTuple):
    """A part of a rate table as it was written."""

    sha256: str
    part: int


Key = HeadKey | AliveKey | PartKey | TableKey


class Head(msgspec.Struct, array_like=True, frozen=True):
    """A head: what `core.snapshot` made, or the block that holds it where it is too large."""

    format: int
    written_ms: int
    next_offset: int
    index_from: int
    table_sha256: str  # which rate table it was made under
    body: bytes  # packed
    body_in: str  # a block


class Alive(msgspec.Struct, array_like=True, frozen=True):
    """The figures of a partition up to this offset were all there was at this time."""

    written_ms: int
    next_offset: int


class NewerFormat(Exception):
    """A head that a newer version wrote."""


def key_of(key: Key) -> bytes:
    """The key of a record."""
    match key:
        case HeadKey(partition, writer):
            return f"head/{_place(partition)}/{writer.epoch}/{writer.name}".encode()
        case AliveKey(partition):
            return f"alive/{_place(partition)}".encode()
        case PartKey(partition, writer, name, part):
            return f"block/{_place(partition)}/{writer.epoch}/{writer.name}/{name}/{part}".encode()
        case TableKey(sha256, part):
            return f"table/{sha256}/{part}".encode()


def _place(partition: TopicPartition) -> str:
    return f"{partition.topic}/{partition.partition}"


def read_key(key: bytes | None) -> Key | None:
    """What a key says; None where it is none of ours."""
    try:
        kind, *rest = (key or b"").decode().split("/")
        if kind == "table":
            return TableKey(rest[0], int(rest[1]))
        partition = TopicPartition(rest[0], int(rest[1]))
        if kind == "alive":
            return AliveKey(partition)
        writer = Writer(int(rest[2]), rest[3])
        if kind == "head":
            return HeadKey(partition, writer)
        return PartKey(partition, writer, rest[4], int(rest[5])) if kind == "block" else None
    except (ValueError, IndexError):
        return None


def open_head(value: bytes) -> Head:
    """Raises NotAsWritten and NewerFormat."""
    body = unsealed(value)
    try:
        (made_by, *_) = msgspec.msgpack.decode(body)
        if made_by != FORMAT:
            raise NewerFormat(f"it has format {made_by} and this version reads format {FORMAT}")
        return msgspec.msgpack.decode(body, type=Head)
    except (msgspec.DecodeError, ValueError, TypeError):
        raise NotAsWritten("it is no checkpoint") from None


def open_alive(value: bytes) -> Alive:
    """Raises NotAsWritten."""
    try:
        return msgspec.msgpack.decode(unsealed(value), type=Alive)
    except msgspec.DecodeError:
        raise NotAsWritten("it is no sign of life") from None
