"""The home on a Kafka cluster: the topics of calls are the log, and a compacted topic holds the checkpoints.

Owns the order of things. A partition that we are given is restored from its last checkpoint, and only then read on; the
group is told how far it was read after the checkpoint that says so; before a partition goes, a checkpoint is stored.
Every checkpoint is a right place to go on from, so whatever happens in between costs reading again and nothing else.
"""

import asyncio
import contextlib
import logging
import os
import queue
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError, KafkaError
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import Decoder, SourceRecord
from consumer.core.counts import Counts, sum_of
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.snapshot import SnapshotUnusable, restore, table_sha256
from consumer.home.failures import Damaged, HomeBroken
from consumer.home.fold import MOST_AT_ONCE, Checkpoint, Fold
from consumer.home.home import Clock, HomeState, Seen, ShareState
from consumer.home.kafka.board import Board, Found
from consumer.home.kafka.checkpoints import Checkpoints, writer_of
from consumer.home.kafka.letters import letters_of, outgoing
from consumer.home.kafka.own import MOST_KEPT_BYTES, Own, name_of, source_record
from consumer.home.kafka.seam import Group
from consumer.home.kafka.shares import Shares
from consumer.home.rejections import RejectionLog
from consumer.kafka.connection import Connection
from consumer.kafka.failures import ClusterUnusable, reason_of
from consumer.kafka.keys import call_key
from consumer.kafka.parts import NotAsWritten
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.reading import reach_of, read_between, reader
from consumer.kafka.topics import make_or_check, partitions_of, wanted_topics
from consumer.platforms.formats import header_of
from consumer.rates.load import WrittenRates
from consumer.rates.problems import RateTableInvalid
from consumer.settings import KafkaSection
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")
T = TypeVar("T")

_RETRY_S = 1.0
_RESTORED_AT_ONCE = 4
_STORED_AT_ONCE = 4
_SHOWN_EVERY_S = 1.0
_BATCHES_AHEAD = 8  # that are read while the index is made of those before
_STORE_S = 30.0


@dataclass(frozen=True, slots=True)
class Decoders:
    """What records are read by: those of each topic, and those of each platform for what is posted."""

    by_topic: Mapping[str, Decoder]
    by_platform: Mapping[str, Decoder]


class KafkaHome:
    """The partitions of one worker, and what the others told of theirs."""

    def __init__(
        self, kafka: KafkaSection, connection: Connection, checkpoint_s: float, decoders: Decoders,
        settings: FoldSettings, clock: Clock,
    ) -> None:  # fmt: skip
        self._kafka, self._connection, self._checkpoint_s = kafka, connection, checkpoint_s
        self._decoders, self._settings, self._clock = decoders, settings, clock
        self._producer = Producer(connection, kafka.answer_s, kafka.most_waiting_mb << 20)
        self._storing = Producer(connection, max(kafka.answer_s, _STORE_S), 256 << 20)
        self._board = Board(connection, kafka.checkpoints)
        self._checkpoints = Checkpoints(self._board, self._storing, clock)
        self._shares = Shares(self._board, settings)
        self._group = Group(connection, kafka.group, kafka.topics, kafka.session_timeout_s, kafka.instance)
        self._name = f"{kafka.instance or socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}".replace("/", "-")
        self._rejections = RejectionLog()
        self._own: dict[TopicPartition, Own] = {}
        self._parked: dict[TopicPartition, Own] = {}  # while the group makes up its mind
        self._restoring: dict[TopicPartition, asyncio.Task[None]] = {}
        self._progress: dict[TopicPartition, str] = {}
        self._restores = asyncio.Semaphore(_RESTORED_AT_ONCE)
        self._all: set[TopicPartition] = set()  # that there are
        self._losses: dict[TopicPartition, str] = {}
        self._doubts: tuple[str, ...] = ()
        self._table: RateTable | None = None
        self._tables: dict[str, RateTable] = {}
        self._starting: str | None = "connecting to Kafka"
        self._trouble: str | None = None
        self._has_topics = asyncio.Event()
        self._is_assigned = asyncio.Event()
        self._rebalances = 0
        self._is_stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] | None = None
        self._is_in_group = False

    # How it stands.

    @property
    def state(self) -> HomeState:
        """How it stands now."""
        own = list(self._own.values())
        stored = [one.stored_ms for one in own if one.stored_ms is not None]
        return HomeState(
            restoring=self._not_ready(),
            trouble=self._trouble,
            troubles=(*self._doubts, *self._losses.values(), *self._shares.troubles, *self._stale()),
            checkpoint_ms=min(stored, default=None),
            checkpoint_duration_ms=int(max((one.stored_in_s for one in own), default=0) * 1000) if stored else None,
            checkpoint_bytes=sum(one.stored_bytes for one in own),
            dead_letters=sum(one.letters for one in own),
            shares=tuple(map(self._share_state, sorted(self._all | self._own.keys()))),
            gaps=tuple(map(name_of, sorted(self._losses))),
            restoring_parts=len(self._restoring),
            rebalances=self._rebalances,
        )

    def _not_ready(self) -> str | None:
        if self._starting is not None:
            return self._starting
        if not self._is_assigned.is_set():
            return "waiting for the group to hand out partitions"
        if self._restoring:
            told = sorted(self._progress.items())
            more = f", and {len(self._restoring) - 1} more" if len(self._restoring) > 1 else ""
            return (told[0][1] if told else f"restoring {name_of(min(self._restoring))}") + more
        behind = sum(one.catch_up_to - one.read_to for one in self._own.values() if not one.is_caught_up)
        return f"folding what came before we did: {behind} records to go" if behind else None

    def _share_state(self, partition: TopicPartition) -> ShareState:
        own = self._own.get(partition)
        if own is not None and own.is_ready:
            return ShareState(name_of(partition), True, self._clock(), own.behind)
        return ShareState(name_of(partition), False, self._board.as_of_ms(partition))

    def _stale(self) -> Iterator[str]:
        """Partitions of which nothing new was told for long: their worker is gone, or stuck."""
        now_ms, longest_ms = self._clock(), int(max(10.0, 5 * self._checkpoint_s) * 1000)
        for partition in sorted(self._all - self._own.keys()):
            as_of_ms = self._board.as_of_ms(partition)
            if as_of_ms is None:
                yield f"{name_of(partition)}: nobody has told anything of it"
            elif now_ms - as_of_ms > longest_ms:
                age_s = (now_ms - as_of_ms) // 1000
                yield f"{name_of(partition)}: its figures are {age_s} s old: its worker is gone, or stuck"

    @property
    def has_figures(self) -> bool:
        """Whether what others told has been read."""
        return self._starting is None

    @property
    def counts(self) -> Counts:
        """What became of all events, those of other workers as they last told."""
        own = [one.fold.pipeline.counts for one in self._own.values() if one.is_ready]
        return sum_of(Counts, [*own, *(share.counts for share in self._shares.beside(self._ready()).values())])

    @property
    def behind(self) -> int:
        """Records of our partitions that are not folded yet."""
        return sum(one.behind for one in self._own.values())

    @property
    def last_event_ms(self) -> int | None:
        """The latest end of a call in our partitions."""
        return max((seen for one in self._own.values() if (seen := one.fold.last_event_ms) is not None), default=None)

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come in that of our partitions where it is least far."""
        return min((seen for one in self._own.values() if (seen := one.fold.watermark_ms) is not None), default=None)

    def _ready(self) -> set[TopicPartition]:
        return {partition for partition, own in self._own.items() if own.is_ready}

    async def read(self, look: Callable[[Seen], T]) -> T:
        """Look at all figures between two batches, on a thread."""
        async with AsyncExitStack() as held:
            ready = {partition: own for partition, own in sorted(self._own.items()) if own.is_ready}
            pipelines = [await held.enter_async_context(own.fold.held()) for own in ready.values()]
            await held.enter_async_context(self._shares.turn)
            seen = Seen(pipelines, list(self._shares.beside(ready.keys()).values()))
            return await asyncio.to_thread(look, seen)

    # Starting.

    async def open(self) -> None:
        """Nothing is opened: connections are made by `restore`, so that it can be seen what they wait for."""
        self._broken = asyncio.get_running_loop().create_future()

    async def restore(self, rates: WrittenRates, table: RateTable) -> None:
        """Join the group, and restore the partitions that it gives us. Raises HomeBroken."""
        self._table = self._tables[table.sha256] = table
        while True:
            try:
                await self._connect(rates, table)
                break
            except (KafkaConnectionError, Unavailable) as error:
                told = reason_of(error) if isinstance(error, KafkaError) else str(error)
                self._starting = f"waiting for Kafka at {self._kafka.bootstrap}: {told}"
            except KafkaError as error:
                if not error.retriable:
                    raise HomeBroken(f"Kafka at {self._kafka.bootstrap}: {reason_of(error)}") from error
                self._starting = f"waiting for Kafka at {self._kafka.bootstrap}: {reason_of(error)}"
            except ClusterUnusable as error:
                raise HomeBroken(str(error)) from error
            log.warning("%s", self._starting)
            await self._unless_broken(asyncio.sleep(_RETRY_S))
        self._starting = None
        await self._unless_broken(self._is_assigned.wait())
        while self._not_ready() is not None:
            await self._unless_broken(asyncio.sleep(0.05))

    async def _connect(self, rates: WrittenRates, table: RateTable) -> None:
        wanted = wanted_topics(self._kafka, self._settings.horizon_ms or 0)
        self._doubts = tuple(await make_or_check(self._connection, wanted, self._kafka.replication))
        for doubt in self._doubts:
            log.warning("%s", doubt)
        self._has_topics.set()
        self._starting = f"reading checkpoints from {self._kafka.checkpoints}"
        if self._board.life == 0 and not self._tasks:
            await self._board.start()
            self._do(self._board.run())
        await self._board.catch_up()
        await self._checkpoints.keep_table(table.sha256, rates)
        self._all = set(await partitions_of(self._connection, self._kafka.topics))
        await self._shares.refresh(table, self._all)
        if not self._is_in_group:
            self._starting = f"joining the group {self._kafka.group}"
            await self._group.start(self)
            self._is_in_group = True
            self._do(self._watch_group())
            self._do(self._follow_others())

    async def _watch_group(self) -> None:
        error = await self._group.ended()
        if not self._is_stopping.is_set():
            raise HomeBroken(f"the group {self._kafka.group} cannot be followed any more: {error!r}")

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something beside; that it fails ends the home."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._is_done)
        return task

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._break(error)

    def _break(self, error: BaseException) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _unless_broken(self, work: Coroutine[Any, Any, Any]) -> None:
        """Wait for something, or raise what broke us meanwhile."""
        if self._broken is None:
            raise RuntimeError("open comes first")
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self._broken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
        if self._broken.done():
            self._broken.result()

    # What the group says.

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """All that is ours from here on."""
        self._rebalances += 1
        log.info("partitions of this worker: %s", _listed(partitions))
        self._parked = {one: own for one, own in self._parked.items() if one in partitions}
        self._all |= partitions
        for partition in partitions - self._own.keys() - self._restoring.keys():
            self._restoring[partition] = self._do(self._restore(partition))
        self._is_assigned.set()

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        """Store what we have of them, for whoever is next; the group waits for that, but not for long."""
        for partition in partitions & self._restoring.keys():
            self._restoring.pop(partition).cancel()
        going = [self._own[partition] for partition in partitions & self._own.keys()]
        for own in going:
            own.is_ready = False
        if not going:
            return
        try:
            async with asyncio.timeout(self._kafka.session_timeout_s / 2):
                await self._store_all(going)
                await self._board.catch_up()
        except (TimeoutError, Unavailable, KafkaError) as error:
            log.warning("partitions go without a last checkpoint, the next worker reads further back: %s", error)
        for own in going:
            self._parked[own.partition] = self._own.pop(own.partition)
        if self._table is not None:
            await self._shares.refresh(self._table, partitions)

    async def _restore(self, partition: TopicPartition) -> None:
        try:
            async with self._restores:
                while not await self._has_restored(partition):
                    await asyncio.sleep(_RETRY_S)
        finally:
            self._progress.pop(partition, None)
            if self._restoring.get(partition) is asyncio.current_task():
                del self._restoring[partition]

    async def _has_restored(self, partition: TopicPartition) -> bool:
        try:
            await self._board.catch_up()
            own = self._parked.pop(partition, None)
            if own is None or self._board.epoch_of(partition) > own.writer.epoch:
                own = await self._restored(partition)
            await self._put_under_table(own)
            await self._check_reach(own)
            self._own[partition] = own
            await self._group.read_on(partition, own.read_to)
            own.is_ready = True
        except (KafkaError, Unavailable) as error:
            told = reason_of(error) if isinstance(error, KafkaError) else str(error)
            log.warning("%s cannot be restored just now: %s", name_of(partition), told)
            return False
        except IllegalStateError:
            return True  # it is not ours any more
        return True

    async def _restored(self, partition: TopicPartition) -> Own:
        name = name_of(partition)
        self._progress[partition] = f"restoring {name}"
        found = self._board.find(partition)
        decode = self._decoders.by_topic[partition.topic]
        async with reader(self._connection) as consumer:
            reach = await reach_of(consumer, partition)
            if found is None:
                log.info("%s: no checkpoint: it is folded from its first record on, %d", name, reach.first)
                pipeline = Pipeline(self._in_force(), decode, self._settings, next_offset=reach.first)
            else:
                pipeline = await self._reindexed(partition, found, decode, consumer, reach.first, reach.end)
        writer = writer_of(self._board, partition, self._name)
        at = pipeline.next_offset
        return Own(partition, Fold(pipeline), writer, at, reach.end, reach.end)

    async def _reindexed(
        self, partition: TopicPartition, found: Found, decode: Decoder, consumer: Any, first: int, end: int
    ) -> Pipeline:
        """The pipeline of a checkpoint, its index made again from the topic."""
        name = name_of(partition)
        if found.told.next_offset > end:
            raise HomeBroken(
                f"{name} ends at {end}, and its checkpoint says that it was read to {found.told.next_offset}: the "
                "topic was made anew, or lost its end. To begin again with what there is, name another [kafka] "
                "checkpoints topic and another group"
            )
        try:
            table = await self._table_of(table_sha256(found.body))
            pipeline, index_from, until = await asyncio.to_thread(
                restore, found.body, found.blocks, table, decode, self._settings
            )
        except (SnapshotUnusable, Damaged, NotAsWritten, KeyError) as error:
            raise HomeBroken(f"the checkpoint of {name}: {error}") from error
        if index_from < first:
            self._losses[partition] = (
                f"{name}: records before {first} are not kept any more, and {index_from} is needed: calls before "
                "may count twice; keep the topic for longer than the horizon"
            )
            log.error("%s", self._losses[partition])
        log.info("%s: going on from %d, with the index from %d", name, until, max(index_from, first))
        records = self._read_again(partition, consumer, max(index_from, first), min(until, end))
        is_whole = await _reindex(pipeline, records, until)
        if not is_whole and index_from >= first:
            raise HomeBroken(
                f"{name} is not the topic that its checkpoint was made from: records changed. To begin again with "
                "what there is, name another [kafka] checkpoints topic and another group"
            )
        return pipeline

    async def _read_again(
        self, partition: TopicPartition, consumer: Any, first: int, until: int
    ) -> AsyncIterator[Sequence[ConsumerRecord]]:
        if first < until:
            async for records in read_between(consumer, partition, first, until):
                share = (records[-1].offset - first) * 100 // (until - first)
                self._progress[partition] = f"restoring {name_of(partition)}: its index is made again, {share} %"
                yield records

    async def _check_reach(self, own: Own) -> None:
        """Where the next record is to be: it may have been removed before it was read."""
        async with reader(self._connection) as consumer:
            first, end = await reach_of(consumer, own.partition)
        own.end, own.catch_up_to = max(own.end, end), end
        if own.read_to < first:
            self._note_loss(own, first)

    def _note_loss(self, own: Own, first: int) -> None:
        name = name_of(own.partition)
        self._losses[own.partition] = (
            f"{name}: records {own.read_to} to {first - 1} were removed before they were read: their calls are in no "
            "figure; keep the topic for longer"
        )
        log.error("%s", self._losses[own.partition])
        own.read_to = first

    # Records.

    def takes(self, partition: TopicPartition) -> bool:
        """Whether records of it may come now."""
        own = self._own.get(partition)
        return own is not None and own.is_ready and own.kept_bytes < MOST_KEPT_BYTES and not self._is_stopping.is_set()

    def position(self, partition: TopicPartition) -> int | None:
        """Where to read on."""
        own = self._own.get(partition)
        return own.read_to if own is not None and own.is_ready else None

    async def take(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Fold some records in."""
        own = self._own.get(partition)
        if own is None or not own.is_ready or not records:
            return
        if records[0].offset > own.read_to and not await self._may_skip(own, records[0].offset):
            return
        for first in range(0, len(records), MOST_AT_ONCE):
            some = records[first : first + MOST_AT_ONCE]
            rejected = await own.fold.feed([source_record(record) for record in some])
            if rejected:
                self._rejections.tell(rejected, name_of(partition))
                of_them = {one.offset for one in rejected}
                for record in some:
                    if record.offset in of_them:
                        own.keep(record)
            own.read_to = max(own.read_to, some[-1].offset + 1)
            await asyncio.sleep(0)
        own.end = max(own.end, own.read_to, self._group.end_of(partition) or 0)

    async def _may_skip(self, own: Own, offset: int) -> bool:
        """Whether the records before an offset are not there: they are asked for once more before that is believed."""
        if own.looked_for != own.read_to:
            own.looked_for = own.read_to
            await self._group.read_on(own.partition, own.read_to)
            return False
        first, _ = await self._group.reach(own.partition)
        if first > own.read_to:
            self._note_loss(own, first)
        own.read_to = max(own.read_to, min(offset, first))
        return True

    async def append(self, platform: str, values: Sequence[bytes], position: tuple[str, bytes] | None = None) -> None:
        """Records into the topic, acknowledged when this returns. Raises Unavailable: they are to be sent again."""
        if position is not None:
            raise Unavailable("a file cannot be followed into Kafka")
        await self._need_topics()
        headers, decode = header_of(platform), self._decoders.by_platform[platform]
        topic = self._kafka.calls
        try:
            written = await self._producer.write(
                [Outgoing(topic, call_key(decode, value, headers), value, headers) for value in values]
            )
        except Unavailable as error:
            self._note_trouble(str(error))
            raise
        self._note_trouble(None)
        for one in written:
            own = self._own.get(TopicPartition(one.topic, one.partition))
            if own is not None:
                own.end = max(own.end, one.offset + 1)

    async def _need_topics(self) -> None:
        """Wait for them at the start, as long as for any answer."""
        try:
            async with asyncio.timeout(self._kafka.answer_s):
                await self._has_topics.wait()
        except TimeoutError:
            raise Unavailable(self._starting or "starting") from None

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble is not None and self._trouble is None:
            log.error("nothing can be written to Kafka: %s", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("Kafka can be written to again")
        self._trouble = trouble

    def position_of(self, source: str) -> bytes | None:
        """No file is followed here."""
        return None

    # Rate tables.

    async def switch(self, rates: WrittenRates, table: RateTable) -> None:
        """From here on another rate table. Raises Unavailable: the one before stays."""
        await self._checkpoints.keep_table(table.sha256, rates)
        self._tables[table.sha256] = self._table = table
        for own in list(self._own.values()):
            await self._put_under_table(own)
        with contextlib.suppress(Unavailable):  # said, and tried again
            await self._store_all(list(self._own.values()))

    async def _put_under_table(self, own: Own) -> None:
        table = self._in_force()
        if own.fold.pipeline.table.sha256 != table.sha256:
            log.info(
                "%s: from record %d on under rate table %s", name_of(own.partition), own.read_to, table.sha256[:12]
            )
            own.stored_at = -1
            await own.fold.switch(table)

    def _in_force(self) -> RateTable:
        if self._table is None:
            raise RuntimeError("restore comes first")
        return self._table

    async def _table_of(self, sha256: str) -> RateTable:
        """A table by its hash, built of what is kept in the topic where it is none that we had."""
        if sha256 not in self._tables:
            written = self._checkpoints.find_table(sha256)
            try:
                self._tables[sha256] = await asyncio.to_thread(written.build)
            except RateTableInvalid as error:
                raise Damaged(f"rate table {sha256} was in force and is no longer valid: {error}") from error
        return self._tables[sha256]

    # Checkpoints.

    async def run(self) -> None:
        """Until told to stop; what is appended is written as it comes."""
        await self._unless_broken(self._is_stopping.wait())

    async def follow(self) -> None:
        """Store checkpoints now and then, until told to stop. Raises HomeBroken."""
        while not self._is_stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._checkpoint_s):
                    await self._unless_broken(self._is_stopping.wait())
            with contextlib.suppress(Unavailable):
                await self._store_all(list(self._own.values()))
                await self._look_past_what_is_no_record()

    async def _store_all(self, owns: Sequence[Own]) -> None:
        """Checkpoints of several partitions. Raises Unavailable."""
        at_once = asyncio.Semaphore(_STORED_AT_ONCE)

        async def store(own: Own) -> None:
            async with at_once, own.turn:
                await self._store(own)

        done = await asyncio.gather(*map(store, owns), return_exceptions=True)
        failed = [error for error in done if isinstance(error, BaseException)]
        for error in failed:
            if not isinstance(error, Unavailable):
                raise error
        if failed:
            self._note_trouble(str(failed[0]))
            raise failed[0]
        self._note_trouble(None)
        stored = {own.partition: own.stored_at for own in owns if own.stored_at >= 0}
        if stored:
            await self._group.commit(stored)

    async def _store(self, own: Own) -> None:
        if self._board.epoch_of(own.partition) > own.writer.epoch:
            return  # another worker has it, and we shall hear of that
        if own.life != self._board.life:
            own.life, own.stored_at, own.blocks = self._board.life, -1, {}
            own.fold.forget_what_is_stored()
        if own.stored_at == own.fold.pipeline.next_offset:
            await self._checkpoints.is_alive(own)
            return
        began = asyncio.get_running_loop().time()
        taken = await own.fold.checkpoint()
        try:
            await self._store_letters(own, taken)
            own.stored_bytes = await self._checkpoints.store(own, taken.snapshot)
        except BaseException:
            own.fold.is_not_stored(taken)
            raise
        own.fold.is_stored(taken)
        own.stored_at, own.stored_ms = taken.snapshot.next_offset, self._clock()
        own.stored_in_s = asyncio.get_running_loop().time() - began

    async def _store_letters(self, own: Own, taken: Checkpoint) -> None:
        """What was rejected, before the checkpoint that has it in its counts."""
        missing = sorted({one.offset for one in taken.rejected} - own.kept.keys())
        if missing:
            await self._fetch(own, missing)
        letters = letters_of(own.partition, taken.rejected, own.kept)
        for first in range(0, len(letters), 500):
            some = letters[first : first + 500]
            await self._storing.write([outgoing(self._kafka.dead_letters, letter) for letter in some])
        for one in taken.rejected:
            own.let_go(one.offset)
        own.letters += len(letters)

    async def _fetch(self, own: Own, offsets: Sequence[int]) -> None:
        """Records that were taken long ago, and waited for the rest of their call in vain."""
        try:
            async with reader(self._connection) as consumer:
                reach = await reach_of(consumer, own.partition)
                for offset in offsets:
                    if offset >= reach.first:
                        async for records in read_between(consumer, own.partition, offset, offset + 1):
                            own.keep(records[0])
                            break
        except KafkaError as error:
            raise Unavailable(f"{name_of(own.partition)} cannot be read: {reason_of(error)}") from error

    async def _look_past_what_is_no_record(self) -> None:
        """Marks of transactions have offsets, and nobody is given them."""
        for own in self._own.values():
            if own.behind and own.is_ready and self._group.end_of(own.partition) == own.end:
                at = await self._group.position(own.partition)
                if at is not None and at >= own.end and own.read_to == own.looked_for:
                    own.read_to = at
                own.looked_for = own.read_to

    async def _follow_others(self) -> None:
        """Show what other workers told, for ever."""
        while True:
            await asyncio.sleep(_SHOWN_EVERY_S)
            changed, self._board.changed = self._board.changed, set()
            await self._shares.refresh(self._in_force(), sorted(changed - self._own.keys()))

    # The end.

    def stop(self) -> None:
        """Take nothing more."""
        self._is_stopping.set()

    async def close(self) -> None:
        """A last checkpoint; then the group is left."""
        try:
            async with asyncio.timeout(self._kafka.session_timeout_s):
                await self._store_all(list(self._own.values()))
        except (Unavailable, TimeoutError) as error:
            log.warning("no last checkpoint: %s; nothing is lost, the next start reads further back", error)
        await self.abandon()

    async def abandon(self) -> None:
        """Let go of everything as it is."""
        self._is_stopping.set()
        self._own.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._is_in_group:
            await self._group.stop()
        await self._board.stop()
        await self._producer.stop()
        await self._storing.stop()


async def _reindex(pipeline: Pipeline, batches: AsyncIterator[Sequence[ConsumerRecord]], until: int) -> bool:
    """Make an index on a thread, while the records for it are read."""
    waiting: queue.Queue[Sequence[ConsumerRecord] | BaseException | None] = queue.Queue(_BATCHES_AHEAD)

    def records() -> Iterator[SourceRecord]:
        while (batch := waiting.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield from map(source_record, batch)

    work = asyncio.create_task(asyncio.to_thread(pipeline.reindex, records(), until))
    end: BaseException | None = None
    try:
        async for batch in batches:
            while not work.done():
                try:
                    waiting.put_nowait(batch)
                    break
                except queue.Full:
                    await asyncio.sleep(0.002)
    except BaseException as error:
        end = error
        raise
    finally:
        while not work.done():
            try:
                waiting.put_nowait(end)
                break
            except queue.Full:
                await asyncio.sleep(0.002)
        if end is not None:
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await work


def _listed(partitions: set[TopicPartition]) -> str:
    return ", ".join(map(name_of, sorted(partitions))) or "none, as there are more workers than partitions"
