"""Fully absorbed cost: what pools accrued in a window, spread over the calls that they served.

Owns the spreading, to the last nano-unit (rate-table.md, Accrual and absorption). Knows no slice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumer.core.accrual import accrued_nano
from consumer.core.rates import RateTable
from consumer.core.reading import PoolFigures
from consumer.core.windows import Span


@dataclass(frozen=True, slots=True)
class Consumption:
    """What the calls of a window used of one pool of one version."""

    weights: Sequence[int]  # of each segment: driver units, or nano-units where the pool had several drivers
    standard_nano: int


#: (version id, pool name) -> what was used of it
Consumed = Mapping[tuple[str, str], Consumption]


def absorb(
    table: RateTable, span: Span, consumed: Consumed, segments: int
) -> tuple[list[int], int, tuple[PoolFigures, ...]]:
    """Each segment's share of what all pools accrued, what is left to `__idle__`, and the pools' own figures.

    Segments are those of `consumed`, in the order of their values; pools in the order in which the table names them.
    """
    shares, idle_nano = [0] * segments, 0
    accrued_of: dict[str, int] = {}
    absorbed_of: dict[str, int | None] = {}
    nothing = Consumption((0,) * segments, 0)
    for version in table.versions:
        for pool in version.pools:
            accrued = accrued_nano(table, version, pool, span.from_ms, span.to_ms)
            used = consumed.get((version.id, pool.name), nothing)
            parts = apportion(accrued, used.weights)
            if parts is None:
                idle_nano += accrued
            else:
                shares = [share + part for share, part in zip(shares, parts, strict=True)]
            accrued_of[pool.name] = accrued_of.get(pool.name, 0) + accrued
            so_far = absorbed_of.get(pool.name, 0)
            absorbed_of[pool.name] = None if pool.capacity is None or so_far is None else so_far + used.standard_nano
    pools = tuple(PoolFigures(name, accrued, absorbed_of[name]) for name, accrued in accrued_of.items())
    return shares, idle_nano, pools


def apportion(amount: int, weights: Sequence[int]) -> list[int] | None:
    """An amount over weights: floors, and the left-over units to the largest remainders; ties go to the first.

    The parts add up to the amount. None where no weight is above zero.
    """
    whole = sum(weights)
    if whole <= 0:
        return None
    if not amount:
        return [0] * len(weights)
    floors = [amount * weight // whole for weight in weights]
    left = amount - sum(floors)
    if left:
        remainders = [amount * weight - floor * whole for weight, floor in zip(weights, floors, strict=True)]
        for line in sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)[:left]:
            floors[line] += 1
    return floors
