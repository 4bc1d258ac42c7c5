"""The home that needs nothing else: one file, in which the log of what came in and the checkpoints lie together.

Owns the order of things. A record is in the journal, on the disk, before anybody is told that it was taken, and before
it is folded; what was rejected is stored before the checkpoint that counts it. So whenever the process ends,
the next one goes on from the last checkpoint as if nothing had happened.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from consumer.core.calls import Decoder, SourceRecord
from consumer.core.counts import Counts
from consumer.core.intake import Rejected
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.snapshot import Snapshot, SnapshotUnusable, restore, table_sha256
from consumer.home.embedded import checkpoints, dead_letters, journal, positions, rate_tables
from consumer.home.embedded.group_commit import Batch, GroupCommit
from consumer.home.embedded.journal import Records, Taken
from consumer.home.embedded.rate_tables import SWITCH
from consumer.home.embedded.store import Store
from consumer.home.failures import Damaged, HomeBroken
from consumer.home.fold import MOST_AT_ONCE, Fold
from consumer.home.home import Clock, HomeState, Seen
from consumer.home.rejections import RejectionLog
from consumer.rates.load import WrittenRates
from consumer.rates.problems import RateTableInvalid
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")
T = TypeVar("T")

_PRUNED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long what is kept, and how much may wait."""

    path: Path
    journal_ms: int = 48 * 3_600_000  # beyond what the index needs
    checkpoint_s: float = 2.0
    most_waiting_bytes: int = 16 << 20  # taken and not on the disk yet: beyond it senders are told to wait
    most_behind: int = 200_000  # records on the disk and not folded yet
    most_dead_letters: int = 100_000
    most_dead_letter_bytes: int = 256 << 20


class EmbeddedHome:
    """Journal, fold and checkpoints in one process. One task runs it; any task may append."""

    def __init__(self, keeping: Keeping, decode: Decoder, settings: FoldSettings, clock: Clock) -> None:
        self.keeping, self.state = keeping, HomeState()
        self._decode, self._settings, self._clock = decode, settings, clock
        self._thread = ThreadPoolExecutor(1, "journal")  # everything that writes, in order
        self._records = Records()
        self._commits = GroupCommit(self._commit, keeping.most_waiting_bytes)
        self._has_committed, self._is_all_written = asyncio.Event(), False
        self._rejections = RejectionLog()
        self._tables: dict[str, RateTable] = {}  # built, and not in force yet
        self._end = 0  # of the journal
        self._has_begun = asyncio.Event()  # its first record says under which rate table
        self._is_open = False
        self._index_from = 0  # of the last checkpoint: the journal is needed from here on
        self._since_drop = (0, 0)  # dead letters and their bytes that came after some were dropped
        self._has_asked = False  # somebody asks for dead letters to be replayed
        self._is_stopping = asyncio.Event()
        self.fold: Fold | None = None

    # Opening.

    async def open(self) -> None:
        """Open the file; from here on records are taken. Raises HomeBroken."""
        self._store = await self._on_thread(lambda: Store(self.keeping.path))
        if self._store.warning:
            log.warning("%s", self._store.warning)
        self._is_open = True
        self.state.restoring = "reading the last checkpoint"
        self._end = journal.end_of(self._store.reader)
        if self._end:
            self._has_begun.set()
        self._count_dead_letters()

    async def restore(self, rates: WrittenRates, table: RateTable) -> None:
        """Bring the fold to where it was, and go on from there with this rate table. Raises HomeBroken."""
        is_new = self._end == 0
        if is_new:
            await self._begin_under(rates, table)
        pipeline = await asyncio.to_thread(self._restored, table)
        fold = self.fold = Fold(pipeline)
        if is_new:
            log.info("a new state begins in %s", self.keeping.path)
        elif pipeline.next_offset < self._end:
            log.info("records that came after the last checkpoint are folded: %d", self._end - pipeline.next_offset)
        while records := self._read(pipeline.next_offset):
            behind = self._end - pipeline.next_offset
            self.state.restoring = f"folding what came after the last checkpoint: {behind} records to go"
            await self._fold_in(fold, records)
            await asyncio.sleep(0)
        if pipeline.table.sha256 != table.sha256:
            await self.switch(rates, table)
            await self._fold_in(fold, self._read(pipeline.next_offset))
        self.state.restoring = None

    async def _begin_under(self, rates: WrittenRates, table: RateTable) -> None:
        def begin() -> None:
            with self._store.transaction() as connection:
                rate_tables.keep(connection, table.sha256, rates)
                journal.append(connection, 0, self._clock(), [Taken(SWITCH, table.sha256.encode())])

        try:
            await self._on_thread(begin)
        except Unavailable as error:
            raise HomeBroken(str(error)) from error
        self._end = 1
        self._has_begun.set()

    def _restored(self, table: RateTable) -> Pipeline:
        with self._store.reading() as connection:
            stored = checkpoints.read(connection)
            if stored is None:
                first = self._records.read(connection, 0, 1)
                return Pipeline(self._table(_switched_to(first[0]), table), self._decode, self._settings)
            self.state.checkpoint_ms, head, blocks = stored
            try:
                under = self._table(table_sha256(head), table)
                pipeline, first_offset, until = restore(head, blocks, under, self._decode, self._settings)
            except SnapshotUnusable as error:
                raise HomeBroken(f"{self.keeping.path}: {error}") from error
            records = self._records.read_between(connection, first_offset, until)
            if not pipeline.reindex(self._telling(records, first_offset, until), until):
                raise Damaged("the journal is not the one that the checkpoint was made from")
            return pipeline

    def _telling(self, records: Iterator[SourceRecord], first: int, until: int) -> Iterator[SourceRecord]:
        for record in records:
            if record.offset % 10_000 == 0:
                share = (record.offset - first) * 100 // (until - first)
                self.state.restoring = f"making the index of the last calls again: {share} %"
            yield record

    def _table(self, sha256: str, at_hand: RateTable) -> RateTable:
        """A table by its hash: the one at hand, one that was built before, or built now of what is kept."""
        if sha256 == at_hand.sha256:
            return at_hand
        found = self._tables.pop(sha256, None)
        if found is None:
            with self._store.reading() as connection:
                found = _built(rate_tables.find(connection, sha256), sha256)
        return found

    # Taking in.

    async def append(self, platform: str, values: Sequence[bytes], position: tuple[str, bytes] | None = None) -> None:
        """Records into the journal; on the disk when this returns.

        `position` (of a source, and how far it was read) is stored with them. Raises Unavailable: nothing was taken.
        """
        if self.behind > self.keeping.most_behind:
            raise Unavailable(f"{self.behind} records are waiting to be costed")
        await self._has_begun.wait()
        await self._commits.add([Taken(platform, value) for value in values], position)

    @property
    def pipeline(self) -> Pipeline | None:
        """The fold's pipeline, once there is one. To be looked at in `read`, but for what is a number."""
        return None if self.fold is None else self.fold.pipeline

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to read."""
        return self.fold is not None

    @property
    def counts(self) -> Counts:
        """What became of all events."""
        return Counts() if self.fold is None else self.fold.pipeline.counts

    @property
    def last_event_ms(self) -> int | None:
        """The latest end of a call that was seen."""
        return None if self.fold is None else self.fold.last_event_ms

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come."""
        return None if self.fold is None else self.fold.watermark_ms

    async def read(self, look: Callable[[Seen], T]) -> T:
        """Look at the pipeline between two batches, on a thread."""
        return await self._folding().read(lambda pipeline: look(Seen((pipeline,), ())))

    @property
    def behind(self) -> int:
        """Records that are on the disk and not folded yet."""
        return 0 if self.fold is None else self._end - self.fold.pipeline.next_offset

    async def switch(self, rates: WrittenRates, table: RateTable) -> None:
        """From this place of the journal on another rate table. Raises Unavailable: the one before stays."""

        def store() -> None:
            with self._store.transaction() as connection:
                rate_tables.keep(connection, table.sha256, rates)

        await self._storing(store)
        self._tables[table.sha256] = table
        await self.append(SWITCH, [table.sha256.encode()])

    def position_of(self, source: str) -> bytes | None:
        """How far a source was read, as it was stored with its last records."""
        with self._store.reading() as connection:
            return positions.read(connection, source)

    # At work.

    async def run(self) -> None:
        """Write what is appended, until told to stop and nothing waits. Raises HomeBroken."""
        await self._commits.run()
        self._is_all_written = True
        self._has_committed.set()

    async def follow(self) -> None:
        """Fold what is in the journal, and store a checkpoint now and then, until told to stop. Restore comes first."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._keep())

    def stop(self) -> None:
        """Take nothing more; `run` and `follow` end when what was taken is written and folded."""
        self._is_stopping.set()
        self._commits.stop()

    async def _commit(self, group: Sequence[Batch]) -> None:
        await self._taking(lambda: self._write(group))
        self._has_committed.set()

    def _write(self, group: Sequence[Batch]) -> None:
        taken = [record for batch in group for record in batch.taken]
        with self._store.transaction() as connection:
            journal.append(connection, self._end, self._clock(), taken)
            for batch in group:
                if batch.position is not None:
                    positions.write(connection, *batch.position)
        self._end += len(taken)

    async def _follow(self) -> None:
        fold = self._folding()
        while True:
            self._has_committed.clear()
            records = self._read(fold.pipeline.next_offset)
            if records:
                await self._fold_in(fold, records)
                await asyncio.sleep(0)
            elif self._is_all_written:
                return
            else:
                await self._has_committed.wait()

    def _folding(self) -> Fold:
        if self.fold is None:
            raise RuntimeError("restore comes first")
        return self.fold

    def _read(self, first: int) -> list[SourceRecord]:
        with self._store.reading() as connection:
            return self._records.read(connection, first, MOST_AT_ONCE)

    async def _fold_in(self, fold: Fold, records: Sequence[SourceRecord]) -> None:
        for is_switch, run in groupby(records, _is_switch):
            some = list(run)
            for record in some if is_switch else ():
                sha256 = _switched_to(record)
                if sha256 != fold.pipeline.table.sha256:
                    log.info("from record %d on under rate table %s", record.offset, sha256[:12])
                    await fold.switch(await asyncio.to_thread(self._table, sha256, fold.pipeline.table))
            self._rejections.tell(await fold.feed(some))

    # Checkpoints.

    async def _keep(self) -> None:
        stored_up_to = -1
        while not self._is_stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_stopping.wait(), self.keeping.checkpoint_s)
            with contextlib.suppress(Unavailable):  # said by `_storing`, and tried again
                if self._folding().pipeline.next_offset != stored_up_to:
                    stored_up_to = await self.checkpoint()
                await self._replay_asked()
                await self._prune()
                self._note_stored()

    async def checkpoint(self) -> int:
        """Store the state as it is; up to which offset that was. Raises Unavailable."""
        fold, began_ms = self._folding(), self._clock()
        taken = await fold.checkpoint()
        try:
            await self._store_rejected(taken.rejected)
            await self._storing(lambda: self._store_checkpoint(taken.snapshot))
        except Unavailable:
            fold.is_not_stored(taken)
            raise
        fold.is_stored(taken)
        self.state.checkpoint_ms = self._clock()
        self.state.checkpoint_duration_ms = self.state.checkpoint_ms - began_ms
        self.state.checkpoint_bytes = sum(map(len, taken.snapshot.new_blocks.values())) + len(taken.snapshot.head)
        self._index_from = taken.snapshot.index_from
        return taken.snapshot.next_offset

    def _store_checkpoint(self, snapshot: Snapshot) -> None:
        with self._store.transaction() as connection:
            checkpoints.write(connection, self._clock(), snapshot.head, snapshot.block_ids, snapshot.new_blocks)
            rate_tables.forget_unused(connection, table_sha256(snapshot.head))

    async def _store_rejected(self, rejected: Sequence[Rejected]) -> None:
        """As dead letters, before the checkpoint that has them in its counts; what comes in need not wait for all."""

        def store(first: int) -> int:
            with self._store.transaction() as connection:
                stored, size = dead_letters.add(connection, rejected[first:])
                self._drop_letters(connection, stored, size)
            return stored

        first = 0
        while first < len(rejected):
            first += await self._storing(partial(store, first))

    def _drop_letters(self, connection: sqlite3.Connection, stored: int, size: int) -> None:
        """Those that are too many, when they may be: each hundredth part of what is kept."""
        keeping = self.keeping
        self._since_drop = (self._since_drop[0] + stored, self._since_drop[1] + size)
        number, held = self._since_drop
        if number * 100 >= keeping.most_dead_letters or held * 100 >= keeping.most_dead_letter_bytes:
            self.state.dead_letters_dropped += dead_letters.drop_oldest(
                connection, keeping.most_dead_letters, keeping.most_dead_letter_bytes
            )
            self._since_drop = (0, 0)

    async def _replay_asked(self) -> None:
        """Dead letters that somebody asked for are records again, each once."""

        def replay() -> None:
            with self._store.transaction() as connection:
                again = dead_letters.take_asked(connection)
                journal.append(connection, self._end, self._clock(), again)
            self._end += len(again)

        self._count_dead_letters()
        if self._has_asked:
            await self._storing(replay)
            self._has_committed.set()

    def _count_dead_letters(self) -> None:
        with self._store.reading() as connection:
            self.state.dead_letters, self._has_asked = dead_letters.standing(connection)
        self.state.size_bytes = self._store.size_bytes()

    async def _prune(self) -> None:
        """Forget what neither the index nor anybody else needs any more, a little at a time."""

        def prune() -> int:
            with self._store.transaction() as connection:
                older_than_ms = self._clock() - self.keeping.journal_ms
                return journal.prune(connection, self._index_from, older_than_ms, _PRUNED_AT_ONCE)

        while await self._storing(prune):
            await asyncio.sleep(0.1)

    # The end.

    async def close(self) -> None:
        """After `run` and `follow` have ended: a last checkpoint, and the file is let go of."""
        try:
            if self.fold is not None and self.state.restoring is None:
                await self.checkpoint()
        except Unavailable as error:
            log.warning("no last checkpoint: %s; nothing is lost, the next start folds the journal again", error)
        finally:
            await self.abandon()

    async def abandon(self) -> None:
        """Let go of the file as it is."""
        if self._is_open:
            await self._on_thread(self._store.close)
        self._thread.shutdown()

    # Threads.

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _taking(self, work: Callable[[], None]) -> None:
        """Write what came in, and remember what is in the way when it cannot be."""
        try:
            await self._on_thread(work)
        except Unavailable as error:
            if self.state.trouble is None:
                log.error("calls are refused: %s", error)
            self.state.trouble = str(error)
            raise
        if self.state.trouble is not None:
            log.info("calls are taken again")
            self.state.trouble = None

    async def _storing(self, work: Callable[[], T]) -> T:
        """Write something else. What is in the way is remembered until all that was to be stored is."""
        try:
            return await self._on_thread(work)
        except Unavailable as error:
            if self.state.store_trouble is None:
                log.error("the state cannot be stored: %s", error)
            self.state.store_trouble = str(error)
            raise

    def _note_stored(self) -> None:
        if self.state.store_trouble is not None:
            log.info("the state is stored again")
            self.state.store_trouble = None


def _built(rates: WrittenRates, sha256: str) -> RateTable:
    """A table as it was once in force. Raises Damaged."""
    try:
        found = rates.build()
    except RateTableInvalid as error:
        raise Damaged(f"rate table {sha256} was in force and is no longer valid: {error}") from error
    if found.sha256 != sha256:
        raise Damaged(f"rate table {sha256} is damaged")
    return found


def _is_switch(record: SourceRecord) -> bool:
    return record.headers[0][1] == _SWITCH


_SWITCH = SWITCH.encode()


def _switched_to(record: SourceRecord) -> str:
    return (record.value or b"").decode()
