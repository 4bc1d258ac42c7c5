"""Faust, and the one place where we reach into it: the consumer group is Faust's, and calls come in batches.

Faust owns membership, assignment, rebalances and the thread that talks to the brokers. Its agents would take calls one
by one; so what it fetches of our topics is handed over here, before it makes messages of it. Every name of Faust's that
is used lies in this file, and tests/kafka/test_seam.py holds it against a real broker.
"""

import asyncio
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from yarl import URL

from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.kafka.reading import ISOLATION, Reach

log = logging.getLogger("callcost")

_REQUEST_S = 40.0
_COMMIT_S = 1.0
_LEAVE_S = 3.0
_LOOKED_EVERY_S = 0.5
#: aiokafka leaves the group when nothing was fetched for so long, and then waits for a fetch before it joins again. A
#: worker without a partition, or one whose partitions are all being restored, fetches nothing.
_NEVER_S = 1e9
_FETCH_BYTES = 1 << 20
_MOST_RECORDS = 5_000  # of one fetch, over all partitions
#: After a batch of few records the next ones gather for a while: folded one by one they cost ten times as much.
_FEW, _GATHER_S = 500, 0.05


class Receiver(Protocol):
    """Who takes what the group gives us."""

    def takes(self, partition: TopicPartition) -> bool:
        """Whether records of it may come now."""

    async def take(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Some records, in order."""

    async def nothing_came(self) -> None:
        """There is nothing to take, and everything that was fetched has been taken."""

    def sought(self, partition: TopicPartition) -> int | None:
        """Where to read on, which is gone to now; None where that is not known yet."""

    async def assigned(self, partitions: set[TopicPartition]) -> None:
        """All that is ours from here on."""

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        """What may not be ours any more. The group waits until this returns."""


class Group:
    """One member of the consumer group."""

    def __init__(
        self, connection: Connection, name: str, topics: Iterable[str], session_timeout_s: float, instance: str | None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="callcost-")  # Faust wants one, and puts nothing there
        self._app = app = faust.App(
            name,
            broker=_url(connection),
            broker_credentials=_credentials(connection),
            broker_session_timeout=session_timeout_s,
            broker_heartbeat_interval=session_timeout_s / 5,
            broker_rebalance_timeout=max(session_timeout_s, 10.0),
            broker_request_timeout=max(session_timeout_s, _REQUEST_S),
            broker_max_poll_interval=_NEVER_S,
            broker_max_poll_records=_MOST_RECORDS,
            broker_commit_every=10**9,  # offsets are committed by us, after the checkpoint
            broker_commit_interval=3600.0,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=instance,
            consumer_max_fetch_size=_FETCH_BYTES,
            processing_guarantee="at_least_once",
            stream_wait_empty=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            datadir=self._folder.name,
        )
        self._joining: asyncio.Future[None] | None = None
        self._transport = app.transport = _Transport([URL(_url(connection))], app, loop=None)
        topic = app.topic(
            *topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", acks=False
        )
        app.agent(topic)(_never)
        app.on_partitions_assigned.connect(cast(Any, self._assigned), weak=False)
        app.on_partitions_revoked.connect(cast(Any, self._revoked), weak=False)

    def join(self, receiver: Receiver) -> None:
        """Begin to join the group. It may never come to that: `ended` tells what went wrong."""
        self._receiver = self._transport.receiver = receiver
        threading.excepthook = _tell_unless_cancelled
        self._joining = asyncio.ensure_future(self._app.start())

    async def ended(self) -> str:
        """Wait until the group cannot be followed any more; why it cannot.

        Faust tells when it gives up. Of aiokafka's task for the group, which may end by itself, it knows nothing.
        """
        while (why := self._what_ended()) is None:
            await asyncio.sleep(_LOOKED_EVERY_S)
        return why

    def _what_ended(self) -> str | None:
        joining, coordinator = self._joining, getattr(self._client, "_coordinator", None)
        if joining is not None and joining.done() and (joining.cancelled() or joining.exception() is not None):
            return "cancelled" if joining.cancelled() else repr(joining.exception())
        if self._app._crashed.is_set():
            return repr(self._app.crash_reason)
        task: asyncio.Task[None] | None = getattr(coordinator, "_coordination_task", None)
        if task is not None and task.done():
            return "its task was cancelled" if task.cancelled() else repr(task.exception())
        return None

    async def stop(self) -> None:
        """Leave the group. While no broker answers, hang up: it will notice by itself that we are gone."""
        if self._joining is None:
            return
        leaving = asyncio.ensure_future(self._app.stop())
        is_done, _ = await asyncio.wait([leaving], timeout=_LEAVE_S)
        if not is_done:
            log.warning("the group is not told that we leave: it does not answer")
            loop: asyncio.AbstractEventLoop = self._thread.thread_loop
            if not loop.is_closed():
                asyncio.run_coroutine_threadsafe(_hang_up(self._client), loop)
            await asyncio.wait([leaving, self._joining], timeout=_LEAVE_S)
        for one in (leaving, self._joining):
            one.cancel()
        await asyncio.gather(leaving, self._joining, return_exceptions=True)
        self._folder.cleanup()

    @property
    def _thread(self) -> Any:
        """Faust's, which has a loop of its own."""
        return cast(Any, self._app.consumer)._thread

    @property
    def _client(self) -> Any:
        """aiokafka's, which lives in that thread; None until it was made."""
        return self._thread._consumer

    async def read_on(self, partition: TopicPartition, offset: int) -> None:
        """From here on records of a partition come from this offset."""
        await self._app.consumer.seek(TP(*partition), offset)

    async def reach(self, partition: TopicPartition) -> Reach:
        """The offsets that a partition of ours has."""
        consumer = self._app.consumer
        (first,) = (await consumer.earliest_offsets(TP(*partition))).values()
        (end,) = (await consumer.highwaters(TP(*partition))).values()
        return Reach(first, end)

    async def position(self, partition: TopicPartition) -> int | None:
        """Where the next record is asked for, past what is no record."""
        return await self._app.consumer.position(TP(*partition))

    def end_of(self, partition: TopicPartition) -> int | None:
        """The offset after the last record, as the broker said when it was last asked for records."""
        end: int | None = self._app.consumer.highwater(TP(*partition))
        return end

    def heard_ms(self, partition: TopicPartition) -> int:
        """When the broker last answered for a partition of ours, records or none; 0 before it did."""
        if TP(*partition) not in self._thread.assignment():
            return 0
        return self._client.last_poll_timestamp(TP(*partition)) or 0

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the group how far partitions were read. It is for others to look at: that it fails does no harm."""
        thread = self._thread
        ours = {
            one: OffsetAndMetadata(offset, "") for one, offset in offsets.items() if TP(*one) in thread.assignment()
        }
        if ours:
            try:
                async with asyncio.timeout(_COMMIT_S):
                    await thread.call_thread(self._client.commit, ours)
            except (KafkaError, TimeoutError) as error:
                told = reason_of(error) if isinstance(error, KafkaError) else f"no answer within {_COMMIT_S:g} s"
                log.info("the group was not told how far %s was read: %s", _names(ours), told)

    async def _assigned(self, _: Any, assigned: set[TP], **__: Any) -> None:
        await self._receiver.assigned({TopicPartition(*one) for one in assigned})

    async def _revoked(self, _: Any, revoked: set[TP], **__: Any) -> None:
        await self._receiver.revoked({TopicPartition(*one) for one in revoked})


class _Consumer(driver.Consumer):
    """Faust's consumer, which hands batches of our topics to the receiver."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        for fetched, found in records.items():
            partition = TP(fetched.topic, fetched.partition)
            if active is None or partition in active:
                await self._receiver.take(TopicPartition(*partition), found)
        if not records:
            await self._receiver.nothing_came()
        elif sum(map(len, records.values())) < _FEW:
            await self.sleep(_GATHER_S)
        return
        yield  # an agent's message: there are none

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        ready = {one for one in active_partitions or () if self._receiver.takes(TopicPartition(*one))}
        if not ready:
            await self.sleep(0.05)
            return {}
        return await super()._getmany(ready, timeout)

    async def perform_seek(self) -> None:
        """Every partition to where we are: what the group was told of it is older."""
        for partition in self.assignment():
            position = self._receiver.sought(TopicPartition(*partition))
            if position is not None:
                await self.seek(partition, position)

    @property
    def _receiver(self) -> Receiver:
        return cast(_Transport, self.transport).receiver

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust would miss the messages of agents."""


class _Thread(driver.AIOKafkaConsumerThread):
    """Faust reads what was committed only where it writes in transactions itself, and has no setting for it."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = ISOLATION
        return consumer


class _Transport(driver.Transport):
    Consumer = _Consumer
    receiver: Receiver


async def _hang_up(client: Any) -> None:
    """End everything that waits for a broker, in the thread where it does."""
    if client is not None:
        await client._client.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


def _tell_unless_cancelled(told: threading.ExceptHookArgs) -> None:
    """The thread of Faust's consumer may end so when it is stopped while no broker answers."""
    if not issubclass(told.exc_type, asyncio.CancelledError):
        threading.__excepthook__(told)


async def _never(stream: Any) -> None:
    async for _ in stream:
        raise RuntimeError("a call came to an agent")


def _url(connection: Connection) -> str:
    return ";".join(f"kafka://{one.strip()}" for one in connection.bootstrap.split(","))


def _credentials(connection: Connection) -> Any:
    context = connection.ssl_context
    if connection.tokens is not None:
        return faust.OAuthCredentials(oauth_cb=connection.tokens, ssl_context=context)
    if connection.sasl is not None:
        return faust.SASLCredentials(
            username=connection.username, password=connection.password, ssl_context=context, mechanism=connection.sasl
        )
    return None if context is None else faust.SSLCredentials(context)


def _names(partitions: Iterable[TopicPartition]) -> str:
    return ", ".join(f"{one.topic}/{one.partition}" for one in sorted(partitions))
