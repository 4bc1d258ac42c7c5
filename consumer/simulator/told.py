"""When the platform tells what: soon, late, twice, out of order, or in a burst after an outage.

Owns the delays. Knows of a call when it ended and how long its wrap-up took, and of an event its bytes.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from consumer.core.instants import MINUTE_MS, SECOND_MS
from consumer.simulator.centre import Centre
from consumer.simulator.legs import Leg
from consumer.simulator.wire import CALL, VERSIONS, WRAP_UP, versions

_BURST = 40  # what an outage kept back is told so many times as fast as it came
_DRAWS_A_VERSION = 3


class Told(NamedTuple):
    """One event, and when the platform tells it: never before its call has ended."""

    told_ms: int
    event: bytes  # one canonical JSON object


class Teller:
    """Tells legs. Nothing is told in [dumb_from_ms, dumb_to_ms): it comes right afterwards, in the same order."""

    def __init__(self, centre: Centre, source: Random, dumb_from_ms: int = 0, dumb_to_ms: int = 0) -> None:
        self.centre, self.source = centre, source
        self.dumb_from_ms, self.dumb_to_ms = dumb_from_ms, dumb_to_ms

    def chances(self) -> list[float]:
        """What chance decides of one leg's telling: as many draws for each leg, told or not."""
        uniform = self.source.random
        return [uniform() for _ in range(_DRAWS_A_VERSION * len(VERSIONS))]

    def tell(self, leg: Leg, chances: list[float]) -> Iterator[Told]:
        """Every event of a leg, in no order."""
        for version, event in versions(leg):
            delay, twice, pause = chances[_DRAWS_A_VERSION * (version - 1) : _DRAWS_A_VERSION * version]
            told_ms = self._first_told(version, leg, delay)
            yield Told(self._kept_back(told_ms), event)
            if twice < self.centre.duplicate_share:
                yield Told(self._kept_back(told_ms + SECOND_MS + int(pause * 40 * SECOND_MS)), event)

    def _first_told(self, version: int, leg: Leg, place: float) -> int:
        if version == CALL:
            if place < self.centre.delayed_share:
                return leg.ended_ms + int(45 * SECOND_MS * place / self.centre.delayed_share)
            return leg.ended_ms + 200 + int(1_300 * place)
        if version == WRAP_UP:
            return leg.ended_ms + max(leg.wrap_ms + int(6 * SECOND_MS * place), 10 * SECOND_MS)
        return leg.ended_ms + 2 * MINUTE_MS + int(10 * MINUTE_MS * place)

    def _kept_back(self, told_ms: int) -> int:
        if self.dumb_from_ms <= told_ms < self.dumb_to_ms:
            return self.dumb_to_ms + (told_ms - self.dumb_from_ms) // _BURST
        return told_ms
