"""The sums of calls, cell by cell: a cell is one slot of time, one segment, one rate version.

Owns the columns that are summed and their exactness: every sum is integers, so order does not matter and an amended
call subtracts exactly. Knows no clock, no level and no window.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consumer.core.columns import ABANDONED, COUNTED, FIRST_COUNTED, MONEY, Integers
from consumer.core.costing import CostedCalls
from consumer.core.histogram import BUCKET_BITS
from consumer.core.money import IntColumn

_LIMB = 32
_LOW = (1 << _LIMB) - 1
_HIGH_FITS, _LOW_FITS = 1 << 29, 1 << 61  # halves whose sum an int64 holds


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows of summed columns, opened for reading."""

    matrix: Integers

    def counted(self, name: str) -> Integers:
        """A counted column."""
        return self.matrix[:, COUNTED.index(name)]

    def money(self, name: str) -> list[int]:
        """A money column as Python ints."""
        return self._money_at(len(COUNTED) + 2 * MONEY.index(name))

    def halves(self, name: str) -> tuple[Integers, Integers]:
        """A money column in the halves that it is kept in: value = (high << 32) + low."""
        column = len(COUNTED) + 2 * MONEY.index(name)
        return self.matrix[:, column], self.matrix[:, column + 1]

    def pool_units(self, pool: int) -> list[int]:
        """Driver units (base units) of a pool."""
        units: list[int] = self.matrix[:, len(COUNTED) + 2 * len(MONEY) + 3 * pool].tolist()
        return units

    def pool_nano(self, pool: int) -> list[int]:
        """A pool's amount at standard."""
        return self._money_at(len(COUNTED) + 2 * len(MONEY) + 3 * pool + 1)

    def _money_at(self, column: int) -> list[int]:
        high, low = self.matrix[:, column], self.matrix[:, column + 1]
        if np.abs(high).max(initial=0) < _HIGH_FITS and np.abs(low).max(initial=0) < _LOW_FITS:
            joined: list[int] = ((high << _LIMB) + low).tolist()
            return joined
        return [(upper << _LIMB) + lower for upper, lower in zip(high.tolist(), low.tolist(), strict=True)]


def money_of(row: list[int], name: str) -> int:
    """A money column of one summed row."""
    return _joined(row, len(COUNTED) + 2 * MONEY.index(name))


def pool_nano_of(row: list[int], pool: int) -> int:
    """A pool's amount at standard of one summed row."""
    return _joined(row, len(COUNTED) + 2 * len(MONEY) + 3 * pool + 1)


def _joined(row: list[int], column: int) -> int:
    return (row[column] << _LIMB) + row[column + 1]


def cell_rows(costed: CostedCalls, standard: IntColumn) -> Integers:
    """The row that each call adds to its cell."""
    fixed = len(COUNTED) + 2 * len(MONEY)
    rows = np.empty((len(costed.calls), fixed + 3 * costed.pools.shape[1]), dtype=np.int64)
    rows[:, : len(COUNTED)] = costed.numbers[:, FIRST_COUNTED:]
    rows[:, _BILLED] = costed.billed_s
    rows[:, _REPORTED_CALLS] = costed.has_reported
    money = (
        costed.carrier, costed.fees.sum(axis=1), standard * costed.numbers[:, ABANDONED],
        costed.reported, costed.carrier_of_reported,
    )  # fmt: skip
    for number, amounts in enumerate(money):
        rows[:, len(COUNTED) + 2 * number] = amounts >> _LIMB
        rows[:, len(COUNTED) + 2 * number + 1] = amounts & _LOW
    rows[:, fixed::3] = costed.pool_units
    rows[:, fixed + 1 :: 3] = costed.pools >> _LIMB
    rows[:, fixed + 2 :: 3] = costed.pools & _LOW
    unrated = costed.unrated != 0
    if unrated.any():
        rows[unrated] = 0
        rows[unrated, _UNRATED] = 1
    return rows


_BILLED, _REPORTED_CALLS, _UNRATED = (COUNTED.index(name) for name in ("billed_s", "reported_calls", "unrated"))


class Cells:
    """The cells of one block under one rate version. A key is slot << 32 | segment, the slot in ms of the block."""

    def __init__(self, width: int) -> None:
        self._row_of: dict[int, int] = {}
        self._keys = np.empty(4, dtype=np.int64)
        self._sums = np.zeros((4, width), dtype=np.int64)
        self._buckets = np.empty(0, dtype=np.int64)  # row << 12 | bucket, ascending
        self._counts = np.empty(0, dtype=np.int64)
        self._recent: list[tuple[Integers, Integers]] = []

    def add(self, keys: Integers, rows: Integers, buckets: Integers, signs: Integers) -> None:
        """Add rows to their cells, and their costs to the cells' histograms (bucket −1: no cost, an unrated call)."""
        where = [self._row(key) for key in keys.tolist()]
        lines = np.array(where, dtype=np.int64)
        if len(set(where)) == len(where):
            self._sums[lines] += rows
        else:
            order = np.argsort(lines, kind="stable")
            ordered = lines[order]
            starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
            self._sums[ordered[starts]] += np.add.reduceat(rows[order], starts, axis=0)
        rated = buckets >= 0
        codes = lines << BUCKET_BITS | buckets
        self._recent.append((codes, signs) if rated.all() else (codes[rated], signs[rated]))
        if len(self._recent) > 64:
            self._settle()

    def add_sums(self, keys: Integers, sums: Integers, buckets: Integers, counts: Integers) -> None:
        """Add cells that were summed elsewhere; buckets are index into keys << 12 | bucket."""
        where = np.array([self._row(key) for key in keys.tolist()], dtype=np.int64)
        self._sums[where] += sums
        self._recent.append((where[buckets >> BUCKET_BITS] << BUCKET_BITS | buckets & ((1 << BUCKET_BITS) - 1), counts))

    def _row(self, key: int) -> int:
        row = self._row_of.get(key)
        if row is None:
            row = self._row_of[key] = len(self._row_of)
            if row == len(self._keys):
                grown = row + row // 2
                self._keys = np.resize(self._keys, grown)
                sums = np.zeros((grown, self._sums.shape[1]), dtype=np.int64)
                sums[:row] = self._sums
                self._sums = sums
            self._keys[row] = key
        return row

    def _settle(self) -> None:
        """Sum up the histograms; a bucket whose calls were all taken back is gone."""
        if not self._recent:
            return
        buckets = np.concatenate([self._buckets, *(recent for recent, _ in self._recent)])
        counts = np.concatenate([self._counts, *(recent for _, recent in self._recent)])
        self._recent = []
        self._buckets, inverse = np.unique(buckets, return_inverse=True)
        self._counts = np.zeros(len(self._buckets), dtype=np.int64)
        np.add.at(self._counts, inverse, counts)
        kept = self._counts != 0
        self._buckets, self._counts = self._buckets[kept], self._counts[kept]

    def opened(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Keys, sums, histogram buckets (row << 12 | bucket) and their counts, of cells that hold any call.

        Ascending by key, so that equal cells are equal bytes whatever order they came in.
        """
        self._settle()
        used = len(self._row_of)
        keys, sums = self._keys[:used], self._sums[:used]
        holds: npt.NDArray[np.bool_] = np.any(sums != 0, axis=1)
        order = np.argsort(keys)
        order = order[holds[order]]
        new_row = np.full(used, -1, dtype=np.int64)
        new_row[order] = np.arange(len(order))
        buckets = new_row[self._buckets >> BUCKET_BITS] << BUCKET_BITS | self._buckets & ((1 << BUCKET_BITS) - 1)
        sorted_buckets = np.argsort(buckets)
        return keys[order], sums[order], buckets[sorted_buckets], self._counts[sorted_buckets]
