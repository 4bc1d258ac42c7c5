"""The rate table in use, and where it is written, which is read again when it changes or when somebody asks.

One with mistakes changes nothing: the table before stays in use, every problem is said, and it shows in the status.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from consumer.core.rates import RateTable
from consumer.rates.load import WrittenRates, load_written_rates
from consumer.rates.problems import RateTableInvalid
from consumer.rates.watch import RatesWatch
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

Switch = Callable[[WrittenRates, RateTable], Awaitable[None]]


class RatesPlace(Protocol):
    """Where a rate table is written."""

    def load(self) -> tuple[WrittenRates, RateTable]:
        """As it stands there now. Raises RateTableInvalid."""

    def has_changed(self) -> bool:
        """Whether it may be another one than when it was last looked at."""

    def follow(self, rates: WrittenRates) -> None:
        """These are in use."""


class RatesFile:
    """A rates.toml, with its decks beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watch: RatesWatch | None = None

    def load(self) -> tuple[WrittenRates, RateTable]:
        """As it stands there now. Raises RateTableInvalid."""
        return load_written_rates(self._path)

    def has_changed(self) -> bool:
        """Whether any file of it was written since the last look."""
        return self._watch is not None and self._watch.has_changed()

    def follow(self, rates: WrittenRates) -> None:
        """These are in use: their decks are looked at as well."""
        if self._watch is None:
            self._watch = RatesWatch(self._path, rates.decks)
        else:
            self._watch.follow(rates.decks)


class RatesInUse:
    """What calls are costed with."""

    def __init__(self, place: RatesPlace, poll_s: float, clock: Callable[[], int]) -> None:
        """Raises RateTableInvalid."""
        self._place, self._poll_s, self._clock = place, poll_s, clock
        self.written, self.table = place.load()
        self.loaded_ms = clock()
        self.problems: tuple[str, ...] = ()  # of a newer one
        place.follow(self.written)
        self._asked = asyncio.Event()

    def newest_version_ms(self, instant_ms: int) -> int | None:
        """When the latest version that has begun took effect, be it over or not; None before the first."""
        return max((one.from_ms for one in self.table.versions if one.from_ms <= instant_ms), default=None)

    def reload(self) -> None:
        """Read the file again, whether it seems to have changed or not."""
        self._asked.set()

    async def watch(self, switch: Switch) -> None:
        """Go over to another table whenever the file has one, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._poll_s)
            if self._place.has_changed() or self._asked.is_set():
                self._asked.clear()
                await self._read_again(switch)

    async def _read_again(self, switch: Switch) -> None:
        try:
            written, table = await asyncio.to_thread(self._place.load)
            _refuse_other_sums(self.table, written.name, table)
        except RateTableInvalid as error:
            self._keep(map(str, error.problems))
            return
        except _NeedsNewState as error:
            self._keep([str(error)])
            return
        if table.sha256 != self.table.sha256:
            try:
                await switch(written, table)
            except Unavailable:
                self._asked.set()  # said by the home; tried again
                await asyncio.sleep(self._poll_s)
                return
            self.written, self.table, self.loaded_ms = written, table, self._clock()
            self._place.follow(written)
            log.info("rate table %s is in use: %s", table.sha256[:12], ", ".join(one.id for one in table.versions))
        elif self.problems:
            log.info("the rate table is the one in use again")
        self.problems = ()

    def _keep(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        log.error("the rate table was changed and is refused; the one before stays in use")
        for problem in self.problems:
            log.error("%s", problem)


class _NeedsNewState(Exception):
    pass


def _refuse_other_sums(old: RateTable, name: str, new: RateTable) -> None:
    """Sums in another currency, or of other local days, cannot be added to those there are."""
    for what, before, after in (
        ("currency", old.currency, new.currency),
        ("time_zone", str(old.calendar.zone), str(new.calendar.zone)),
    ):
        if before != after:
            raise _NeedsNewState(
                f"{name}: {what}: found {after}, expected {before} while the state is in {before}; "
                "for another one stop callcost and give it a new state: another [home] path, or another [kafka] "
                "checkpoints topic and group"
            )
