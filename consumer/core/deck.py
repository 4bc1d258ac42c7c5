"""A rate deck: what a carrier charges by the longest prefix of a number. Look-up cost does not grow with the deck.

Owns the rows and the look-up. Knows no call and no currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

FOREVER_MS = 1 << 62


class DeckPrice(NamedTuple):
    """The price columns of a row, in units of the deck's scale (10⁻ˢᶜᵃˡᵉ of the tariff's currency)."""

    rate_per_minute: int
    connect_fee: int
    first_increment_s: int
    next_increment_s: int
    minimum_charge: int
    maximum_charge: int | None
    attempt_fee: int


class DeckRow(NamedTuple):
    """One row: a prefix, its price, the half-open time in which it is in force, and where it stands."""

    prefix: str
    price: DeckPrice
    from_ms: int
    to_ms: int
    place: str  # "decks/carrier-a.csv:17"


@dataclass(frozen=True)
class RateDeck:
    """Rows by prefix, with the lengths of the prefixes that begin alike, so that few of them are tried."""

    rows: dict[str, tuple[DeckRow, ...]]
    lengths: dict[str, tuple[int, ...]]  # the first digits of a number -> lengths worth trying, longest first

    _HEAD = 3

    @classmethod
    def of(cls, rows: Iterable[DeckRow]) -> "RateDeck":
        """A deck of rows whose equal prefixes do not overlap in time."""
        by_prefix: dict[str, tuple[DeckRow, ...]] = {}
        lengths: dict[str, set[int]] = {}
        for row in rows:
            by_prefix[row.prefix] = (*by_prefix.get(row.prefix, ()), row)
            lengths.setdefault(row.prefix[: cls._HEAD], set()).add(len(row.prefix))
        short = {len(prefix) for prefix in by_prefix if len(prefix) < cls._HEAD}
        tried = {head: tuple(sorted(found | short, reverse=True)) for head, found in lengths.items()}
        return cls(by_prefix, tried | {"": tuple(sorted(short, reverse=True))})

    def longest(self, digits: str, started_ms: int) -> DeckRow | None:
        """The row of the longest prefix of `digits` among the rows in force at `started_ms`."""
        rows_of = self.rows.get
        for length in self.lengths.get(digits[: self._HEAD]) or self.lengths[""]:
            rows = rows_of(digits[:length])
            if rows is not None and length <= len(digits):
                for row in rows:
                    if row.from_ms <= started_ms < row.to_ms:
                        return row
        return None
