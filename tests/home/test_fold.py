"""A step of the fold that fails: it may be half done, and nobody is to go on from there."""

from collections.abc import Sequence
from typing import Any

import pytest

from consumer.core.calls import Decoded, SourceRecord
from consumer.core.pipeline import Pipeline
from consumer.home.failures import HomeBroken
from consumer.home.fold import Fold
from consumer.platforms import canonical
from consumer.rates.load import load_rates
from tests.home.contract import SAMPLES, call

TABLE = load_rates(SAMPLES / "rates.toml")


def decode(record: SourceRecord) -> Sequence[Decoded]:
    if record.value == b"poison":
        raise AttributeError("nobody thought of that")
    return canonical.decode(record)


def records(*values: bytes) -> list[SourceRecord]:
    return [SourceRecord(offset, value) for offset, value in enumerate(values)]


async def test_of_a_batch_that_failed_on_its_way_there_is_no_checkpoint() -> None:
    """The first record is decoded and remembered by then, and costed it is not."""
    fold = Fold(Pipeline(TABLE, decode))
    with pytest.raises(AttributeError):
        await fold.feed(records(call("a"), b"poison"))
    assert (fold.pipeline.next_offset, fold.pipeline.counts.costed) == (2, 0)
    with pytest.raises(HomeBroken, match="start again"):
        await fold.checkpoint()


async def test_of_a_switch_that_failed_on_its_way_there_is_no_checkpoint() -> None:
    fold = Fold(Pipeline(TABLE, decode))
    await fold.feed(records(call("a")))

    def cost(_: Any) -> None:
        raise OSError("a deck is gone")

    fold.pipeline.ledger.costing.cost = cost
    with pytest.raises(OSError, match="a deck is gone"):
        await fold.switch(TABLE)
    with pytest.raises(HomeBroken, match="start again"):
        await fold.checkpoint()
