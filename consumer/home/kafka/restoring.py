"""A partition brought to where it was: its last checkpoint, and its index made again from the topic.

Owns what is said when that cannot be done. A partition that nobody ever stored anything of is folded from its first
record on.
"""

import asyncio
import contextlib
import logging
import queue
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import Decoder, SourceRecord
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.snapshot import SnapshotUnusable, restore, table_sha256
from consumer.home.failures import Damaged, HomeBroken
from consumer.home.fold import Fold
from consumer.home.kafka.board import Board
from consumer.home.kafka.checkpoints import writer_of
from consumer.home.kafka.heads import Found
from consumer.home.kafka.losses import Losses
from consumer.home.kafka.own import Own, name_of, source_record
from consumer.home.kafka.tables import Tables
from consumer.kafka.connection import Connection
from consumer.kafka.parts import NotAsWritten
from consumer.kafka.reading import Reach, reach_of, read_between, reader

log = logging.getLogger("callcost")

_BATCHES_AHEAD = 1  # that are read while the index is made of those before
_BEGIN_AGAIN = "to begin again with what there is, name another [kafka] checkpoints topic and another group"


class Restorer:
    """How partitions of one worker begin."""

    def __init__(
        self, connection: Connection, board: Board, tables: Tables, losses: Losses, decoders: Mapping[str, Decoder],
        settings: FoldSettings, name: str,
    ) -> None:  # fmt: skip
        """`decoders` are by topic; checkpoints are written under `name`."""
        self._connection, self._board, self._tables, self._losses = connection, board, tables, losses
        self._decoders, self._settings, self._name = decoders, settings, name
        self._progress: dict[TopicPartition, str] = {}
        self._to_go: dict[TopicPartition, int] = {}  # records that are still to be read again

    @property
    def progress(self) -> str | None:
        """What is being done, of one partition."""
        return self._progress[min(self._progress)] if self._progress else None

    @property
    def records_to_go(self) -> int:
        """Records that are still to be read again."""
        return sum(self._to_go.values())

    async def restored(self, partition: TopicPartition) -> Own:
        """Raises HomeBroken, KafkaError and Unavailable."""
        self._progress[partition] = f"restoring {name_of(partition)}"
        try:
            found = await self._board.find_once_all_is_read(partition)
            async with reader(self._connection) as consumer:
                reach = await reach_of(consumer, partition)
                if found is None:
                    log.info(
                        "%s: no checkpoint: it is folded from its first record on, %d", name_of(partition), reach.first
                    )
                    decode = self._decoders[partition.topic]
                    pipeline = Pipeline(self._tables.in_force, decode, self._settings, next_offset=reach.first)
                else:
                    pipeline = await self._going_on(partition, found, consumer, reach)
        finally:
            self._progress.pop(partition, None)
            self._to_go.pop(partition, None)
        return Own(
            partition, Fold(pipeline), writer_of(self._board, partition, self._name), read_to=pipeline.next_offset,
            end=reach.end, catch_up_to=reach.end, letters=sum(pipeline.counts.rejected.values()),
        )  # fmt: skip

    async def _going_on(
        self, partition: TopicPartition, found: Found, consumer: AIOKafkaConsumer, reach: Reach
    ) -> Pipeline:
        """The pipeline of a checkpoint, its index made again from the topic."""
        name = name_of(partition)
        if found.told.next_offset > reach.end:
            raise was_made_anew(partition, reach.end, found.told.next_offset)
        try:
            table = await self._tables.find(table_sha256(found.body))
            pipeline, index_from, until = await asyncio.to_thread(
                restore, found.body, found.blocks, table, self._decoders[partition.topic], self._settings
            )
        except (SnapshotUnusable, Damaged, NotAsWritten, KeyError) as error:
            raise HomeBroken(f"the checkpoint of {name}: {error}") from error
        if index_from < reach.first:
            self._losses.note_index(partition, index_from, reach.first)
        first = max(index_from, reach.first)
        log.info("%s: going on from %d, with the index from %d", name, until, first)
        is_whole = await reindex(pipeline, self._read_again(partition, consumer, first, until), until)
        if not is_whole and index_from >= reach.first:
            raise HomeBroken(
                f"{name} is not the topic that its checkpoint was made from: records changed; {_BEGIN_AGAIN}"
            )
        return pipeline

    async def _read_again(
        self, partition: TopicPartition, consumer: AIOKafkaConsumer, first: int, until: int
    ) -> AsyncIterator[Sequence[ConsumerRecord]]:
        if first < until:
            self._to_go[partition] = until - first
            async for records in read_between(consumer, partition, first, until):
                self._to_go[partition] = until - records[-1].offset - 1
                share = (records[-1].offset - first) * 100 // (until - first)
                self._progress[partition] = f"restoring {name_of(partition)}: its index is made again, {share} %"
                yield records

    async def check_reach(self, own: Own) -> None:
        """Look at where the next record is to be: it may be gone. Raises HomeBroken and KafkaError."""
        async with reader(self._connection) as consumer:
            first, end = await reach_of(consumer, own.partition)
        if end < own.read_to:
            raise was_made_anew(own.partition, end, own.read_to)
        own.end, own.catch_up_to = max(own.end, end), end
        if own.read_to < first:
            self._losses.note_calls(own.partition, own.read_to, first)
            own.read_to = first


def was_made_anew(partition: TopicPartition, end: int, read_to: int) -> HomeBroken:
    """A topic ends before what was read of it."""
    return HomeBroken(
        f"{name_of(partition)} ends at {end}, and it was read to {read_to}: the topic was made anew, or lost its end; "
        f"{_BEGIN_AGAIN}"
    )


async def reindex(pipeline: Pipeline, batches: AsyncIterator[Sequence[ConsumerRecord]], until: int) -> bool:
    """Make an index on a thread, while the records for it are read."""
    waiting: queue.Queue[Sequence[ConsumerRecord] | BaseException | None] = queue.Queue(_BATCHES_AHEAD)

    def records() -> Iterator[SourceRecord]:
        while (batch := waiting.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield from map(source_record, batch)

    work = asyncio.create_task(asyncio.to_thread(pipeline.reindex, records(), until))

    async def hand_over(batch: Sequence[ConsumerRecord] | None) -> None:
        while not work.done():
            try:
                waiting.put_nowait(batch)
            except queue.Full:
                await asyncio.sleep(0.002)
            else:
                return

    try:
        async for batch in batches:
            await hand_over(batch)
        await hand_over(None)
    except BaseException as error:
        # At once: one who is cancelled may be cancelled again, and a thread that is told nothing waits for ever.
        with contextlib.suppress(queue.Empty):
            waiting.get_nowait()
        waiting.put_nowait(error)
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise
    return await work
