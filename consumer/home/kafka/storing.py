"""What of our partitions is stored: dead letters first, then the checkpoint that has them in its counts."""

import asyncio
from collections.abc import Callable, Sequence

from aiokafka.errors import KafkaError

from consumer.home.fold import Checkpoint
from consumer.home.kafka.board import Board
from consumer.home.kafka.checkpoints import Checkpoints
from consumer.home.kafka.letters import letters_of, write_letters
from consumer.home.kafka.own import Own, name_of
from consumer.kafka.connection import Connection
from consumer.kafka.failures import reason_of
from consumer.kafka.producing import Producer
from consumer.kafka.reading import reach_of, read_between, reader
from consumer.sources.unavailable import Unavailable

_AT_ONCE = 4
_LETTERS_AT_ONCE = 100


class Storing:
    """Stores partitions of one worker."""

    def __init__(
        self, connection: Connection, board: Board, checkpoints: Checkpoints, producer: Producer, dead_letters: str,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._connection, self._board, self._checkpoints = connection, board, checkpoints
        self._producer, self._dead_letters, self._clock = producer, dead_letters, clock

    async def store(self, owns: Sequence[Own]) -> None:
        """Checkpoints of several partitions; those that can be stored are. Raises Unavailable."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def store(own: Own) -> None:
            async with at_once, own.turn:
                await self._store(own)

        done = await asyncio.gather(*map(store, owns), return_exceptions=True)
        failed = [error for error in done if isinstance(error, BaseException)]
        failed.sort(key=lambda error: isinstance(error, Unavailable))  # what is worse first
        if failed:
            raise failed[0]

    async def _store(self, own: Own) -> None:
        if self._board.epoch_of(own.partition) > own.writer.epoch:
            return  # another worker has it, and we shall hear of that
        if own.life != self._board.life:
            own.life, own.stored_at, own.blocks = self._board.life, -1, {}
            own.fold.forget_what_is_stored()
        pipeline = own.fold.pipeline
        if (own.stored_at, own.stored_under) == (pipeline.next_offset, pipeline.table.sha256):
            await self._checkpoints.is_alive(own)
            own.stored_ms = self._clock()  # what is stored is all there is
            return
        began = asyncio.get_running_loop().time()
        taken = await own.fold.checkpoint()
        try:
            await self._store_letters(own, taken)
            own.stored_bytes = await self._checkpoints.store(own, taken.snapshot)
        except BaseException:
            own.fold.is_not_stored(taken)
            raise
        own.fold.is_stored(taken)
        own.stored_at, own.stored_under = taken.snapshot.next_offset, taken.table_sha256
        own.stored_ms = self._clock()
        own.letters += len(taken.rejected)
        own.stored_in_s = asyncio.get_running_loop().time() - began

    async def _store_letters(self, own: Own, taken: Checkpoint) -> None:
        missing = sorted({one.offset for one in taken.rejected} - own.kept.keys())
        if missing:
            await self._fetch(own, missing)
        letters = letters_of(own.partition, taken.rejected, own.kept)
        for first in range(0, len(letters), _LETTERS_AT_ONCE):
            await write_letters(self._producer, self._dead_letters, letters[first : first + _LETTERS_AT_ONCE])
        for one in taken.rejected:
            own.let_go(one.offset)

    async def _fetch(self, own: Own, offsets: Sequence[int]) -> None:
        """Records that were taken long ago, and waited for the rest of their call in vain."""
        try:
            async with reader(self._connection) as consumer:
                reach = await reach_of(consumer, own.partition)
                for offset in offsets:
                    if offset >= reach.first:
                        async for records in read_between(consumer, own.partition, offset, offset + 1):
                            own.keep(records[0])
                            break
        except KafkaError as error:
            raise Unavailable(f"{name_of(own.partition)} cannot be read: {reason_of(error)}") from error
