"""Tasks that run beside each other for as long as the home lives. That one of them fails ends the home."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Crew:
    """The tasks, and the first failure of any."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._has_failed = asyncio.Event()

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """One more. It may be cancelled; if it fails, whoever waits for anything here is told."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._is_done)
        return task

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """It cannot go on."""
        self._failure = self._failure or error
        self._has_failed.set()

    async def unless_failed(self, waiting: Coroutine[Any, Any, Any]) -> None:
        """Wait for something, or raise what failed meanwhile."""
        either = [asyncio.ensure_future(waiting), asyncio.ensure_future(self._has_failed.wait())]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in either:
                one.cancel()
        if self._failure is not None:
            raise self._failure

    async def dismiss(self) -> None:
        """End all of them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
