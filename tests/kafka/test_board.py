"""What the topic of checkpoints comes to, record by record, without a broker."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.snapshot import Snapshotter, block_ids, restore, table_sha256
from consumer.home.failures import HomeBroken
from consumer.home.kafka.board import Board
from consumer.home.kafka.records import FORMAT, Head, HeadKey, Key, PartKey, Writer, key_of, open_head
from consumer.kafka.connection import Connection
from consumer.kafka.parts import in_parts, packed, sealed, unpacked
from consumer.platforms.canonical import decode
from consumer.rates.load import load_rates
from consumer.sources.unavailable import Unavailable
from tests.home.contract import call
from tests.worker_process import WITHIN_S

Blocks = list[tuple[PartKey, bytes]]

CALLS = TopicPartition("calls", 0)
FIRST, SECOND = Writer(1, "first"), Writer(2, "second")
LONG_AFTER_MS = 4_000_000_000_000  # no call ends in the future
TABLE = load_rates(Path(consumer.samples.__file__).parent / "rates.toml")


class Following(Board):
    """A board that is told what would be read."""

    def __init__(self, *later: "list[tuple[Key, bytes | None]]") -> None:
        super().__init__(Connection("nowhere:9092"), "checkpoints", self.catch_up)
        self.later, self.at = list(later), 0

    def tell(self, *records: tuple[Key, bytes | None]) -> None:
        for key, value in records:
            self.take(
                ConsumerRecord("checkpoints", 0, self.at, 0, 1, key_of(key), value, None, 0, len(value or b""), ())
            )
            self.at += 1

    async def catch_up(self) -> None:
        """Read what has come since."""
        if self.later:
            self.tell(*self.later.pop(0))


@dataclass
class Told:
    """What a worker writes of its partition as it goes on."""

    writer: Writer
    pipeline: Pipeline = field(default_factory=lambda: Pipeline(TABLE, decode, FoldSettings()))

    def __post_init__(self) -> None:
        self.snapshotter = Snapshotter(self.pipeline)

    def next(self, until: int) -> tuple[Blocks, tuple[HeadKey, bytes]]:
        """New blocks, and the head that names them, once all up to an offset is folded."""
        first = self.pipeline.next_offset
        self.pipeline.feed([SourceRecord(one, a_call(one), (), LONG_AFTER_MS) for one in range(first, until)])
        made = self.snapshotter.snapshot()
        blocks = [
            (PartKey(CALLS, self.writer, name, number), part)
            for name, content in made.new_blocks.items()
            for number, part in enumerate(in_parts(packed(content)))
        ]
        head = Head(FORMAT, 0, made.next_offset, made.index_from, table_sha256(made.head), packed(made.head), "")
        return blocks, (HeadKey(CALLS, self.writer), sealed(head))


def a_call(number: int) -> bytes:
    """One a minute, so that blocks of hours ago stay as they are."""
    hour, minute = divmod(number, 60)
    return call(
        f"c{number}",
        started_at=f"2026-06-01T{hour:02}:{minute:02}:00Z",
        ended_at=f"2026-06-01T{hour:02}:{minute:02}:30Z",
    )


def named_by(head: tuple[HeadKey, bytes]) -> tuple[str, ...]:
    return block_ids(unpacked(open_head(head[1]).body))


def gone(records: Blocks) -> list[tuple[Key, bytes | None]]:
    return [(key, None) for key, _ in records]


def changed(value: bytes) -> bytes:
    """One bit of it."""
    return value[:20] + bytes([value[20] ^ 1]) + value[21:]


def test_a_damaged_block_of_the_furthest_head_is_told_with_its_place() -> None:
    blocks, head = Told(FIRST).next(100)
    board = Following()
    (key, value), *others = blocks
    board.tell(*others, (key, changed(value)), head)
    with pytest.raises(HomeBroken) as told:
        board.find(CALLS)
    assert "the checkpoint of calls/0 that first wrote cannot be read" in str(told.value)
    assert f"checkpoints, partition 0, offset {len(others)}: its checksum differs" in str(told.value)
    board.tell((key, value))  # as it was
    found = board.find(CALLS)
    assert found is not None
    assert found.told.next_offset == 100


def test_a_damaged_block_that_no_head_names_stops_nobody_and_can_be_removed() -> None:
    blocks, head = Told(FIRST).next(100)
    unnamed = PartKey(CALLS, FIRST, "unnamed", 0)
    board = Following()
    board.tell(*blocks, head, (unnamed, b"junk"))
    assert board.find(CALLS) is not None
    assert board.told[CALLS].by[FIRST].blocks["unnamed"].numbers == [0]
    board.tell((unnamed, None))
    assert "unnamed" not in board.told[CALLS].by[FIRST].blocks


def test_the_head_before_is_gone_on_from_where_a_worker_was_killed_before_it_wrote_its_own() -> None:
    blocks, head = Told(FIRST).next(100)
    board = Following()
    board.tell(*blocks, head)
    board.tell(*Told(SECOND).next(200)[0])
    found = board.find(CALLS)
    assert found is not None
    assert (found.writer, found.told.next_offset) == (FIRST, 100)


async def test_a_head_whose_blocks_its_successor_removed_is_passed_over_though_it_came_further() -> None:
    """One who was paused at 300 wakes, and names what went when its successor stored 200."""
    paused, successor = Told(FIRST), Told(SECOND)
    old_blocks, old_head = paused.next(100)
    blocks, head = successor.next(200)
    board = Following()
    board.tell(*old_blocks, old_head, *blocks, head, (old_head[0], None), *gone(old_blocks))
    new_blocks, new_head = paused.next(300)
    board.tell(*new_blocks, new_head)
    found = await board.find_once_all_is_read(CALLS)
    assert found is not None
    assert (found.writer, found.told.next_offset) == (SECOND, 200)


async def test_where_no_head_is_whole_nothing_is_begun_anew() -> None:
    (missing, *blocks), head = Told(FIRST).next(100)
    board = Following()
    board.tell(*blocks, head)
    assert board.find(CALLS) is None
    with pytest.raises(
        HomeBroken, match="calls/0 that first wrote is not all there: records are missing in checkpoint"
    ):
        await board.find_once_all_is_read(CALLS)
    board.tell(missing)
    assert await board.find_once_all_is_read(CALLS) is not None


async def test_a_head_that_compaction_took_a_block_from_has_a_successor_further_on() -> None:
    told = Told(FIRST)
    blocks, head = told.next(100)
    new_blocks, new_head = told.next(200)
    removed = [(key, value) for key, value in blocks if key.name not in named_by(new_head)]
    assert removed
    board = Following([*new_blocks, new_head, *gone(removed)])
    board.tell(*(block for block in blocks if block not in removed), head)
    found = await board.find_once_all_is_read(CALLS)
    assert found is not None
    assert found.told.next_offset == 200


def test_what_was_found_can_be_restored_though_its_writer_stores_once_more_meanwhile() -> None:
    told, board = Told(FIRST), Following()
    blocks, head = told.next(100)
    board.tell(*blocks, head)
    found = board.find(CALLS)
    assert found is not None
    new_blocks, new_head = told.next(200)
    removed = [(key, value) for key, value in blocks if key.name not in named_by(new_head)]
    assert removed
    board.tell(*new_blocks, new_head, *gone(removed))
    _, _, until = restore(found.body, found.blocks, TABLE, decode, FoldSettings())
    assert until == 100
    newest = board.find(CALLS)
    assert newest is not None
    assert newest.told.next_offset == 200


async def test_of_a_partition_that_nobody_told_anything_of_there_is_no_head() -> None:
    assert await Following().find_once_all_is_read(CALLS) is None


@dataclass
class Reading:
    """A consumer of the topic: where it is, and where the topic ends. Once stopped it stays there."""

    at: int
    end: int
    is_stopped: bool = False

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("checkpoints", 0)}

    async def end_offsets(self, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.end)

    async def position(self, _: TopicPartition) -> int:
        return self.at

    async def stop(self) -> None:
        self.is_stopped = True


async def test_who_waits_for_the_end_of_a_topic_that_is_deleted_meanwhile_is_told() -> None:
    board = Board(Connection("nowhere:9092"), "checkpoints", asyncio.Event().wait)
    reading = board._consumer = cast(AIOKafkaConsumer, Reading(at=3, end=5))
    waiting = asyncio.create_task(board.catch_up())
    await asyncio.sleep(0)
    assert not waiting.done()
    await board._forget_all()
    assert cast(Reading, reading).is_stopped
    board._consumer = cast(AIOKafkaConsumer, Reading(at=0, end=0))  # of the topic that was made again
    with pytest.raises(Unavailable, match="topic checkpoints is being made again"):
        async with asyncio.timeout(WITHIN_S):
            await waiting
    await board.catch_up()
