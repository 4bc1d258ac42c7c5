"""What others told of their partitions, and when it is shown."""

from aiokafka import TopicPartition

from consumer.core.calls import SourceRecord
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.snapshot import Snapshotter
from consumer.home.kafka.board import Found
from consumer.home.kafka.records import FORMAT, Head, Writer
from consumer.home.kafka.shares import Shares
from consumer.platforms import canonical
from consumer.rates.load import load_rates
from tests.home.contract import SAMPLES, call

TABLE = load_rates(SAMPLES / "rates.toml")
FIRST, SECOND = TopicPartition("calls", 0), TopicPartition("calls", 1)


class TellingBoard:
    """On which each partition has one call."""

    def find(self, _: TopicPartition) -> Found:
        pipeline = Pipeline(TABLE, canonical.decode)
        pipeline.feed([SourceRecord(0, call("a"))])
        made = Snapshotter(pipeline).snapshot()
        return Found(Writer(1, "another"), Head(FORMAT, 0, 1, 0, TABLE.sha256, b"", ""), made.head, made.new_blocks)


async def test_a_partition_of_ours_is_kept_as_others_told_it_no_longer_than_until_it_is_ours() -> None:
    shares = Shares(TellingBoard(), FoldSettings(), frozenset({"calls"}))
    await shares.refresh(TABLE, {FIRST, SECOND})
    assert list(shares.beside(())) == [FIRST, SECOND]
    await shares.forget(lambda: {FIRST})
    assert list(shares.beside(())) == [SECOND]
    await shares.refresh(TABLE, {FIRST})  # it has gone to somebody else
    assert [share.counts.received for share in shares.beside(()).values()] == [1, 1]


async def test_what_is_forgotten_is_asked_for_when_nobody_reads() -> None:
    """A reader who took a partition for somebody else's is to find it, though it became ours meanwhile."""
    shares = Shares(TellingBoard(), FoldSettings(), frozenset({"calls"}))
    await shares.refresh(TABLE, {FIRST})

    def ours() -> set[TopicPartition]:
        assert shares.turn.locked()
        return {FIRST}

    await shares.forget(ours)
    assert shares.beside(()) == {}
