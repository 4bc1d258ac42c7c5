"""The simulator's events into the topic of calls, keyed by their contact."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError

from consumer.cli.failures import errors
from consumer.cli.receivers import Delivered, Denied, Pause, pause_s
from consumer.core.calls import Decoder
from consumer.kafka.connection import Connection
from consumer.kafka.failures import ClusterUnusable, reason_of
from consumer.kafka.keys import call_key
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.topics import make_or_check, wanted_topics
from consumer.platforms.formats import header_of
from consumer.settings import KafkaSection
from consumer.sources.unavailable import Unavailable


class ToKafka:
    """Writes until it is acknowledged."""

    def __init__(
        self, kafka: KafkaSection, connection: Connection, decode: Decoder, pause: Pause = asyncio.sleep
    ) -> None:
        self.delivered = Delivered()
        self._kafka, self._connection, self._decode, self._pause = kafka, connection, decode, pause
        self._headers = header_of("callcost")
        self._is_troubled = False

    async def __aenter__(self) -> Self:
        """Raises Denied."""
        wanted = [one for one in wanted_topics(self._kafka, 0) if one.name in self._kafka.topics]
        try:
            await make_or_check(self._connection, wanted, self._kafka.replication)
        except ClusterUnusable as error:
            raise Denied(str(error)) from error
        except KafkaError as error:
            raise Denied(f"Kafka at {self._kafka.bootstrap}: {reason_of(error)}") from error
        self._producer = Producer(self._connection, self._kafka.answer_s, self._kafka.most_waiting_mb << 20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def tell(self, event: bytes) -> None:
        """One event, acknowledged when this returns."""
        await self.tell_batch([event])

    async def tell_batch(self, events: Sequence[bytes]) -> None:
        """Many events, acknowledged when this returns."""
        records = [
            Outgoing(self._kafka.calls, call_key(self._decode, event, self._headers), event, self._headers)
            for event in events
        ]
        attempt = 0
        while True:
            try:
                await self._producer.write(records)
                break
            except Unavailable as error:
                if not self._is_troubled:
                    place = self._kafka.bootstrap
                    errors.print(f"{place}: {error}; trying again until it takes calls", style="yellow", markup=False)
                self._is_troubled = True
                await self._pause(pause_s(attempt, None))
                attempt += 1
        if self._is_troubled:
            errors.print(f"{self._kafka.bootstrap}: takes calls again", style="yellow", markup=False)
        self._is_troubled = False
        self.delivered.told += len(events)
