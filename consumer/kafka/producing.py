"""Writing to topics so that nothing is lost or told twice: idempotent, acknowledged by all in-sync replicas.

Owns how much may wait and for how long. What was not acknowledged in time may still be written: it is sent again by
whoever was refused, and counted once by its call id and version.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.sources.bodies import TooLarge
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

Headers = tuple[tuple[str, bytes], ...]

_STOP_S = 5.0
_AROUND_BYTES = 2_000  # around key, value and headers of a record
MOST_RECORD_BYTES = (1 << 20) - _AROUND_BYTES  # a broker takes records of 1 MiB by default


class Outgoing(NamedTuple):
    """A record to be written. Without a partition its key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Producer:
    """One producer, made anew when it has failed for good."""

    def __init__(
        self,
        connection: Connection,
        answer_s: float,
        most_waiting_bytes: int,
        most_record_bytes: int = MOST_RECORD_BYTES,
    ) -> None:
        self._connection, self._answer_s = connection, answer_s
        self._most_waiting, self._most_record = most_waiting_bytes, most_record_bytes
        self._waiting_bytes = 0
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def write(self, records: Sequence[Outgoing]) -> list[RecordMetadata]:
        """Write records; acknowledged when this returns.

        Raises Unavailable: they may or may not be written; and TooLarge: one of them never will be.
        """
        largest = max(map(_size, records), default=0)
        if largest > self._most_record:
            raise TooLarge(f"a record has {largest} bytes, expected at most {self._most_record}")
        size = sum(len(record.value or b"") for record in records)
        if self._waiting_bytes and self._waiting_bytes + size > self._most_waiting:
            raise Unavailable(f"{self._waiting_bytes} bytes are waiting for the broker")
        self._waiting_bytes += size
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._write(records)
        except TimeoutError:
            raise Unavailable(f"the broker did not acknowledge within {self._answer_s:g} s") from None
        except MessageSizeTooLargeError as error:
            await self.stop()  # the refused record's number in the row of this producer's stays open
            raise TooLarge(f"the broker refuses a record of {largest} bytes: {reason_of(error)}") from error
        except KafkaError as error:
            if not error.retriable:
                log.error("writing to Kafka: %s", reason_of(error))
                await self.stop()
            raise Unavailable(f"the broker refuses: {reason_of(error)}") from error
        finally:
            self._waiting_bytes -= size

    async def _write(self, records: Sequence[Outgoing]) -> list[RecordMetadata]:
        producer = await self._started()
        futures: list[asyncio.Future[RecordMetadata]] = []
        try:
            for topic, key, value, headers, partition in records:
                futures.append(await producer.send(topic, value, key, partition, headers=list(headers)))
            return [await asyncio.shield(future) for future in futures]  # one batch may be of many writers
        except BaseException:
            for future in futures:
                future.add_done_callback(_look_at)
            raise

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._connection.for_aiokafka, acks="all", enable_idempotence=True, linger_ms=2,
                    max_batch_size=256 << 10, max_request_size=self._most_record + _AROUND_BYTES,
                )  # fmt: skip
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def stop(self) -> None:
        """Let go of it. What was acknowledged is written."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(_STOP_S):
                    await producer.stop()
            except TimeoutError:
                log.warning("the broker does not answer; what it did not acknowledge was refused to its sender")


def _size(record: Outgoing) -> int:
    return len(record.key or b"") + len(record.value or b"") + size_of(record.headers)


def size_of(headers: Headers) -> int:
    """Bytes of headers."""
    return sum(len(name.encode()) + len(value) for name, value in headers)


def _look_at(future: "asyncio.Future[RecordMetadata]") -> None:
    """Nobody waits for it any more; that it failed is known."""
    if not future.cancelled():
        future.exception()
