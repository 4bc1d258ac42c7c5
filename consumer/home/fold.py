"""A pipeline at work: one task feeds it, and whoever reads it does so between two batches.

Owns the turn-taking, and what was rejected and changed since the last checkpoint. Short steps run on the event loop,
long ones on a thread, so that the loop goes on meanwhile. A step that failed may be half done: from then on there is
no checkpoint, so that nobody goes on from there. Knows neither file nor topic.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from consumer.core.calls import SourceRecord
from consumer.core.intake import Rejected
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.snapshot import Snapshot, Snapshotter
from consumer.home.failures import HomeBroken

T = TypeVar("T")

#: Records that are folded in one go: some 10 ms, in which the event loop does nothing else.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is to be stored, all of it or none."""

    snapshot: Snapshot
    rejected: list[Rejected]  # since the checkpoint before
    table_sha256: str  # of the rate table that it is under


async def _to_the_end(work: Callable[..., T], *given: Any) -> T:
    """Something on a thread that changes what is ours. Who is cancelled meanwhile waits until it is done."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


class Fold:
    """One pipeline and its owner."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._turn = asyncio.Lock()
        self._snapshotter = Snapshotter(pipeline)
        self._rejected: list[Rejected] = []
        self._not_stored: dict[str, bytes] = {}  # blocks of checkpoints that could not be stored
        self._is_torn = False  # a step failed on its way

    @property
    def last_event_ms(self) -> int | None:
        """The latest end of a call that was seen."""
        watermark = self.pipeline.watermark
        return watermark.highest_ms if watermark.has_begun else None

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come."""
        watermark = self.pipeline.watermark
        return watermark.instant_ms if watermark.has_begun else None

    async def feed(self, records: Sequence[SourceRecord]) -> list[Rejected]:
        """Fold at most MOST_AT_ONCE records in; what was rejected."""
        async with self._turn:
            try:
                rejected = self.pipeline.feed(records)
            except BaseException:
                self._is_torn = True
                raise
        self._rejected += rejected
        return rejected

    async def switch(self, table: RateTable) -> None:
        """From here on another rate table."""
        async with self._turn:
            await _to_the_end(self._switch, table)

    def _switch(self, table: RateTable) -> None:
        try:
            self.pipeline.switch_table(table)
        except BaseException:
            self._is_torn = True
            raise

    async def read(self, look: Callable[[Pipeline], T]) -> T:
        """Look at the pipeline, on a thread. It must not be changed."""
        async with self._turn:
            return await asyncio.to_thread(look, self.pipeline)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Pipeline]:
        """The pipeline, which is not changed meanwhile."""
        async with self._turn:
            yield self.pipeline

    def forget_what_is_stored(self) -> None:
        """What was stored is gone: the next checkpoint has all of it."""
        self._snapshotter = Snapshotter(self.pipeline)

    async def checkpoint(self) -> Checkpoint:
        """The state as it is now, and what was rejected up to here. Raises HomeBroken where a step failed before."""
        async with self._turn:
            if self._is_torn:
                raise HomeBroken("no checkpoint: folding failed, and what it had begun is half done; start again")
            snapshot = await _to_the_end(self._snapshot)
            rejected, self._rejected = self._rejected, []
            return Checkpoint(snapshot, rejected, self.pipeline.table.sha256)

    def _snapshot(self) -> Snapshot:
        """All blocks that are not stored, those of snapshots before included."""
        made = self._snapshotter.snapshot()
        named, blocks = set(made.block_ids), self._not_stored | dict(made.new_blocks)
        self._not_stored = {name: value for name, value in blocks.items() if name in named}
        return Snapshot(made.head, made.block_ids, self._not_stored, made.next_offset, made.index_from)

    def is_stored(self, _: Checkpoint) -> None:
        """The checkpoint is safe: what is in it need not be stored again."""
        self._not_stored = {}

    def is_not_stored(self, checkpoint: Checkpoint) -> None:
        """It could not be stored; the next one has all that was in it."""
        self._rejected = checkpoint.rejected + self._rejected
