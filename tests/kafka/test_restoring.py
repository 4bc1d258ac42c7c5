"""An index that is made on a thread while its records are read. No broker is needed."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Sequence

import pytest
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import SourceRecord
from consumer.home.kafka.restoring import reindex

WITHIN_S = 20


class Reindexed:
    """A pipeline that takes a record each time it may."""

    def __init__(self) -> None:
        self.took, self.may_go_on, self.ended = threading.Event(), threading.Event(), threading.Event()

    def reindex(self, records: Iterable[SourceRecord], until: int) -> bool:
        try:
            for _ in records:
                self.took.set()
                self.may_go_on.wait(WITHIN_S)
            return True
        finally:
            self.ended.set()


async def read(number: int) -> AsyncIterator[Sequence[ConsumerRecord]]:
    for offset in range(number):
        yield [ConsumerRecord("calls", 0, offset, 0, 0, None, b"{}", 0, 2, 2, ())]


async def given_up_while_handing_over(batches: int) -> Reindexed:
    """Cancelled twice, as when a rebalance comes while the worker stops; the thread is busy with the first batch."""
    pipeline = Reindexed()
    work = asyncio.create_task(reindex(pipeline, read(batches), batches))  # type: ignore[arg-type]
    assert await asyncio.to_thread(pipeline.took.wait, WITHIN_S)
    await asyncio.sleep(0.02)  # the next batch waits, and what comes after it cannot be handed over
    work.cancel()
    await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    pipeline.may_go_on.set()
    return pipeline


@pytest.mark.parametrize("batches", [2, 3])
async def test_a_thread_whose_restore_is_given_up_twice_ends(batches: int) -> None:
    """With two batches it is the end of them that cannot be handed over."""
    pipeline = await given_up_while_handing_over(batches)
    assert await asyncio.to_thread(pipeline.ended.wait, WITHIN_S)


async def test_records_are_handed_over_in_their_order_to_the_end() -> None:
    pipeline = Reindexed()
    pipeline.may_go_on.set()
    assert await reindex(pipeline, read(7), 7)  # type: ignore[arg-type]
