"""The rate table in use, and its file, which is read again when it changes or when somebody asks.

A file with mistakes changes nothing: the table before stays in use, every problem is said, and it shows in the status.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from consumer.core.rates import RateTable
from consumer.rates.load import WrittenRates, load_written_rates
from consumer.rates.problems import RateTableInvalid
from consumer.rates.watch import RatesWatch
from consumer.sources.unavailable import Unavailable

log = logging.getLogger("callcost")

Switch = Callable[[WrittenRates, RateTable], Awaitable[None]]


class RatesInUse:
    """What calls are costed with."""

    def __init__(self, path: Path, poll_s: float, clock: Callable[[], int]) -> None:
        """Raises RateTableInvalid."""
        self._path, self._poll_s, self._clock = path, poll_s, clock
        self.written, self.table = load_written_rates(path)
        self.loaded_ms = clock()
        self.problems: tuple[str, ...] = ()  # of a newer file
        self._watch = RatesWatch(path, self.written.decks)
        self._asked = asyncio.Event()

    def reload(self) -> None:
        """Read the file again, whether it seems to have changed or not."""
        self._asked.set()

    async def watch(self, switch: Switch) -> None:
        """Go over to another table whenever the file has one, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._poll_s)
            if self._watch.has_changed() or self._asked.is_set():
                self._asked.clear()
                await self._read_again(switch)

    async def _read_again(self, switch: Switch) -> None:
        try:
            written, table = await asyncio.to_thread(load_written_rates, self._path)
            _refuse_other_sums(self.table, table)
        except RateTableInvalid as error:
            self._keep(map(str, error.problems))
            return
        except _NeedsNewState as error:
            self._keep([f"{self._path}: {error}"])
            return
        if table.sha256 != self.table.sha256:
            try:
                await switch(written, table)
            except Unavailable:
                self._asked.set()  # said by the home; tried again
                await asyncio.sleep(self._poll_s)
                return
            self.written, self.table, self.loaded_ms = written, table, self._clock()
            self._watch.follow(written.decks)
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


def _refuse_other_sums(old: RateTable, new: RateTable) -> None:
    """Sums in another currency, or of other local days, cannot be added to those there are."""
    for what, before, after in (
        ("currency", old.currency, new.currency),
        ("time_zone", str(old.calendar.zone), str(new.calendar.zone)),
    ):
        if before != after:
            raise _NeedsNewState(
                f"{what}: found {after}, expected {before} while the state is in {before}; "
                "for another one stop callcost and set [home] path to a new file"
            )
