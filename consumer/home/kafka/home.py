"""The home on a Kafka cluster: the topics of calls are the log, and a compacted topic holds the checkpoints.

Owns the order of things. A partition that we are given is restored from its last checkpoint, and only then read on; the
group is told how far it was read after the checkpoint that says so; before a partition goes, a checkpoint is stored.
Every checkpoint is a right place to go on from, so whatever happens in between costs reading again and nothing else.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from consumer.core.calls import Decoder
from consumer.core.counts import Counts, sum_of
from consumer.core.pipeline import FoldSettings
from consumer.core.rates import RateTable
from consumer.home.failures import HomeBroken
from consumer.home.home import Clock, HomeState, Seen, ShareState
from consumer.home.kafka.board import Board
from consumer.home.kafka.checkpoints import Checkpoints
from consumer.home.kafka.crew import Crew
from consumer.home.kafka.holding import Holding
from consumer.home.kafka.losses import Losses
from consumer.home.kafka.own import Own, name_of
from consumer.home.kafka.restoring import Restorer
from consumer.home.kafka.seam import Group
from consumer.home.kafka.shares import Shares
from consumer.home.kafka.storing import Storing
from consumer.home.kafka.tables import Tables
from consumer.kafka.connection import Connection
from consumer.kafka.failures import ClusterUnusable, reason_of
from consumer.kafka.keys import call_key
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.topics import make_or_check, partitions_of, wanted_topics
from consumer.platforms.formats import header_of
from consumer.rates.load import WrittenRates
from consumer.settings import KafkaSection
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")
T = TypeVar("T")

_RETRY_S = 1.0
_SHOWN_EVERY_S = 1.0
_STORE_S = 30.0
_LET_GO_S = 5.0
_OLD_S = 10.0  # figures that nobody said anything of for so long
_MOST_STORED_AT_ONCE = 256 << 20


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
        name = f"{kafka.instance or socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}".replace("/", "-")
        self._producer = Producer(connection, kafka.answer_s, kafka.most_waiting_mb << 20)
        self._storing_producer = Producer(connection, max(kafka.answer_s, _STORE_S), _MOST_STORED_AT_ONCE)
        self._board = Board(connection, kafka.checkpoints, self._make_our_topics)
        self._losses, self._crew = Losses(), Crew()
        checkpoints = Checkpoints(self._board, self._storing_producer, clock)
        self._tables = Tables(checkpoints)
        self._storing = Storing(
            connection, self._board, checkpoints, self._storing_producer, kafka.dead_letters, clock
        )  # fmt: skip
        self._shares = Shares(self._board, settings, frozenset(kafka.topics))
        self._group = Group(connection, kafka.group, kafka.topics, kafka.session_timeout_s, kafka.instance)
        restorer = Restorer(
            connection, self._board, self._tables, self._losses, decoders.by_topic, settings, name
        )  # fmt: skip
        self._holding = Holding(
            self._group, self._board, self._tables, restorer, self._losses, self._crew, self._let_go, clock
        )  # fmt: skip
        self._doubts: tuple[str, ...] = ()
        self._starting: str | None = "connecting to Kafka"
        self._said = ""
        self._trouble: str | None = None  # of what is posted
        self._store_trouble: str | None = None  # of checkpoints and what belongs to them
        self._has_topics, self._is_stopping = asyncio.Event(), asyncio.Event()
        self._has_begun_to_join = False

    # How it stands.

    @property
    def state(self) -> HomeState:
        """How it stands now."""
        own = self._holding.all
        stored = [one.stored_ms for one in own if one.stored_ms is not None]
        others = self._shares.partitions - self._holding.ready.keys()
        now_ms, longest_ms = self._clock(), int(max(_OLD_S, 5 * self._checkpoint_s) * 1000)
        stale = (*self._holding.silent(now_ms, longest_ms), *self._shares.stale(others, now_ms, longest_ms))
        return HomeState(
            restoring=self._starting or self._holding.not_ready(),
            trouble=self._trouble,
            store_trouble=self._store_trouble,
            troubles=(*self._doubts, *self._losses, *self._shares.troubles, *stale),
            checkpoint_ms=min(stored, default=None),
            checkpoint_duration_ms=int(max((one.stored_in_s for one in own), default=0) * 1000) if stored else None,
            checkpoint_bytes=sum(one.stored_bytes for one in own),
            dead_letters=sum(one.letters for one in own),
            shares=tuple(map(self._share_state, sorted(self._shares.partitions))),
            gaps=self._losses.partitions,
            size_bytes=sum(self._board.size_of(one.partition) for one in own),
            restoring_parts=self._holding.restoring,
            restoring_records=self._holding.records_to_restore,
            rebalances=self._holding.rebalances,
        )

    def _share_state(self, partition: TopicPartition) -> ShareState:
        own = self._holding.of(partition)
        if own is not None and own.is_ready:
            return ShareState(name_of(partition), True, own.heard_ms, own.behind)
        return ShareState(name_of(partition), False, self._board.as_of_ms(partition))

    @property
    def has_figures(self) -> bool:
        """Whether what others told has been read."""
        return self._starting is None

    @property
    def counts(self) -> Counts:
        """What became of all events, those of other workers as they last told."""
        ready = self._holding.ready
        own = [one.fold.pipeline.counts for one in ready.values()]
        return sum_of(Counts, [*own, *(share.counts for share in self._shares.beside(ready).values())])

    @property
    def behind(self) -> int:
        """Records of our partitions that are not folded yet."""
        return sum(one.behind for one in self._holding.all)

    @property
    def last_event_ms(self) -> int | None:
        """The latest end of a call in our partitions."""
        return max((seen for one in self._holding.all if (seen := one.fold.last_event_ms) is not None), default=None)

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come in that of our partitions where it is least far."""
        return min((seen for one in self._holding.all if (seen := one.fold.watermark_ms) is not None), default=None)

    async def read(self, look: Callable[[Seen], T]) -> T:
        """Look at all figures between two batches, on a thread."""
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._shares.turn)  # first: what becomes ours meanwhile is seen once
            ready = self._holding.ready
            pipelines = [await held.enter_async_context(own.fold.held()) for own in ready.values()]
            seen = Seen(pipelines, list(self._shares.beside(ready).values()))
            return await asyncio.to_thread(look, seen)

    # Starting.

    async def open(self) -> None:
        """Nothing is opened: connections are made by `restore`, so that it can be seen what they wait for."""

    async def restore(self, rates: WrittenRates, table: RateTable) -> None:
        """Join the group, and restore the partitions that it gives us. Raises HomeBroken."""
        self._tables.put_in_force(rates, table)
        while (why := await self._what_is_in_the_way()) is not None:
            waiting = f"waiting for Kafka at {self._kafka.bootstrap}: {why}"
            if waiting != self._said:
                log.warning("%s", waiting)
            self._starting = self._said = waiting
            await self._crew.unless_failed(asyncio.sleep(_RETRY_S))
        self._starting = None
        await self._crew.unless_failed(self._holding.is_assigned.wait())
        while self._holding.not_ready() is not None:
            await self._crew.unless_failed(asyncio.sleep(0.05))

    async def _what_is_in_the_way(self) -> str | None:
        """Connect; why that is to be tried again. Raises HomeBroken."""
        try:
            await self._connect()
        except Unavailable as error:
            return str(error)
        except KafkaError as error:
            if not (error.retriable or isinstance(error, KafkaConnectionError)):
                raise HomeBroken(f"Kafka at {self._kafka.bootstrap}: {reason_of(error)}") from error
            return reason_of(error)
        return None

    async def _connect(self) -> None:
        self._doubts = tuple(await self._make_or_check_topics())
        for doubt in self._doubts:
            log.warning("%s", doubt)
        self._has_topics.set()
        self._starting = f"reading checkpoints from {self._kafka.checkpoints}"
        if not self._board.has_begun:
            await self._board.start()
            self._crew.do(self._board.run())
        await self._board.catch_up()
        await self._tables.keep()
        self._shares.know(await partitions_of(self._connection, self._kafka.topics))
        await self._shares.refresh(self._tables.in_force, self._shares.partitions)
        if not self._has_begun_to_join:
            self._has_begun_to_join = True
            log.info("joining the group %s", self._kafka.group)
            self._group.join(self._holding)
            self._crew.do(self._watch_group())
            self._crew.do(self._follow_others())
            self._crew.do(self._store_now_and_then())

    async def _make_our_topics(self) -> list[str]:
        """Those that we alone write, should anybody have deleted them."""
        return await self._make_or_check_topics([self._kafka.checkpoints, self._kafka.dead_letters])

    async def _make_or_check_topics(self, names: Collection[str] | None = None) -> list[str]:
        wanted = wanted_topics(self._kafka, self._settings.horizon_ms or 0)
        some = [one for one in wanted if names is None or one.name in names]
        try:
            return await make_or_check(self._connection, some, self._kafka.replication)
        except ClusterUnusable as error:
            raise HomeBroken(str(error)) from error

    async def _watch_group(self) -> None:
        why = await self._group.ended()
        if not self._is_stopping.is_set():
            raise HomeBroken(f"the group {self._kafka.group} cannot be followed any more: {why}")

    # What comes in.

    async def append(self, platform: str, values: Sequence[bytes], position: tuple[str, bytes] | None = None) -> None:
        """Records into the topic, acknowledged when this returns.

        Raises Unavailable: they are to be sent again; and TooLarge: they never can be written.
        """
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
            own = self._holding.of(TopicPartition(one.topic, one.partition))
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
            log.error("calls are refused: %s", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("calls are taken again")
        self._trouble = trouble

    def _note_store_trouble(self, trouble: str | None) -> None:
        if trouble is not None and self._store_trouble is None:
            log.error("the state cannot be stored: %s", trouble)
        elif trouble is None and self._store_trouble is not None:
            log.info("the state is stored again")
        self._store_trouble = trouble

    def position_of(self, source: str) -> bytes | None:
        """No file is followed here."""
        return None

    # What is stored.

    async def run(self) -> None:
        """Until told to stop; what is appended is written as it comes."""
        await self._crew.unless_failed(self._is_stopping.wait())

    async def follow(self) -> None:
        """The same: folding goes on since the group was joined. Raises HomeBroken."""
        await self.run()

    async def _store_now_and_then(self) -> None:
        """Checkpoints, until told to stop; of a long backlog too, while it is being folded."""
        while not self._is_stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._checkpoint_s):
                    await self._is_stopping.wait()
            with contextlib.suppress(Unavailable):  # said, and tried again
                await self._unless_stopping(self._store(self._holding.all))

    async def _unless_stopping(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something, but leave off when told to stop."""
        doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self._is_stopping.wait())
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await doing

    async def switch(self, rates: WrittenRates, table: RateTable) -> None:
        """From here on another rate table. Raises Unavailable: the one before stays."""
        await self._tables.keep_one_more(rates, table)
        self._tables.put_in_force(rates, table)
        for own in self._holding.all:
            await self._holding.put_under_table(own)
        with contextlib.suppress(Unavailable):  # said, and tried again
            await self._store(self._holding.all)

    async def _store(self, owns: Sequence[Own]) -> None:
        """Checkpoints, and then the group is told of them. Raises Unavailable."""
        try:
            await self._tables.keep()
            await self._storing.store(owns)
        except Unavailable as error:
            self._note_store_trouble(str(error))
            with contextlib.suppress(KafkaError):
                await self._make_our_topics()
            raise
        self._note_store_trouble(None)
        stored = {own.partition: own.stored_at for own in owns if own.stored_at >= 0}
        if stored:
            await self._group.commit(stored)

    async def _let_go(self, going: Sequence[Own]) -> None:
        """Store what goes to others; the group waits for that, but not for long."""
        try:
            async with asyncio.timeout(self._kafka.session_timeout_s / 2):
                await self._store(going)
                await self._board.catch_up()
        except (TimeoutError, Unavailable, KafkaError, HomeBroken) as error:
            why = str(error) or "it took too long"
            log.warning("partitions go without a last checkpoint, the next worker reads further back: %s", why)
        await self._shares.refresh(self._tables.in_force, [own.partition for own in going])

    async def _follow_others(self) -> None:
        """Show what other workers told, for ever; what is told of ours is shown no more."""
        while True:
            await asyncio.sleep(_SHOWN_EVERY_S)
            await self._shares.forget(lambda: self._holding.staying)
            changed = self._board.what_changed()
            await self._shares.refresh(self._tables.in_force, sorted(changed - self._holding.ready.keys()))

    # The end.

    def stop(self) -> None:
        """Take nothing more."""
        self._is_stopping.set()
        self._holding.take_no_more()

    async def close(self) -> None:
        """A last checkpoint; then the group is left."""
        try:
            async with asyncio.timeout(self._kafka.session_timeout_s / 2):
                await self._store(self._holding.all)
        except (Unavailable, TimeoutError) as error:
            why = str(error) or "it took too long"
            log.warning("no last checkpoint: %s; nothing is lost, the next start reads further back", why)
        finally:
            await self.abandon()

    async def abandon(self) -> None:
        """Let go of everything as it is."""
        self.stop()
        self._holding.drop()
        await self._crew.dismiss()
        await self._group.stop()
        clients = [self._board.stop(), self._producer.stop(), self._storing_producer.stop()]
        await asyncio.wait(map(asyncio.ensure_future, clients), timeout=_LET_GO_S)
