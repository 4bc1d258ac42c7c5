"""Which number stands in which column: of a call's row of numbers, and of the sums that calls are added to.

Owns what is counted of a call, and the units that drivers count. Knows no price and no cell.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from consumer.core.calls import CompletedCall
from consumer.core.pools import Category, CostPool, Driver

Integers = npt.NDArray[np.int64]

#: What is summed of a call besides money. Those that costing decides are 0 in a row of numbers.
COUNTED = (
    "calls", "answered", "abandoned", "transferred", "unrated", "contacts", "resolved", "sales", "leads",
    "talk_ms", "hold_ms", "wrap_ms", "wait_ms", "ivr_ms", "billed_s", "reported_calls",
)  # fmt: skip
#: Money columns: two int64 each, so that no sum of rupiahs overflows: value = (high << 32) + low.
MONEY = ("carrier", "fee", "abandoned", "reported", "carrier_of_reported")

_BEFORE_COUNTED = ("started_ms", "ended_ms", "unanswered", "handle_ms")
_COLUMNS = (*_BEFORE_COUNTED, *COUNTED)

STARTED = _COLUMNS.index("started_ms")
ENDED = _COLUMNS.index("ended_ms")
ABANDONED = _COLUMNS.index("abandoned")
FIRST_COUNTED = len(_BEFORE_COUNTED)

_UNANSWERED = frozenset(("abandoned", "no_answer", "busy", "failed"))
_UNITS: tuple[tuple[Driver, str], ...] = (
    ("handle_second", "handle_ms"),
    ("talk_second", "talk_ms"),
    ("ivr_second", "ivr_ms"),
    ("wait_second", "wait_ms"),
    ("call", "calls"),
    ("answered_call", "answered"),
    ("unanswered_call", "unanswered"),
    ("contact", "contacts"),
)
_DRIVER_COLUMNS = {driver: _COLUMNS.index(name) for driver, name in _UNITS}


class PoolColumns(NamedTuple):
    """A pool as calls were costed with it: units are those of its driver."""

    name: str
    category: Category
    driver: Driver

    @classmethod
    def of(cls, pool: CostPool) -> "PoolColumns":
        """Where a pool is summed."""
        return cls(pool.name, pool.category, pool.driver)


@dataclass(frozen=True, order=True)
class VersionColumns:
    """Which rate version a cell's pool columns belong to. A reloaded table may give the same id other pools."""

    version_id: str  # "" without a version
    pools: tuple[PoolColumns, ...] = ()

    @property
    def width(self) -> int:
        """Columns of a cell: counted, money, and units and money of each pool."""
        return len(COUNTED) + 2 * len(MONEY) + 3 * len(self.pools)


def driver_column(driver: Driver) -> int:
    """Where a driver's units stand, in base units (milliseconds, calls): rate-table.md, Units."""
    return _DRIVER_COLUMNS[driver]


def number_rows(calls: list[CompletedCall]) -> Integers:
    """A row a call."""
    return np.array([_row(call) for call in calls], dtype=np.int64)


def _row(call: CompletedCall) -> tuple[int, ...]:
    disposition, outcome, talk, hold, wrap = call.disposition, call.outcome, call.talk_ms, call.hold_ms, call.wrap_ms
    return (
        call.started_ms, call.ended_ms, disposition in _UNANSWERED, talk + hold + wrap,
        1, disposition == "answered", disposition == "abandoned", call.transferred, 0, call.first_of_contact,
        outcome == "resolved", outcome == "sale", outcome == "lead",
        talk, hold, wrap, call.wait_ms, call.ivr_ms, 0, 0,
    )  # fmt: skip
