"""The centre at work: everything that its platform tells, in the order in which it tells it.

Joins curve, roster, legs and telling. A call depends on the seed and on when it comes, never on from when on one
listens: whoever begins to listen later hears the same of the same calls.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log
from random import Random
from zlib import crc32
from zoneinfo import ZoneInfo

from consumer.core.instants import MINUTE_MS
from consumer.simulator.centre import Centre
from consumer.simulator.chance import draw
from consumer.simulator.curve import INTERVAL_MS, Curve
from consumer.simulator.legs import LONGEST_MS, Desk, Leg
from consumer.simulator.roster import Agents, Turn, turns
from consumer.simulator.scenarios import NORMAL, Scenario
from consumer.simulator.told import Teller, Told


@dataclass(frozen=True)
class Simulator:
    """An invented centre, from a seed. A busier one than it was built for is a bigger one: it has more agents."""

    centre: Centre = field(default_factory=Centre)
    seed: int = 1
    peak_calls_per_minute: float = 6.0
    scenario: Scenario = NORMAL
    scenario_from_ms: int | None = None  # None: from when on one listens

    def __post_init__(self) -> None:
        if self.peak_calls_per_minute <= 0:
            raise ValueError("expected more than 0 calls a minute")

    def told(self, from_ms: int) -> Iterator[Told]:
        """What is told of the calls that end from an instant on, without end, ascending by `told_ms`."""
        scenario_from_ms = from_ms if self.scenario_from_ms is None else self.scenario_from_ms
        return _Running(self, from_ms, scenario_from_ms).told()


class _Running:
    """One listening."""

    def __init__(self, simulator: Simulator, from_ms: int, scenario_from_ms: int) -> None:
        self.simulator, self.centre, self.from_ms = simulator, simulator.centre, from_ms
        self.scenario_from_ms = scenario_from_ms
        self.scenario_to_ms = scenario_from_ms + simulator.scenario.lasts_ms
        self.curve = Curve(ZoneInfo(self.centre.zone))
        self.scale = simulator.peak_calls_per_minute / self.centre.built_for_calls_per_minute
        self.busy_at_peak = self.centre.busy_agents(simulator.peak_calls_per_minute)
        same = (simulator.seed, float(simulator.peak_calls_per_minute), self.centre)
        self.name = f"{crc32(repr(same).encode()):08x}"
        self._coming: list[Told] = []

    def told(self) -> Iterator[Told]:
        for turn in turns(self.centre, self.from_ms - LONGEST_MS):
            for arrived_ms, leg in self._legs(turn):
                while self._coming and self._coming[0].told_ms <= arrived_ms:
                    yield heapq.heappop(self._coming)
                chances = self._teller.chances()
                if leg.ended_ms >= self.from_ms:
                    for one in self._teller.tell(leg, chances):
                        heapq.heappush(self._coming, one)

    def _legs(self, turn: Turn) -> Iterator[tuple[int, Leg]]:
        """The legs of a turn, each with its arrival, by which they ascend; a second leg arrived with the first."""
        seed, minute = f"{self.name}-{self.simulator.seed}-{turn.start_ms}", turn.start_ms // MINUTE_MS
        arrivals, chance, more_chance, telling = (
            Random(f"{seed}-{what}")  # noqa: S311 - invented calls, no secret
            for what in ("arrivals", "legs", "second legs", "telling")
        )
        self._teller = self._teller_of(telling)
        present = max(1, round(turn.agents * self.centre.present_share * self.scale))
        desk = Desk(self.centre, turn.shift.name, Agents(present, turn.start_ms))
        for number, (started_ms, level) in enumerate(self._arrivals(turn, arrivals)):
            draws, scenario = draw(chance), self._scenario_at(started_ms)
            volume = scenario.volume_after(started_ms - self.scenario_from_ms)
            if draws.comes >= volume:
                continue
            load = self.busy_at_peak * level * volume / present  # the share of those who are there that is busy
            leg = desk.first_leg(f"{self.name}-{minute:x}-{number:x}", started_ms, draws, load, scenario)
            yield started_ms, leg
            if leg.transferred:
                yield started_ms, desk.second_leg(leg, draw(more_chance), load, scenario)

    def _arrivals(self, turn: Turn, source: Random) -> Iterator[tuple[int, float]]:
        """A Poisson process: instants, each with the level of volume in its interval."""
        uniform, start_ms = source.random, turn.start_ms
        per_ms = self.simulator.peak_calls_per_minute / self.centre.legs_per_arrival / MINUTE_MS
        while start_ms < turn.end_ms:
            interval = start_ms // INTERVAL_MS
            level, end_ms = self.curve.level(interval), min((interval + 1) * INTERVAL_MS, turn.end_ms)
            instant = float(start_ms)
            while (instant := instant - log(1 - uniform()) / (per_ms * level)) < end_ms:
                yield int(instant), level
            start_ms = end_ms

    def _scenario_at(self, instant_ms: int) -> Scenario:
        lasts = self.scenario_from_ms <= instant_ms < self.scenario_to_ms
        return self.simulator.scenario if lasts else NORMAL

    def _teller_of(self, source: Random) -> Teller:
        if self.simulator.scenario.is_cut_off:
            return Teller(self.centre, source, self.scenario_from_ms, self.scenario_to_ms)
        return Teller(self.centre, source)
