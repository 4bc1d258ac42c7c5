"""Which built rate tables a worker holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.core.rates import RateTable
from consumer.home.failures import Damaged
from consumer.home.kafka.board import Board
from consumer.home.kafka.checkpoints import Checkpoints
from consumer.home.kafka.records import FORMAT, Head, HeadKey, Writer, key_of
from consumer.home.kafka.tables import Tables
from consumer.kafka.connection import Connection
from consumer.kafka.parts import sealed
from consumer.kafka.producing import Outgoing, Producer
from consumer.rates.load import WrittenRates, load_written_rates
from tests.home.contract import SAMPLES


@dataclass
class Unread:
    """What is written to it is acknowledged, and nobody reads it: no table can be built of what stands in a topic."""

    written: list[Outgoing] = field(default_factory=list)

    async def write(self, records: Sequence[Outgoing]) -> None:
        self.written += records


def dearer(times: int) -> tuple[WrittenRates, RateTable]:
    """The sample's with another comment, and so with another hash."""
    written, _ = load_written_rates(SAMPLES / "rates.toml")
    changed = WrittenRates(written.name, written.text + b"\n# %d\n" % times, written.decks)
    return changed, changed.build()


def told(board: Board, table: RateTable) -> None:
    """The head of a partition is under this table from here on."""
    head = sealed(Head(FORMAT, 0, 1, 0, table.sha256, b"", ""))
    key = key_of(HeadKey(TopicPartition("calls", 0), Writer(1, "first")))
    board.take(ConsumerRecord("checkpoints", 0, 0, 0, 1, key, head, None, 0, len(head), ()))


async def test_a_table_is_held_while_it_is_in_force_or_a_checkpoint_names_it() -> None:
    producer = Unread()
    board = Board(Connection("nowhere:9092"), "checkpoints", lambda: producer.write([]))
    tables = Tables(Checkpoints(board, cast(Producer, producer), lambda: 0))
    (first_written, first), (second_written, second) = dearer(1), dearer(2)
    assert first.sha256 != second.sha256
    tables.put_in_force(first_written, first)
    told(board, first)
    tables.put_in_force(second_written, second)
    await tables.keep()
    assert await tables.find(first.sha256) is first  # a partition is restored under it, and goes over then
    told(board, second)
    await tables.keep()
    assert await tables.find(second.sha256) is second
    with pytest.raises(Damaged, match=f"rate table {first.sha256} is missing"):
        await tables.find(first.sha256)
