"""What the calls of a stretch of time used, and what that cost at standard: a segment's quantities, and money by item.

Owns which quantity stands behind each item of standard cost. It is what the segment's calls have of the driver, served
by that pool or by another: when the night shift takes over from the day's, calls do not take any longer. The carrier
goes by the time on the line, not by the seconds that it bills: its increments are part of its price. Units of fees are
not kept apart: where all fees of the table count calls they go by calls, else by talk time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from consumer.core.cells import Sums
from consumer.core.columns import Integers, VersionColumns
from consumer.core.intervals import Interval
from consumer.core.pools import DRIVERS, units_a_driver_unit
from consumer.core.rates import RateTable
from consumer.core.reading import Segment

ON_THE_LINE = "line_second"  # what carriers charge for, beside the drivers of pools

_COUNTED: dict[str, tuple[str, ...]] = {
    "handle_second": ("talk_ms", "hold_ms", "wrap_ms"),
    "talk_second": ("talk_ms",),
    "ivr_second": ("ivr_ms",),
    "wait_second": ("wait_ms",),
    "call": ("calls",),
    "answered_call": ("answered",),
    "contact": ("contacts",),
    ON_THE_LINE: ("ivr_ms", "wait_ms", "talk_ms", "hold_ms"),
}


class Item(NamedTuple):
    """One thing that calls are charged for. A pool whose driver changed is two items."""

    component: str
    name: str  # of the pool; else of the component
    driver: str

    @property
    def is_by_time(self) -> bool:
        """Whether it counts seconds, and not calls of some kind."""
        return self.driver.endswith("_second")


@dataclass(frozen=True, slots=True)
class Usage:
    """One segment's costed calls, what they have of each driver (base units), and what items cost at standard."""

    calls: int
    units: Mapping[str, int]
    costs_nano: Mapping[Item, int]

    @property
    def cost_nano(self) -> int:
        """Standard cost."""
        return sum(self.costs_nano.values())


class Items:
    """The items of a rate table: the driver of a pool is the one by which calls were costed."""

    def __init__(self, table: RateTable) -> None:
        fees = {fee.driver for version in table.versions for fee in version.fees}
        self._fee = "talk_second" if any(units_a_driver_unit(driver) > 1 for driver in fees) else "call"

    def used(self, segments: Sequence[Segment], summed: Interval) -> dict[Segment, Usage]:
        """What each segment with costed calls used."""
        units = {driver: np.zeros(len(segments), dtype=np.int64) for driver in (*DRIVERS, ON_THE_LINE)}
        costs: list[dict[Item, int]] = [{} for _ in segments]
        for columns, matrix in summed.sums.items():
            sums = Sums(matrix)
            for driver in units:
                units[driver] += _units_of(driver, sums)
            self._add_costs(costs, sums, columns)
        by_segment = {driver: held.tolist() for driver, held in units.items()}
        return {
            segment: Usage(calls, {driver: held[line] for driver, held in by_segment.items()}, costs[line])
            for line, (segment, calls) in enumerate(zip(segments, by_segment["call"], strict=True))
            if calls
        }

    def _add_costs(self, costs: list[dict[Item, int]], sums: Sums, columns: VersionColumns) -> None:
        _add_up(costs, Item("carrier", "carrier", ON_THE_LINE), sums.money("carrier"))
        _add_up(costs, Item("fee", "fee", self._fee), sums.money("fee"))
        for number, pool in enumerate(columns.pools):
            _add_up(costs, Item(pool.category, pool.name, pool.driver), sums.pool_nano(number))


def _units_of(driver: str, sums: Sums) -> Integers:
    """Unanswered calls are not summed by themselves: all that are not answered, voicemail included."""
    if driver == "unanswered_call":
        return sums.counted("calls") - sums.counted("answered")
    return sum((sums.counted(name) for name in _COUNTED[driver]), start=np.zeros(len(sums.matrix), dtype=np.int64))


def _add_up(costs: list[dict[Item, int]], item: Item, amounts: Sequence[int]) -> None:
    for of_segment, amount in zip(costs, amounts, strict=True):
        if amount:
            of_segment[item] = of_segment.get(item, 0) + amount
