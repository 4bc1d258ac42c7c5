"""A carrier's tariff: which calls it fits, and what it charges for them, exactly.

Owns increments, periods by time of day, clamping and the carrier's own rounding. The rules are those of
rate-table.md (Connection, Tariff charge, Periods). Knows no exchange rate and no pool.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from consumer.core.calendar import OpeningHours
from consumer.core.calls import CompletedCall
from consumer.core.deck import DeckRow, RateDeck
from consumer.core.numbers import NumberPlan
from consumer.core.pools import Scope

RoundingMode = Literal["half_up", "up", "down", "half_even"]


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a carrier rounds each charge on its invoice, in its own currency."""

    decimals: int
    mode: RoundingMode = "half_up"

    def apply(self, charge: Fraction) -> Fraction:
        """The charge rounded to `decimals`."""
        scaled = charge * 10**self.decimals
        floor, rest = divmod(scaled.numerator, scaled.denominator)
        twice = 2 * rest
        up = {
            "half_up": twice >= scaled.denominator,
            "half_even": twice > scaled.denominator or (twice == scaled.denominator and floor % 2 == 1),
            "up": rest > 0,
            "down": False,
        }[self.mode]
        return Fraction(floor + up, 10**self.decimals)


@dataclass(frozen=True, slots=True)
class TariffPeriod:
    """Other prices at certain hours."""

    hours: OpeningHours
    deck: RateDeck


_AS_DIALLED = NumberPlan()


class Charge(NamedTuple):
    """What a tariff charges for one call, in the tariff's currency: numerator ÷ denominator, before rounding."""

    numerator: int
    denominator: int
    billed_s: int
    row: DeckRow | None  # of the first increment or of the attempt; None where no prefix fits an attempt
    parts: tuple[tuple[DeckRow, int], ...]  # seconds at each row's rate, in the order of the increments


@dataclass(frozen=True)
class Tariff:
    """Prices of one carrier or trunk. The first tariff of a version whose match fits a call applies."""

    name: str
    match: Scope
    number: Literal["to", "from"]
    currency: str
    deck: RateDeck
    scale: int  # the decks' prices are integers of 1/scale of the currency
    attempt_fee: int  # in 1/scale; where no prefix fits
    periods: tuple[TariffPeriod, ...] = ()
    plan: NumberPlan = _AS_DIALLED
    rounding: Rounding | None = None
    prefer_reported: bool = False

    def fits(self, call: CompletedCall) -> bool:
        """Whether the tariff is for this call; internal calls use one only if it names them."""
        if call.direction == "internal" and "internal" not in self.match.allowed.get("direction", ()):
            return False
        return self.match.fits(call)

    def charge(self, call: CompletedCall) -> Charge | None:
        """The charge for a call that fits; None where it is connected and no prefix fits its number."""
        digits = self.plan.digits(call.to_number if self.number == "to" else call.from_number)
        if self.periods:
            row = self._row(digits, call.started_ms, call.connect_ms)
        else:
            row = self.deck.longest(digits, call.started_ms)
        if call.billable_ms == 0:
            return Charge(self.attempt_fee if row is None else row.price.attempt_fee, self.scale, 0, row, ())
        if row is None:
            return None
        price = row.price
        billed_s = billed_seconds(call.billable_ms, price.first_increment_s, price.next_increment_s)
        if self.periods:
            parts = self._parts(digits, call, row, billed_s)
            if parts is None:
                return None
            usage = sum(part.price.rate_per_minute * seconds for part, seconds in parts)
        else:
            parts = ((row, billed_s),)
            usage = price.rate_per_minute * billed_s
        charge = 60 * price.connect_fee + usage
        if charge < 60 * price.minimum_charge:
            charge = 60 * price.minimum_charge
        if price.maximum_charge is not None and charge > 60 * price.maximum_charge:
            charge = 60 * price.maximum_charge
        return Charge(charge, 60 * self.scale, billed_s, row, parts)

    def _row(self, digits: str, started_ms: int, instant_ms: int) -> DeckRow | None:
        """The row that prices an increment beginning at `instant_ms`: the first open period's, else our own."""
        for period in self.periods:
            if period.hours.is_open(instant_ms):
                row = period.deck.longest(digits, started_ms)
                if row is not None:
                    return row
                break
        return self.deck.longest(digits, started_ms)

    def _parts(
        self, digits: str, call: CompletedCall, first: DeckRow, billed_s: int
    ) -> tuple[tuple[DeckRow, int], ...] | None:
        """Seconds by row. Increments are counted between changes of period: a day may have 86 400 of them."""
        first_s, next_s = first.price.first_increment_s, first.price.next_increment_s
        parts: list[tuple[DeckRow, int]] = [(first, first_s)]
        done_s = first_s
        while done_s < billed_s:
            begins = call.connect_ms + done_s * 1000
            row = self._row(digits, call.started_ms, begins)
            if row is None:
                return None
            change = min(period.hours.next_change(begins) for period in self.periods)
            increments = min(-(-(change - begins) // (next_s * 1000)), (billed_s - done_s) // next_s)
            parts.append((row, increments * next_s))
            done_s += increments * next_s
        return _joined(parts)


def billed_seconds(duration_ms: int, first_s: int, next_s: int) -> int:
    """first + ⌈(d − first) ÷ next⌉ × next for d > first, else first: increments are whole."""
    beyond_ms = duration_ms - first_s * 1000
    return first_s if beyond_ms <= 0 else first_s + -(-beyond_ms // (next_s * 1000)) * next_s


def _joined(parts: list[tuple[DeckRow, int]]) -> tuple[tuple[DeckRow, int], ...]:
    joined: list[tuple[DeckRow, int]] = []
    for row, seconds in parts:
        if joined and joined[-1][0] is row:
            joined[-1] = (row, joined[-1][1] + seconds)
        else:
            joined.append((row, seconds))
    return tuple(joined)
