"""A partition that is ours: its fold, how far it was read, and what of it is stored."""

import asyncio
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import SourceRecord
from consumer.home.fold import Fold
from consumer.home.kafka.records import Writer

MOST_KEPT_BYTES = 64 << 20


@dataclass(slots=True)
class Own:
    """One partition, from when it was restored until it is another worker's."""

    partition: TopicPartition
    fold: Fold
    writer: Writer  # the name that its checkpoints are written under
    read_to: int  # records below are folded, or are none
    end: int  # of the source, as far as we know
    catch_up_to: int  # its end when we took it over
    is_ready: bool = False  # its figures hold
    is_going: bool = False  # to somebody else: they hold until it has gone, and no record of it is taken
    heard_ms: int = 0  # when the broker last said what there is of it
    asked_again_at: int = -1  # where nothing, or not the next record, came, and was asked for once more
    stored_at: int = -1  # the offset of the last checkpoint
    stored_under: str = ""  # its rate table
    stored_ms: int | None = None
    stored_in_s: float = 0.0
    stored_bytes: int = 0
    letters: int = 0  # events that were rejected up to the last checkpoint, each of which is a dead letter
    life: int = -1  # of the topic of checkpoints that it is stored in
    blocks: dict[str, int] = field(default_factory=dict)  # that stand there under our name, and their parts
    kept: dict[int, ConsumerRecord] = field(default_factory=dict)  # rejected since the last checkpoint, by offset
    kept_bytes: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of whoever stores it

    @property
    def behind(self) -> int:
        """Records in the source that are not folded yet."""
        return max(self.end - self.read_to, 0)

    @property
    def is_read_on(self) -> bool:
        """Whether records of it are taken."""
        return self.is_ready and not self.is_going

    @property
    def is_caught_up(self) -> bool:
        """Whether what waited when we took it over is folded."""
        return self.read_to >= self.catch_up_to

    def keep(self, record: ConsumerRecord) -> None:
        """Keep a rejected record until it is a dead letter."""
        if record.offset not in self.kept:
            self.kept[record.offset] = record
            self.kept_bytes += len(record.value or b"")

    def let_go(self, offset: int) -> None:
        """It is stored."""
        record = self.kept.pop(offset, None)
        if record is not None:
            self.kept_bytes -= len(record.value or b"")


def source_record(record: ConsumerRecord) -> SourceRecord:
    """A record of the topic as the fold sees it."""
    return SourceRecord(record.offset, record.value, headers_of(record), record.timestamp)


def headers_of(record: ConsumerRecord) -> tuple[tuple[str, bytes], ...]:
    """The headers of a record. One without a value has an empty one: nobody who reads them knows another nothing."""
    headers: tuple[tuple[str, bytes | None], ...] = tuple(record.headers)
    for _, value in headers:
        if value is None:
            return tuple((name, value or b"") for name, value in headers)
    return headers  # type: ignore[return-value]  # none of them is None


def name_of(partition: TopicPartition) -> str:
    """A partition in messages and in metrics."""
    return f"{partition.topic}/{partition.partition}"
