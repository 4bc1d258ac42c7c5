"""What is paid besides the carrier: cost pools (capacity, used or not), fees (a price a unit) and budgets.

Owns drivers, scopes and capacity cost rates (time-driven activity-based costing, Kaplan & Anderson 2004).
Knows no call but by its dimensions, and no window.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from consumer.core.calendar import OpeningHours, Period
from consumer.core.calls import UNKNOWN, CompletedCall

Driver = Literal[
    "handle_second", "talk_second", "ivr_second", "wait_second", "call", "answered_call", "unanswered_call", "contact"
]
DRIVERS: tuple[Driver, ...] = Driver.__args__  # type: ignore[attr-defined]
Category = Literal["labour", "licence", "hardware", "software", "facility", "utilities", "telecom", "other"]
CATEGORIES: tuple[Category, ...] = Category.__args__  # type: ignore[attr-defined]


def units_a_driver_unit(driver: Driver) -> int:
    """Seconds are counted in milliseconds, everything else in ones."""
    return 1000 if driver.endswith("_second") else 1


@dataclass(frozen=True)
class Scope:
    """Which calls something serves: every dimension named lists the call's value. Empty serves all."""

    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def fits(self, call: CompletedCall) -> bool:
        """Whether the call's values are all listed; an absent value is __unknown__."""
        return all((getattr(call, name) or UNKNOWN) in values for name, values in self.allowed.items())


@dataclass(frozen=True)
class CostPool:
    """Money a period for capacity that is paid for whether or not it is used."""

    name: str
    category: Category
    amount: Fraction  # a period, in `currency`; for "once" the amount less the residual value
    currency: str
    per: Period | Literal["once"]
    driver: Driver
    capacity: (
        Fraction | None
    )  # driver units a period (a month, for "once") at practical capacity; None: no standard rate
    scope: Scope = Scope()
    hours: OpeningHours | None = None
    in_service: date | None = None  # for "once", with life_months
    life_months: int = 0


@dataclass(frozen=True)
class CostFee:
    """The marginal price of a unit, part of direct cost."""

    name: str
    price: Fraction  # for `per_units` units, in `currency`
    per_units: Fraction
    currency: str
    driver: Driver
    first_increment_s: int | None = None  # a vendor that bills seconds by the started minute: 60 and 60
    next_increment_s: int | None = None
    scope: Scope = Scope()


@dataclass(frozen=True)
class Budget:
    """What a scope may cost in a period."""

    name: str
    amount: Fraction
    currency: str
    per: Period
    scope: Scope = Scope()
