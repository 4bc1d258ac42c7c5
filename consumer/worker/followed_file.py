"""A growing file, read into the home. Its position is stored with its records, so that none is read twice."""

import asyncio
import logging
from typing import Protocol

from consumer.platforms.formats import FORMATS
from consumer.settings import SourceSettings
from consumer.sources.position import TailPosition
from consumer.sources.tail import FileTail, Taken
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

_RETRY_S = 1.0


class Log(Protocol):
    """Where records go, and where it is remembered how far a source was read."""

    async def append(self, platform: str, values: list[bytes], position: tuple[str, bytes] | None = None) -> None:
        """Make them durable."""

    def position_of(self, source: str) -> bytes | None:
        """How far a source was read."""


class FollowedFile:
    """One file of calls that is being written, and rotated."""

    def __init__(self, settings: SourceSettings, log_of_calls: Log) -> None:
        self.name = str(settings.path)
        self.tail: FileTail | None = None
        self.is_read = False  # to the end that it had at the start
        self._settings, self._log = settings, log_of_calls
        self._waiting = f"waiting for {self.name}: there is no such file"

    async def follow(self) -> None:
        """Read on from where the home has it, for ever. Raises SourceBroken."""
        settings = self._settings
        stored = self._log.position_of(self.name)
        resume = None if stored is None else TailPosition.from_bytes(stored)
        self.tail = tail = FileTail(settings.path, FORMATS[settings.platform].framing, resume)
        at, said = resume, ""
        try:
            while True:
                taken = tail.poll()
                said = self._say(tail, said)
                if taken.values or (at is not None and taken.position != at):
                    await self._store(taken)
                    at = taken.position
                if not taken.values:
                    self.is_read = self.is_read or tail.state == "reading"
                    await asyncio.sleep(settings.poll_s)
        finally:
            tail.close()

    def _say(self, tail: FileTail, said: str) -> str:
        """Log how it goes on, or that there is no file, unless that is what was said last."""
        news = self._waiting if tail.state == "waiting" and not tail.gap else tail.resumed
        if news != said:
            log.log(logging.WARNING if tail.gap else logging.INFO, "%s", news)
        return news

    async def _store(self, taken: Taken) -> None:
        """As often as it takes: a file waits."""
        while True:
            try:
                await self._log.append(self._settings.platform, taken.values, (self.name, taken.position.to_bytes()))
            except Unavailable:
                await asyncio.sleep(_RETRY_S)
            else:
                return

    @property
    def not_ready(self) -> str | None:
        """Why the figures are not complete because of this file."""
        if self.is_read:
            return None
        if self.tail is None or self.tail.state == "waiting":
            return self._waiting
        return f"reading {self.name}: {self.tail.lag_bytes} bytes to go"
