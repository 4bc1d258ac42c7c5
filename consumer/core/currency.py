"""Dated exchange rates into the reporting currency. A missing rate is None, never 1."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class ExchangeRates:
    """Units of the reporting currency for one of another, each from its date on."""

    reporting: str
    dated: Mapping[str, tuple[tuple[int, Fraction], ...]]  # currency -> (effective_from in ms, rate), ascending

    def at(self, currency: str, instant_ms: int) -> Fraction | None:
        """The rate in force at an instant."""
        if currency == self.reporting:
            return Fraction(1)
        rates = self.dated.get(currency, ())
        found = bisect_right(rates, instant_ms, key=lambda dated: dated[0])
        return rates[found - 1][1] if found else None

    def changes(self) -> list[int]:
        """Every instant at which any rate changes."""
        return sorted({start for rates in self.dated.values() for start, _ in rates})
