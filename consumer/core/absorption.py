"""Fully absorbed cost: what pools accrued in a window, spread over the calls that they served.

Owns the spreading, to the last nano-unit (rate-table.md, Accrual and absorption). Knows no slice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consumer.core.accrual import accrued_nano
from consumer.core.calls import IDLE
from consumer.core.rates import RateTable
from consumer.core.reading import PoolFigures, Segment
from consumer.core.windows import Span


@dataclass
class Consumption:
    """What the calls of a window used of one pool of one version."""

    units: dict[Segment, int] = field(default_factory=dict)  # driver units, base units
    standard_nano: int = 0


#: (version id, pool name) -> what was used of it
Consumed = Mapping[tuple[str, str], Consumption]


def absorb(
    table: RateTable, span: Span, consumed: Consumed, dimensions: int
) -> tuple[dict[Segment, int], tuple[PoolFigures, ...]]:
    """Each segment's share of what all pools accrued, `__idle__` included, and the pools' own figures.

    Pools are listed by name, in the order in which the table first names them.
    """
    shares: dict[Segment, int] = {}
    accrued_of: dict[str, int] = {}
    absorbed_of: dict[str, int | None] = {}
    idle = (IDLE,) * dimensions
    for version in table.versions:
        for pool in version.pools:
            accrued = accrued_nano(table, version, pool, span.from_ms, span.to_ms)
            used = consumed.get((version.id, pool.name), _NOTHING)
            for segment, share in apportion(accrued, used.units).items() or ((idle, accrued),):
                if share:
                    shares[segment] = shares.get(segment, 0) + share
            accrued_of[pool.name] = accrued_of.get(pool.name, 0) + accrued
            so_far = absorbed_of.get(pool.name, 0)
            without_rate = pool.capacity is None or so_far is None
            absorbed_of[pool.name] = None if without_rate or so_far is None else so_far + used.standard_nano
    pools = tuple(PoolFigures(name, accrued, absorbed_of[name]) for name, accrued in accrued_of.items())
    return shares, pools


_NOTHING = Consumption()


def apportion(amount: int, weights: Mapping[Segment, int]) -> dict[Segment, int]:
    """An amount over weights: floors, and the left-over units to the largest remainders; ties in the order of segments.

    The parts add up to the amount. Empty where no weight is above zero.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    parts = {segment: divmod(amount * weight, whole) for segment, weight in weights.items() if weight}
    left = amount - sum(floor for floor, _ in parts.values())
    by_remainder = sorted(parts, key=lambda segment: (-parts[segment][1], segment))
    luckier = set(by_remainder[:left])
    return {segment: floor + (segment in luckier) for segment, (floor, _) in parts.items()}
