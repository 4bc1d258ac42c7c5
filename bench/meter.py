"""Counts events of a run, and takes what the whole process spends on them.

From when 5 % of them are folded until all are, so that neither the start nor the joining of a group counts. The time is
taken when the last one is folded, the CPU when it is stored too: whoever waits for its next checkpoint is not slow.
"""

import json
import resource
import time
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run."""

    events_a_second: float
    cpu_us: float  # an event, on all threads
    more: dict[str, float] = field(default_factory=dict)


def read_figures(line: str) -> Figures:
    """What `Meter` printed."""
    return Figures(**json.loads(line))


def cpu_s() -> float:
    """CPU seconds of this process, on all threads, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Of one run of so many events."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.more: dict[str, float] = {}
        self._folded = self._first = 0
        self._from_s = self._until_s = self._from_cpu_s = 0.0
        self._is_told = False

    @property
    def is_folded(self) -> bool:
        """Whether all events were."""
        return self._folded >= self.events

    def fold(self, number: int) -> None:
        """So many more are folded."""
        self._folded += number
        if not self._first and self._folded >= self.events // 20:
            self._first, self._from_s, self._from_cpu_s = self._folded, time.perf_counter(), cpu_s()
        if self.is_folded and not self._until_s:
            self._until_s = time.perf_counter()

    @property
    def spent_s(self) -> float:
        """CPU seconds so far."""
        return cpu_s() - self._from_cpu_s

    def store(self, number: int) -> None:
        """So many, in all, are stored. When that is all of them, the figures are printed."""
        if number >= self.events and self.is_folded and not self._is_told:
            self._is_told = True
            counted = self._folded - self._first
            told = Figures(counted / (self._until_s - self._from_s), self.spent_s / counted * 1e6, self.more)
            print(json.dumps(asdict(told)), flush=True)
