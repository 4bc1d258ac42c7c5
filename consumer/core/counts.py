"""How many events became what: as things are now, and as they happened.

Owns the law that every event is in exactly one count. Knows neither events nor prices.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

#: In the order of rate-table.md (Unrated): of several reasons the first counts.
UNRATED_REASONS = ("no_rate_version", "no_tariff", "no_prefix", "no_fx_rate")

#: Upper bounds of the classic histogram of cost per call, in nano-units of whatever currency: 1-2-5 from 0.001 to 1000.
COST_BUCKETS_NANO = (*(step * 10**power for power in range(6, 12) for step in (1, 2, 5)), 10**12)


def _add(counts: dict[str, int], key: str, number: int) -> None:
    number += counts.get(key, 0)
    if number:
        counts[key] = number
    else:
        counts.pop(key, None)


class Counts(msgspec.Struct):
    """How things are now: received = costed + unrated + rejected + duplicates + amended + late + pending."""

    received: int = 0
    costed: int = 0
    unrated: dict[str, int] = {}
    rejected: dict[str, int] = {}
    duplicates: int = 0
    amended: int = 0
    late: int = 0
    pending: int = 0
    unknown_keys: int = 0
    unconverted_prices: int = 0  # costed calls whose reported price is left out: its currency has no rate
    late_cost_nano: int = 0

    def reject(self, reason: str, number: int = 1) -> None:
        """Count rejected events."""
        _add(self.rejected, reason, number)

    def rate(self, unrated: str | None, number: int) -> None:
        """Count calls as costed (None) or as unrated with a reason; a negative number takes them back."""
        if unrated is None:
            self.costed += number
        else:
            _add(self.unrated, unrated, number)

    def accounted(self) -> int:
        """The right side of the law."""
        return (
            self.costed + sum(self.unrated.values()) + sum(self.rejected.values())
            + self.duplicates + self.amended + self.late + self.pending
        )  # fmt: skip


class DirectionTotals(msgspec.Struct):
    """What happened to the calls of one direction; nothing here ever falls."""

    calls: int = 0  # first costings
    handled_ms: int = 0  # of first costings
    cost_nano: dict[str, int] = {}  # by component: first costings and later increases
    corrections_nano: dict[str, int] = {}  # by component: later decreases
    histogram: list[int] = []  # standard cost of first costings, by COST_BUCKETS_NANO and one above
    histogram_sum_nano: int = 0


class Totals(msgspec.Struct):
    """What happened since the beginning, for counters; nothing here ever falls."""

    received: int = 0
    costed: int = 0
    unrated: dict[str, int] = {}
    rejected: dict[str, int] = {}
    duplicates: int = 0
    amended: int = 0
    late: int = 0
    late_cost_nano: int = 0
    unknown_keys: int = 0
    unconverted_prices: int = 0  # reported prices of costed calls in a currency without a rate
    other_values: int = 0  # calls whose value of a dimension went to __other__
    closed_risen_nano: int = 0  # cost at standard that came to local days which were over
    closed_fallen_nano: int = 0  # and that went from them
    directions: dict[str, DirectionTotals] = {}

    def add(self, counts: dict[str, int], key: str, number: int) -> None:
        """Count under a reason."""
        _add(counts, key, number)

    def of(self, direction: str) -> DirectionTotals:
        """The totals of a direction."""
        found = self.directions.get(direction)
        if found is None:
            found = self.directions[direction] = DirectionTotals(histogram=[0] * (len(COST_BUCKETS_NANO) + 1))
        return found


Summed = TypeVar("Summed", Counts, Totals)


def sum_of(kind: type[Summed], parts: Sequence[Summed]) -> Summed:
    """The counts, or the totals, of several folds together, as a copy."""
    summed = msgspec.to_builtins(kind())
    for part in parts:
        summed = _sum(summed, msgspec.to_builtins(part))
    return msgspec.convert(summed, kind)


def _sum(one: Any, other: Any) -> Any:
    """Numbers added up, under the same names and at the same places."""
    if isinstance(one, dict):
        return {
            name: _sum(one[name], other[name]) if name in one and name in other else {**one, **other}[name]
            for name in {**one, **other}
        }
    if isinstance(one, list):
        return [_sum(mine, theirs) for mine, theirs in zip(one, other, strict=True)]
    return one + other


def as_plain(state: Counts | Totals) -> dict[str, Any]:
    """The state with its maps in the order of their keys, so that equal states are equal bytes."""
    plain: dict[str, Any] = msgspec.to_builtins(state, order="deterministic")
    return plain
