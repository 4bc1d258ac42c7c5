"""The partitions that the group gave us: restored, fed, and stored before they go to somebody else.

Owns what becomes of a partition between two rebalances. A partition is read only once it is restored; one that goes is
kept aside, for the group often gives it back, and is taken up again if nobody else had it meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from consumer.home.failures import HomeBroken
from consumer.home.fold import MOST_AT_ONCE
from consumer.home.home import Clock
from consumer.home.kafka.board import Board
from consumer.home.kafka.crew import Crew
from consumer.home.kafka.losses import Losses
from consumer.home.kafka.own import MOST_KEPT_BYTES, Own, name_of, source_record
from consumer.home.kafka.restoring import Restorer, was_made_anew
from consumer.home.kafka.seam import Group
from consumer.home.kafka.tables import Tables
from consumer.home.rejections import RejectionLog
from consumer.kafka.failures import reason_of
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

_RETRY_S = 1.0
_RESTORED_AT_ONCE = 4


class Holding:
    """What the group has given us. It is told so by the group, from whose tasks all of this is called."""

    def __init__(
        self, group: Group, board: Board, tables: Tables, restorer: Restorer, losses: Losses, crew: Crew,
        let_go: Callable[[Sequence[Own]], Awaitable[None]], clock: Clock,
    ) -> None:  # fmt: skip
        """`let_go` stores what is about to go; the group waits for it."""
        self._group, self._board, self._tables, self._restorer = group, board, tables, restorer
        self._losses, self._crew, self._let_go, self._clock = losses, crew, let_go, clock
        self._rejections = RejectionLog()
        self._own: dict[TopicPartition, Own] = {}
        self._parked: dict[TopicPartition, Own] = {}  # while the group makes up its mind
        self._restoring: dict[TopicPartition, asyncio.Task[None]] = {}
        self._restores = asyncio.Semaphore(_RESTORED_AT_ONCE)
        self._is_closed = False
        self.is_assigned = asyncio.Event()  # and nothing is being handed out anew
        self.rebalances = 0

    # What there is.

    @property
    def all(self) -> list[Own]:
        """Partitions that are restored, in their order."""
        return [own for _, own in sorted(self._own.items())]

    @property
    def ready(self) -> dict[TopicPartition, Own]:
        """Those of them whose figures hold, in their order."""
        return {one: own for one, own in sorted(self._own.items()) if own.is_ready}

    @property
    def staying(self) -> set[TopicPartition]:
        """Those of these that do not go to somebody else just now."""
        return {one for one, own in self._own.items() if own.is_read_on}

    @property
    def restoring(self) -> int:
        """How many are still being restored."""
        return len(self._restoring)

    @property
    def records_to_restore(self) -> int:
        """Records that are still to be read again for those."""
        return self._restorer.records_to_go

    def of(self, partition: TopicPartition) -> Own | None:
        """One of ours."""
        return self._own.get(partition)

    def not_ready(self) -> str | None:
        """Why our figures are not complete."""
        if not self.is_assigned.is_set():
            return "waiting for the group to hand out partitions"
        if self._restoring:
            told = self._restorer.progress or f"restoring {name_of(min(self._restoring))}"
            return told + (f", and {len(self._restoring) - 1} more" if len(self._restoring) > 1 else "")
        behind = sum(one.catch_up_to - one.read_to for one in self._own.values() if not one.is_caught_up)
        return f"folding what came before we did: {behind} records to go" if behind else None

    def silent(self, now_ms: int, longest_ms: int) -> Iterator[str]:
        """Of which of ours nothing was heard for long."""
        for partition, own in self.ready.items():
            if now_ms - own.heard_ms > longest_ms:
                age_s = (now_ms - own.heard_ms) // 1000
                yield f"{name_of(partition)}: its broker has said nothing for {age_s} s: calls may be missing"

    # What the group says.

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """All that is ours from here on."""
        self.rebalances += 1
        log.info("partitions of this worker: %s", _listed(partitions))
        self._parked = {one: own for one, own in self._parked.items() if one in partitions}
        for partition in set(partitions) - self._own.keys() - self._restoring.keys():
            self._restoring[partition] = self._crew.do(self._restore(partition))
        self.is_assigned.set()

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """They are not ours any more: what was folded of them is stored for whoever is next.

        Readers see it here until then, and from then on as it was told.
        """
        for partition in partitions & self._restoring.keys():
            self._restoring.pop(partition).cancel()
        going = [self._own[partition] for partition in partitions & self._own.keys()]
        for own in going:
            own.is_going = True
        if going:
            await self._let_go(going)
        for own in going:
            own.is_ready = own.is_going = False
            self._parked[own.partition] = self._own.pop(own.partition)
        self.is_assigned.clear()

    async def _restore(self, partition: TopicPartition) -> None:
        told = ""
        try:
            async with self._restores:
                while (why := await self._what_is_in_the_way(partition)) is not None:
                    if why != told:
                        log.warning("%s cannot be restored just now: %s", name_of(partition), why)
                    told = why
                    await asyncio.sleep(_RETRY_S)
        finally:
            if self._restoring.get(partition) is asyncio.current_task():
                del self._restoring[partition]

    async def _what_is_in_the_way(self, partition: TopicPartition) -> str | None:
        """Restore a partition; why that is to be tried again. Raises HomeBroken."""
        try:
            await self._board.catch_up()
            own = self._parked.pop(partition, None)
            if own is None or self._board.epoch_of(partition) > own.writer.epoch:
                own = await self._restorer.restored(partition)
            await self._restorer.check_reach(own)
            await self._group.read_on(partition, own.read_to)
            while own.fold.pipeline.table.sha256 != self._tables.in_force.sha256:
                await self.put_under_table(own)
        except IllegalStateError:
            return None  # it is not ours any more
        except (KafkaError, Unavailable) as error:
            return reason_of(error) if isinstance(error, KafkaError) else str(error)
        own.asked_again_at, own.heard_ms, own.is_ready = -1, self._clock(), True
        self._own[partition] = own
        log.info("%s: is read on from %d; %d records wait", name_of(partition), own.read_to, own.behind)
        return None

    async def put_under_table(self, own: Own) -> None:
        """Cost it with the table in force from where it is."""
        table = self._tables.in_force
        if own.fold.pipeline.table.sha256 != table.sha256:
            log.info("%s: from %d on under rate table %s", name_of(own.partition), own.read_to, table.sha256[:12])
            await own.fold.switch(table)

    # Records.

    def takes(self, partition: TopicPartition) -> bool:
        """Whether records of it may come now."""
        own = self._own.get(partition)
        return own is not None and own.is_read_on and own.kept_bytes < MOST_KEPT_BYTES and not self._is_closed

    def sought(self, partition: TopicPartition) -> int | None:
        """Where to read on, by one who goes there now; None where that is not known yet."""
        own = self._own.get(partition)
        if own is None or not own.is_read_on:
            return None
        own.asked_again_at = -1
        return own.read_to

    async def take(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Fold some records in."""
        own = self._own.get(partition)
        if own is None or not own.is_read_on:
            return
        try:
            if not await self._follow_on(own, records):
                return
        except HomeBroken as error:
            self._crew.fail(error)
            return
        except KafkaError as error:  # what lies between is not known yet
            log.info("%s: where it begins cannot be asked just now: %s", name_of(partition), reason_of(error))
            await self._group.read_on(partition, own.read_to)
            return
        for first in range(0, len(records), MOST_AT_ONCE):
            await self._fold_or_fail(own, records[first : first + MOST_AT_ONCE])
            await asyncio.sleep(0)
            if not own.is_read_on:
                return  # it goes to somebody else
        self._hear(own)

    def _hear(self, own: Own) -> None:
        """How far the partition reaches, as the broker last said, and when that was."""
        own.end = max(own.end, own.read_to, self._group.end_of(own.partition) or 0)
        own.heard_ms = max(own.heard_ms, self._group.heard_ms(own.partition))

    async def _fold_or_fail(self, own: Own, records: Sequence[ConsumerRecord]) -> None:
        """Whoever called us is Faust's: that it ends is seen after a while, and we end now."""
        try:
            await self._fold(own, records)
        except Exception as error:
            place = f"{name_of(own.partition)}, records {records[0].offset} to {records[-1].offset}"
            log.error("%s: they cannot be folded, and nothing of them is stored: a fault of this program", place)
            self._crew.fail(error)
            raise

    async def _fold(self, own: Own, records: Sequence[ConsumerRecord]) -> None:
        rejected = await own.fold.feed([source_record(record) for record in records])
        if rejected:
            self._rejections.tell(rejected, name_of(own.partition))
            of_them = {one.offset for one in rejected}
            for record in records:
                if record.offset in of_them:
                    own.keep(record)
        own.read_to = max(own.read_to, records[-1].offset + 1)

    async def _follow_on(self, own: Own, records: Sequence[ConsumerRecord]) -> bool:
        """Whether nothing lies between these and what was folded before. If need be they are asked for once more.

        A batch that was on its way while we went elsewhere in the partition leaves out what lies before it.
        """
        first = records[0].offset
        if first == own.read_to:
            return True
        if first > own.read_to and await self._has_asked_again(own):
            return False
        await self._note_what_is_gone(own)
        return True

    async def _note_what_is_gone(self, own: Own) -> None:
        """Look whether records were removed before they were read. Raises HomeBroken and KafkaError."""
        reach = await self._group.reach(own.partition)
        if reach.end < own.read_to:
            raise was_made_anew(own.partition, reach.end, own.read_to)
        if reach.first > own.read_to:
            self._losses.note_calls(own.partition, own.read_to, reach.first)

    async def nothing_came(self) -> None:
        """All that was fetched is folded. Marks of transactions have offsets, and nobody is given them.

        Records that were removed, up to the end, look the same.
        """
        for partition, own in self.ready.items():
            self._hear(own)
            if own.is_read_on and own.behind and not await self._has_asked_again(own):
                at = await self._group.position(partition)
                if at is not None and at >= own.end and own.is_read_on:
                    await self._pass_over(own, at)

    async def _pass_over(self, own: Own, at: int) -> None:
        try:
            await self._note_what_is_gone(own)
        except HomeBroken as error:
            self._crew.fail(error)
        except KafkaError as error:  # nothing will come the next time either
            log.info("%s: where it begins cannot be asked just now: %s", name_of(own.partition), reason_of(error))
        else:
            own.read_to = max(own.read_to, at)

    async def _has_asked_again(self, own: Own) -> bool:
        """Ask for what comes next once more, unless that was done before."""
        if own.asked_again_at == own.read_to:
            return False
        own.asked_again_at = own.read_to
        await self._group.read_on(own.partition, own.read_to)
        return True

    # The end.

    def take_no_more(self) -> None:
        """No records from here on."""
        self._is_closed = True

    def drop(self) -> None:
        """Nothing is ours any more."""
        self._own.clear()


def _listed(partitions: Collection[TopicPartition]) -> str:
    return (
        ", ".join(map(name_of, sorted(partitions)))
        or "none: there are more workers than partitions, or their topics are gone"
    )
