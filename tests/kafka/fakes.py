"""A group, and what else a worker's partitions need, without any broker: the tests say what it has."""

from collections import defaultdict
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import Decoder
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.home.fold import Fold
from consumer.home.kafka.own import Own
from consumer.home.kafka.records import Writer
from consumer.kafka.reading import Reach
from consumer.platforms import canonical


class FakeGroup:
    """Partitions of a cluster: where each begins and ends, and where it is read."""

    def __init__(self) -> None:
        self.reaches: dict[TopicPartition, Reach] = defaultdict(lambda: Reach(0, 0))
        self.at: dict[TopicPartition, int] = {}
        self.failure: Exception | None = None

    async def read_on(self, partition: TopicPartition, offset: int) -> None:
        """As of a client: what is not there any more is asked for from the end on."""
        reach = self.reaches[partition]
        self.at[partition] = offset if reach.first <= offset <= reach.end else reach.end

    async def reach(self, partition: TopicPartition) -> Reach:
        if self.failure is not None:
            raise self.failure
        return self.reaches[partition]

    async def position(self, partition: TopicPartition) -> int | None:
        return self.at.get(partition)

    def end_of(self, partition: TopicPartition) -> int | None:
        return self.reaches[partition].end

    def heard_ms(self, _: TopicPartition) -> int:
        return 0


class FakeBoard:
    """On which nobody else ever wrote."""

    life = 0

    async def catch_up(self) -> None:
        pass

    def epoch_of(self, _: TopicPartition) -> int:
        return 0


class FakeRestorer:
    """Every partition begins where the topic does."""

    progress, records_to_go = None, 0

    def __init__(self, group: FakeGroup, table: RateTable, decode: Decoder = canonical.decode) -> None:
        self._group, self._table, self._decode = group, table, decode

    async def restored(self, partition: TopicPartition) -> Own:
        first, end = self._group.reaches[partition]
        fold = Fold(Pipeline(self._table, self._decode, next_offset=first))
        return Own(partition, fold, Writer(1, "we"), read_to=first, end=end, catch_up_to=end)

    async def check_reach(self, _: Own) -> None:
        pass


class FakeTables(NamedTuple):
    """The rate table in force."""

    in_force: RateTable


def record(partition: TopicPartition, offset: int, value: bytes) -> ConsumerRecord:
    """As it comes from a broker."""
    size = len(value)
    return ConsumerRecord(*partition, offset, 0, 0, b"a key", value, None, 5, size, ())
