"""What waits to be written to the disk, written in groups: one commit for all that came while the last one ran.

Owns the queue, its bound, and who is told what. Knows neither file nor schema.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from consumer.home.embedded.journal import Taken
from consumer.sources.unavailable import Unavailable

_GROUP = 2_000  # records in one commit

Position = tuple[str, bytes]  # of a source, and how far it was read


@dataclass(slots=True)
class Batch:
    """Records that are written together or not at all."""

    taken: Sequence[Taken]
    position: Position | None
    stored: "asyncio.Future[None]"


class GroupCommit:
    """Any task adds batches, and one task writes them. When `write` raises Unavailable, it wrote nothing."""

    def __init__(self, write: Callable[[Sequence[Batch]], Awaitable[None]], most_waiting_bytes: int) -> None:
        self._write, self._most_waiting_bytes = write, most_waiting_bytes
        self._waiting: list[Batch] = []
        self._waiting_bytes = 0
        self._has_news = asyncio.Event()
        self._is_stopping = False

    async def add(self, taken: Sequence[Taken], position: Position | None = None) -> None:
        """Have records written; they are when this returns. Raises Unavailable: none of them was taken."""
        size = sum(len(record.value) for record in taken)
        if self._is_stopping:
            raise Unavailable(_ENDING)
        if self._waiting_bytes and self._waiting_bytes + size > self._most_waiting_bytes:
            raise Unavailable("too much is waiting to be written to the disk")
        batch = Batch(taken, position, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        self._waiting_bytes += size
        self._has_news.set()
        await batch.stored

    async def run(self) -> None:
        """Write until told to stop and nothing waits."""
        while not self._is_stopping or self._waiting:
            if self._waiting:
                await self._write_group(self._next_group())
            else:
                self._has_news.clear()
                await self._has_news.wait()

    def stop(self) -> None:
        """Take nothing more."""
        self._is_stopping = True
        self._has_news.set()

    def _next_group(self) -> list[Batch]:
        """The first of what waits, as many as make a commit."""
        number = records = 0
        while number < len(self._waiting) and records < _GROUP:
            records += len(self._waiting[number].taken)
            number += 1
        group, self._waiting = self._waiting[:number], self._waiting[number:]
        self._waiting_bytes -= sum(len(record.value) for batch in group for record in batch.taken)
        return group

    async def _write_group(self, group: Sequence[Batch]) -> None:
        failure: Unavailable | None = Unavailable(_ENDING)
        try:
            await self._write(group)
            failure = None
        except Unavailable as error:
            failure = error
        finally:
            for batch in group:
                _answer(batch.stored, failure)


_ENDING = "the process is being ended"


def _answer(stored: "asyncio.Future[None]", failure: Exception | None) -> None:
    if stored.done():
        return  # whoever waited was cancelled
    if failure is None:
        stored.set_result(None)
    else:
        stored.set_exception(failure)
