"""What the calls of a stretch of time used, and what that cost at standard: a segment's driver units and money by item.

Owns which quantity stands behind each item of standard cost. A pool has its driver. The carrier goes by the time on
the line, not by the seconds that it bills: its increments are part of its price. Units of fees are not kept apart, so
where all fees of the table count calls they go by calls, else by talk time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from consumer.core.cells import Sums
from consumer.core.columns import VersionColumns
from consumer.core.intervals import Interval
from consumer.core.pools import Driver, units_a_driver_unit
from consumer.core.rates import RateTable
from consumer.core.reading import Segment

Quantity = Literal["time", "calls"]  # what its units count: seconds of handling, or calls of some kind


class Item(NamedTuple):
    """One thing that calls are charged for. Units of different drivers cannot be compared: they are two items."""

    component: str
    name: str  # of the pool; else of the component
    quantity: Quantity
    driver: str = ""


class Used(NamedTuple):
    """How much of an item, and what it cost at standard."""

    units: int
    cost_nano: int


@dataclass(frozen=True, slots=True)
class Usage:
    """One segment's costed calls, and what they used."""

    calls: int
    items: Mapping[Item, Used]

    @property
    def cost_nano(self) -> int:
        """Standard cost."""
        return sum(used.cost_nano for used in self.items.values())


class Items:
    """The items of a rate table."""

    def __init__(self, table: RateTable) -> None:
        self._drivers: dict[tuple[str, str], Driver] = {
            (version.id, pool.name): pool.driver for version in table.versions for pool in version.pools
        }
        fees = {fee.driver for version in table.versions for fee in version.fees}
        self._fees_by_time = any(units_a_driver_unit(driver) > 1 for driver in fees)

    def used(self, segments: Sequence[Segment], summed: Interval) -> dict[Segment, Usage]:
        """What each segment with costed calls used."""
        calls = np.zeros(len(segments), dtype=np.int64)
        found: list[dict[Item, Used]] = [{} for _ in segments]
        for columns, matrix in summed.sums.items():
            sums = Sums(matrix)
            calls += sums.counted("calls")
            self._add(found, sums, columns)
        return {
            segment: Usage(number, items)
            for segment, number, items in zip(segments, calls.tolist(), found, strict=True)
            if number
        }

    def _add(self, found: list[dict[Item, Used]], sums: Sums, columns: VersionColumns) -> None:
        talk = sums.counted("talk_ms") if self._fees_by_time else sums.counted("calls")
        on_the_line = sum((sums.counted(name) for name in _ON_THE_LINE), start=np.zeros_like(talk))
        _add_up(found, Item("carrier", "carrier", "time"), on_the_line.tolist(), sums.money("carrier"))
        _add_up(found, Item("fee", "fee", "time" if self._fees_by_time else "calls"), talk.tolist(), sums.money("fee"))
        for number, (pool, category) in enumerate(columns.pools):
            driver = self._drivers.get((columns.version_id, pool))  # None: the table was reloaded without it
            by_time = driver is None or units_a_driver_unit(driver) > 1
            item = Item(category, pool, "time" if by_time else "calls", driver or "")
            _add_up(found, item, sums.pool_units(number), sums.pool_nano(number))


def _add_up(found: list[dict[Item, Used]], item: Item, units: Sequence[int], amounts: Sequence[int]) -> None:
    for items, more, amount in zip(found, units, amounts, strict=True):
        if amount or more:  # what is free has a price of 0
            held = items.get(item, _NOTHING)
            items[item] = Used(held.units + more, held.cost_nano + amount)


_NOTHING = Used(0, 0)
_ON_THE_LINE = ("ivr_ms", "wait_ms", "talk_ms", "hold_ms")
