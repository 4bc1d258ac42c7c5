"""The topic of dead letters as people see it: what is in it, and another try, which writes to the topics of calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from consumer.home.dead_letter import DeadLetter
from consumer.home.kafka.letters import Letter, read_letter, write_letters
from consumer.home.kafka.own import headers_of
from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.reading import reach_of, read_between, reader
from consumer.kafka.topics import partitions_of
from consumer.platforms.formats import PLATFORM_HEADER
from consumer.settings import KafkaSection
from consumer.sources.bodies import TooLarge
from consumer.sources.unavailable import Unavailable

_MOST_RECORD_BYTES = 64 << 20  # what came in once is taken again: topics may have been made for large records

#: The key of a record that had none when it was rejected, now that it may be understood.
KeyOf = Callable[[Letter], bytes | None]


class LetterTopic:
    """What stands in the topic, read once."""

    def __init__(self, kafka: KafkaSection, connection: Connection, key_of: KeyOf) -> None:
        """Read all of it. Raises Unavailable."""
        self._kafka, self._connection, self._key_of = kafka, connection, key_of
        self._letters: dict[int, Letter] = asyncio.run(_read(connection, kafka.dead_letters))

    def newest(self, most: int, reason: str | None, *, replayed: bool) -> list[DeadLetter]:
        """The newest, oldest first."""
        found = [
            self._shown(number, letter)
            for number, letter in sorted(self._letters.items())
            if (reason is None or letter.rejection.reason == reason) and (replayed or not letter.is_replayed)
        ]
        return found[-most:]

    def standing(self) -> int:
        """How many were not replayed yet."""
        return sum(not letter.is_replayed for letter in self._letters.values())

    def find(self, number: int) -> DeadLetter | None:
        """One of them."""
        letter = self._letters.get(number)
        return None if letter is None else self._shown(number, letter)

    def _shown(self, number: int, letter: Letter) -> DeadLetter:
        headers = {name.lower(): value for name, value in letter.headers}
        platform = headers.get(PLATFORM_HEADER, b"").decode(errors="replace")
        return DeadLetter(
            number, letter.offset, platform or self._kafka.topics.get(letter.topic, ""), letter.timestamp_ms,
            letter.value or b"", letter.rejection,
            "replayed" if letter.is_replayed else "gone" if letter.is_gone else "kept",
            f"{letter.topic}/{letter.partition}",
        )  # fmt: skip

    def replay(self, numbers: Sequence[int] | None, reason: str | None) -> str:
        """Write the records to their topics again, each once, and then that this was done."""
        asked = [
            letter
            for number, letter in sorted(self._letters.items())
            if (numbers is None or number in numbers)
            and (reason is None or letter.rejection.reason == reason)
            and not letter.is_replayed
            and not letter.is_gone
        ]
        records = [
            list(of_record) for _, of_record in groupby(sorted(asked, key=lambda one: one[:4]), key=lambda one: one[:3])
        ]
        asyncio.run(self._replay(records))
        return f"{len(asked):,} replayed: {len(records):,} records written to their topics again"

    async def _replay(self, records: Sequence[Sequence[Letter]]) -> None:
        async with _producing(self._connection, self._kafka.answer_s) as producer:
            for letters in records:
                first = await self._whole(letters[0])
                key = self._key_of(first) if first.key is None else first.key
                try:
                    await producer.write([Outgoing(first.topic, key, first.value, first.headers)])
                except TooLarge as error:
                    raise Unavailable(f"{first.topic}: {error}; see its max.message.bytes") from error
                told = [one._replace(is_replayed=True) for one in letters]
                await write_letters(producer, self._kafka.dead_letters, told)

    async def _whole(self, letter: Letter) -> Letter:
        """A letter with all of its value. Raises Unavailable where that is not to be had any more."""
        if not letter.cut_bytes:
            return letter
        place = TopicPartition(letter.topic, letter.partition)
        async with reader(self._connection) as consumer:
            reach = await reach_of(consumer, place)
            if reach.first <= letter.offset < reach.end:
                async for records in read_between(consumer, place, letter.offset, letter.offset + 1):
                    whole = records[0]
                    return letter._replace(value=whole.value, headers=headers_of(whole), cut_bytes=0)
        raise Unavailable(
            f"{letter.topic}/{letter.partition}, offset {letter.offset}: the record was too large to be kept whole, "
            "and is not in its topic any more; name the numbers of the others"
        )


@asynccontextmanager
async def _producing(connection: Connection, answer_s: float) -> AsyncIterator[Producer]:
    producer = Producer(connection, answer_s, 256 << 20, most_record_bytes=_MOST_RECORD_BYTES)
    try:
        yield producer
    finally:
        await producer.stop()


async def _read(connection: Connection, topic: str) -> dict[int, Letter]:
    """By number: where a letter stands first. One that stands there twice is one letter, as it was told last."""
    numbers: dict[bytes, int] = {}
    letters: dict[int, Letter] = {}
    try:
        partitions = await partitions_of(connection, [topic])
        if not partitions:
            raise Unavailable(f"there is no topic {topic}: has a worker run with these settings?")
        async with reader(connection) as consumer:
            for partition in partitions:
                reach = await reach_of(consumer, partition)
                async for records in read_between(consumer, partition, *reach):
                    for record in records:
                        letter = read_letter(headers_of(record), record.value)
                        if letter is not None:
                            at = record.offset * len(partitions) + partition.partition + 1
                            letters[numbers.setdefault(letter.id, at)] = letter
    except KafkaError as error:
        raise Unavailable(f"Kafka at {connection.bootstrap}: {reason_of(error)}") from error
    return letters
