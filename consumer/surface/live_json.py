"""One snapshot of the live page as JSON: what of a reading and of a status the page shows, and no more.

Owns which rows are left out and how long a text may be, so that a snapshot stays small whatever names there are.
What figures are called, and their decimals, is `report_json`'s and `status`'s.
"""

import heapq
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec

from consumer.core.budgets import BudgetReading
from consumer.core.instants import format_ms
from consumer.core.outlook import Outlook
from consumer.core.reading import Reading, WindowReading
from consumer.surface.report_json import reading_json
from consumer.surface.report_outlook import budgets_json, usual_json
from consumer.surface.status import ShareStatus, Status, status_json

_NOTHING_EXPECTED = Outlook()

MOST_BYTES = 50_000  # of a snapshot
POOLS_OF = "1h"  # the window whose pools are shown
SEGMENTS_OF = ("1h", "day-to-date")  # the windows whose segments are shown

_MOST_POOLS = 40
_MOST_BUDGETS = 5
_MOST_PROBLEMS = 5  # of a kind
_MOST_VERSIONS = 3
_LONGEST_PROBLEM = 200  # characters
_LONGEST_VERSION = 60  # characters

#: Segments of a window, those that cost most, and characters of a name: the first with which a snapshot is small.
_SIZES = ((20, 60), (20, 24), (20, 12), (5, 12))

_OF_BUDGET = ("per", "amount", "spent", "projected", "history_weeks")
_OF_SEGMENT = ("window", "segment", "calls", "unrated", "standard_cost", "cost_per_call")
_OF_DIRECTION = (*_OF_SEGMENT, "p95")
_OF_WHOLE = (*_OF_DIRECTION, "from", "whole", "absorbed_cost", "standard_components")


def snapshot(
    status: Status, reading: Reading | None, outlook: Outlook = _NOTHING_EXPECTED, reason: str | None = None
) -> bytes:  # fmt: skip
    """JSON of at most MOST_BYTES. Without a reading `reason` says why."""
    encoded = b""
    for most, longest in _SIZES:
        figures = None if reading is None else _figures(reading, outlook, most, longest)
        encoded = msgspec.json.encode({"status": _status(status), "reason": reason, "figures": figures})
        if len(encoded) <= MOST_BYTES:
            break
    return encoded


def _status(status: Status) -> dict[str, Any]:
    found = status_json(status)
    table = found["rate_table"]
    found["not_ready"] = None if status.not_ready is None else _cut(status.not_ready, _LONGEST_PROBLEM)
    found["troubles"] = _problems(status.troubles)
    table["problems"], table["more_problems"] = _problems(status.table_problems), _more(status.table_problems)
    table["versions"] = [_cut(one, _LONGEST_VERSION) for one in status.table_versions[-_MOST_VERSIONS:]]
    table["more_versions"] = max(len(status.table_versions) - _MOST_VERSIONS, 0)
    found["shares"] = _shares(status.shares) if status.shares else None
    return found


def _shares(shares: Sequence[ShareStatus]) -> dict[str, Any]:
    """How many parts of the source are folded here and elsewhere, and how old the oldest of the others is."""
    others = [one.as_of_ms for one in shares if not one.is_own]
    known = [as_of_ms for as_of_ms in others if as_of_ms is not None]
    oldest = format_ms(min(known)) if known and len(known) == len(others) else None
    return {"own": len(shares) - len(others), "others": len(others), "oldest": oldest}


def _problems(found: Sequence[str]) -> list[str]:
    return [_cut(one, _LONGEST_PROBLEM) for one in found[:_MOST_PROBLEMS]]


def _more(found: Sequence[str]) -> int:
    return max(len(found) - _MOST_PROBLEMS, 0)


def _figures(reading: Reading, outlook: Outlook, most: int, longest: int) -> dict[str, Any]:
    windows = tuple(_without_segments(window) for window in reading.windows)
    shown = reading_json(replace(reading, windows=windows))
    length = len(reading.dimensions)
    dearest = tuple(_dearest(window, length, most) for window in reading.windows if window.window in SEGMENTS_OF)
    segments = reading_json(replace(reading, windows=dearest))["windows"]
    budgets = budgets_json(reading, _worst(outlook.budgets), ())
    return {
        "as_of": shown["as_of"],
        "known_from": shown["known_from"],
        "currency": reading.currency,
        "time_zone": reading.time_zone,
        "dimensions": list(reading.dimensions),
        "windows": [
            _picked(row, longest, _OF_DIRECTION if row["segment"] else _OF_WHOLE) for row in shown["windows"]
        ],
        "segments": [_picked(row, longest, _OF_SEGMENT) for row in segments],
        "pools": [{**pool, "pool": _cut(pool["pool"], longest)} for pool in shown["pools"]],
        "usual": usual_json(reading, outlook),
        "budgets": [_budget(one, longest) for one in budgets["budgets"]],
        "more_budgets": max(len(outlook.budgets) - _MOST_BUDGETS, 0),
    }  # fmt: skip


def _without_segments(window: WindowReading) -> WindowReading:
    """The directions and the whole; pools only where they are shown."""
    rows = tuple({row.segment: row for row in window.rows if len(row.segment) <= 1 and not row.is_idle}.values())
    return replace(window, rows=rows, pools=window.pools[:_MOST_POOLS] if window.window == POOLS_OF else ())


def _dearest(window: WindowReading, length: int, most: int) -> WindowReading:
    """The segments that cost most, the dearest first; equal ones as they were."""
    segments = (row for row in window.rows if len(row.segment) == length and not row.is_idle)
    rows = heapq.nlargest(most, segments, key=lambda row: row.figures.standard_nano)
    return replace(window, rows=tuple(rows), pools=())


def _worst(budgets: Sequence[BudgetReading]) -> list[BudgetReading]:
    """Those of which the largest part will be spent, that one first; equal ones as in the rate table."""
    return heapq.nlargest(_MOST_BUDGETS, budgets, key=_part_projected)


def _part_projected(budget: BudgetReading) -> tuple[bool, Fraction]:
    """How much of it will be spent: of a budget of nothing, anything is more than any part of another."""
    if not budget.amount_nano:
        return budget.projected_nano > 0, Fraction(budget.projected_nano)
    return False, Fraction(budget.projected_nano, budget.amount_nano)


def _budget(budget: dict[str, Any], longest: int) -> dict[str, Any]:
    return {name: budget[name] for name in _OF_BUDGET} | {"budget": _cut(budget["budget"], longest)}


def _picked(row: dict[str, Any], longest: int, names: Sequence[str]) -> dict[str, Any]:
    picked = {name: row[name] for name in names}
    picked["segment"] = {name: _cut(value, longest) for name, value in row["segment"].items()}
    return picked


def _cut(text: str, longest: int) -> str:
    """At most so many characters, each of which can be seen."""
    kept = text if len(text) <= longest else f"{text[: longest - 1]}…"
    if kept.isprintable():
        return kept
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in kept)
