"""What stands in the topic of checkpoints: heads, blocks and rate tables, and the keys they have.

A head names its blocks. Whoever takes a partition over writes under a name of its own, with a number (its epoch)
higher than any before, so that one who was paused and wakes can neither replace nor remove what its successor wrote.
What is too large for one record is told in parts; it is there when all parts are.
"""

import zlib
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition

from consumer.home.failures import Damaged

FORMAT = 1
MOST_BYTES = 900_000  # of a value; a broker takes records of a little more than 1 MB by default
_CRC_BYTES = 4


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
    body: bytes  # packed
    body_in: str  # a block


class Alive(msgspec.Struct, array_like=True, frozen=True):
    """The figures of a partition up to this offset were all there was at this time."""

    written_ms: int
    next_offset: int


class Part(msgspec.Struct, array_like=True, frozen=True):
    """One of several."""

    parts: int
    content: bytes


class NewerFormat(Exception):
    """A head that a newer version wrote."""


_pack = msgspec.msgpack.Encoder().encode


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


def sealed(value: Head | Alive | Part) -> bytes:
    """A value, with a checksum."""
    body = _pack(value)
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "big")


def _opened(value: bytes) -> bytes:
    body, crc = value[:-_CRC_BYTES], value[-_CRC_BYTES:]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "big") != crc:
        raise Damaged("its checksum differs")
    return body


def open_head(value: bytes) -> Head:
    """Raises Damaged and NewerFormat."""
    body = _opened(value)
    try:
        (made_by, *_) = msgspec.msgpack.decode(body)
        if made_by != FORMAT:
            raise NewerFormat(f"it has format {made_by} and this version reads format {FORMAT}")
        return msgspec.msgpack.decode(body, type=Head)
    except (msgspec.DecodeError, ValueError, TypeError):
        raise Damaged("it is no checkpoint") from None


def open_alive(value: bytes) -> Alive:
    """Raises Damaged."""
    try:
        return msgspec.msgpack.decode(_opened(value), type=Alive)
    except msgspec.DecodeError:
        raise Damaged("it is no sign of life") from None


def open_part(value: bytes) -> Part:
    """Raises Damaged."""
    try:
        return msgspec.msgpack.decode(_opened(value), type=Part)
    except msgspec.DecodeError:
        raise Damaged("it is no part of a block") from None


def packed(content: bytes) -> bytes:
    """Some content, in less space."""
    return zlib.compress(content, 1)


def unpacked(content: bytes) -> bytes:
    """The same again. Raises Damaged."""
    try:
        return zlib.decompress(content)
    except zlib.error as error:
        raise Damaged(str(error)) from None


def in_parts(packed: bytes) -> list[bytes]:
    """A packed block or table as the values of as many records as it takes."""
    pieces = [packed[first : first + MOST_BYTES] for first in range(0, len(packed), MOST_BYTES)]
    return [sealed(Part(len(pieces), piece)) for piece in pieces]


class Parts:
    """What came of something that is told in parts. In any order, some of them twice."""

    def __init__(self) -> None:
        self._of: dict[int, Part] = {}

    def put(self, number: int, part: Part | None) -> None:
        """A part, or that it was removed."""
        if part is None:
            self._of.pop(number, None)
        else:
            self._of[number] = part

    def __bool__(self) -> bool:
        return bool(self._of)

    @property
    def numbers(self) -> list[int]:
        """Those that there are."""
        return list(self._of)

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there."""
        first = self._of.get(0)
        return first is not None and all(
            number in self._of and self._of[number].parts == first.parts for number in range(first.parts)
        )

    def content(self) -> bytes:
        """Of all parts together. Raises Damaged."""
        return unpacked(b"".join(self._of[number].content for number in sorted(self._of)))
