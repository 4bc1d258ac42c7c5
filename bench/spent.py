"""CPU seconds of some work, on whatever threads it runs; of a coroutine, those of its own steps."""

import threading
import time
import types
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any


class Spent:
    """What was spent on all that is given to it. What one of them calls of the others is not counted twice."""

    def __init__(self) -> None:
        self.times, self.cpu_s = 0, 0.0
        self._inside = threading.local()

    def on(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted."""

        @wraps(work)
        def counted(*given: Any) -> Any:
            if getattr(self._inside, "is_counted", False):
                return work(*given)
            self.times += 1
            return self._step(work, *given)

        return counted

    def on_steps(self, work: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """The same coroutine function, counted. What it waits for is not."""

        @wraps(work)
        async def counted(*given: Any) -> Any:
            self.times += 1
            return await self._steps(work(*given))

        return counted

    @types.coroutine
    def _steps(self, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        step, given = work.send, None
        while True:
            try:
                awaited = self._step(step, given)
            except StopIteration as done:
                return done.value
            try:
                step, given = work.send, (yield awaited)
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's to handle
                step, given = work.throw, error

    def _step(self, work: Callable[..., Any], *given: Any) -> Any:
        began, self._inside.is_counted = time.thread_time(), True
        try:
            return work(*given)
        finally:
            self._inside.is_counted = False
            self.cpu_s += time.thread_time() - began
