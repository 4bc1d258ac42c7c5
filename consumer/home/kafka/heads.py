"""The heads of one partition: which is to be gone on from, with the blocks that it names.

Owns that a head whose blocks are not all there does not exist, and that a damaged one is never passed over. Knows
nothing of what blocks hold.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import TopicPartition

from consumer.core.snapshot import SnapshotUnusable, block_ids
from consumer.home.failures import HomeBroken
from consumer.home.kafka.records import Head, Writer
from consumer.kafka.parts import NotAsWritten, Parts, joined, unpacked

_BEGIN_AGAIN = "to fold the topic anew from its beginning, name another [kafka] checkpoints topic and another group"


class Found(NamedTuple):
    """A head to be gone on from, with the blocks that it names."""

    writer: Writer
    told: Head
    body: bytes
    blocks: Mapping[str, bytes]


class _Blocks(Mapping[str, bytes]):
    """Blocks as they were when they were found, whatever is removed meanwhile; unpacked when they are asked for."""

    def __init__(self, pieces: Mapping[str, tuple[bytes, ...]]) -> None:
        self._pieces = pieces

    def __getitem__(self, name: str) -> bytes:
        return joined(self._pieces[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)


@dataclass(slots=True)
class Written:
    """All that stands in the topic of one writer of one partition."""

    head: Head | None = None
    fault: str | None = None  # of a head that cannot be read
    blocks: dict[str, Parts] = field(default_factory=lambda: defaultdict(Parts))


class Placed(NamedTuple):
    """A head and how far it came."""

    next_offset: int
    writer: Writer
    head: Head


def furthest_first(by: Mapping[Writer, Written]) -> list[Placed]:
    """All that there are."""
    heads = [(writer, written.head) for writer, written in by.items()]
    placed = [Placed(head.next_offset, writer, head) for writer, head in heads if head is not None]
    return sorted(placed, key=lambda one: one[:2], reverse=True)


def furthest_whole(partition: TopicPartition, by: Mapping[Writer, Written]) -> Found | None:
    """The head that has come furthest, of those whose blocks are all there. Raises HomeBroken where it is damaged.

    One whose blocks are not all there is of a worker that was paused, or its successor is still to be read.
    """
    for writer, written in by.items():
        if written.fault is not None:
            raise _unreadable(partition, writer, written.fault)
    for _, writer, head in furthest_first(by):
        try:
            found = _whole(writer, head, by[writer].blocks)
        except NotAsWritten as error:
            raise _unreadable(partition, writer, str(error)) from error
        if found is not None:
            return found
    return None


def _whole(writer: Writer, head: Head, blocks: Mapping[str, Parts]) -> Found | None:
    """The head with all that it names; None where any of it is missing. Raises NotAsWritten where any is damaged."""
    if head.body_in:
        told = _pieces([head.body_in], blocks)
        if told is None:
            return None
        body = joined(told[head.body_in])
    else:
        body = unpacked(head.body)
    try:
        named = block_ids(body)
    except SnapshotUnusable as error:
        raise HomeBroken(str(error)) from error
    pieces = _pieces(named, blocks)
    return None if pieces is None else Found(writer, head, body, _Blocks(pieces))


def _pieces(names: Sequence[str], blocks: Mapping[str, Parts]) -> dict[str, tuple[bytes, ...]] | None:
    """Those of these blocks; None where any of them is missing. Raises NotAsWritten where one is damaged."""
    there = {name: parts for name in names if (parts := blocks.get(name)) is not None}
    for name, parts in there.items():
        if (fault := parts.fault) is not None:
            raise NotAsWritten(f"{fault}, of block {name}")
    whole = {name: pieces for name, parts in there.items() if (pieces := parts.pieces) is not None}
    return whole if len(whole) == len(set(names)) else None


def _unreadable(partition: TopicPartition, writer: Writer, fault: str) -> HomeBroken:
    return HomeBroken(
        f"the checkpoint of {partition.topic}/{partition.partition} that {writer.name} wrote cannot be read: {fault}. "
        f"Run the version that wrote it; or, {_BEGIN_AGAIN}"
    )


def incomplete(topic: str, partition: TopicPartition, writer: Writer) -> HomeBroken:
    """Why it cannot be gone on from a head that is there."""
    return HomeBroken(
        f"the checkpoint of {partition.topic}/{partition.partition} that {writer.name} wrote is not all there: records "
        f"are missing in {topic}. Restore that topic from a mirror; or, {_BEGIN_AGAIN}"
    )
