"""The distribution of cost per call: buckets whose width is 2 % of their value, so that a quantile is within 1 %.

Owns bucket bounds and quantiles. The bounds are integers made by integer arithmetic: every machine has the same.
"""

import numpy as np
import numpy.typing as npt

from consumer.core.money import IntColumn, divide_half_up

_MOST_NANO = (1 << 62) - 1  # 4.6 × 10⁹ currency units a call: what costs more stands in the last bucket


def _lower_bounds() -> list[int]:
    """0, 1, 2, … 100, then each bound 2 % above the one before."""
    bounds = list(range(101))
    while bounds[-1] <= _MOST_NANO:
        bounds.append(bounds[-1] * 102 // 100)
    return bounds


_BOUNDS = np.array(_lower_bounds()[:-1], dtype=np.int64)
BUCKETS = len(_BOUNDS)
BUCKET_BITS = 12
assert 1 << BUCKET_BITS > BUCKETS  # noqa: S101 - a bound on the packed form of cells


def bucket_of(costs_nano: IntColumn) -> npt.NDArray[np.int64]:
    """The bucket of each cost; costs are not negative."""
    clipped = np.minimum(costs_nano, _MOST_NANO).astype(np.int64)
    return np.searchsorted(_BOUNDS, clipped, side="right").astype(np.int64) - 1


def _value_of(bucket: int) -> int:
    low = int(_BOUNDS[bucket])
    high = int(_BOUNDS[bucket + 1]) - 1 if bucket + 1 < BUCKETS else _MOST_NANO
    return low if low == high else divide_half_up(2 * low * high, low + high)


#: The nano-units that stand for each bucket: within 1 % of every cost in it, exact up to 100 nano-units.
VALUES = tuple(_value_of(bucket) for bucket in range(BUCKETS))


def quantiles(counts: npt.NDArray[np.int64], percents: tuple[int, ...]) -> list[tuple[int | None, ...]]:
    """Nearest-rank quantiles in nano-units, for rows of counts by bucket; None where a row has no call."""
    cumulated = np.cumsum(counts, axis=1)
    calls = cumulated[:, -1]
    found = np.empty((len(counts), len(percents)), dtype=np.int64)
    for number, percent in enumerate(percents):
        rank = (calls * percent + 99) // 100
        found[:, number] = np.argmax(cumulated >= rank[:, None], axis=1)
    return [
        tuple(VALUES[bucket] for bucket in row) if any_call else (None,) * len(percents)
        for row, any_call in zip(found.tolist(), calls.tolist(), strict=True)
    ]
