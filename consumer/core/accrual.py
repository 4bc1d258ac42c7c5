"""What a pool's capacity has cost between two instants, exactly, whether or not anybody called.

Owns the cumulative amount due and its differences: sub-intervals always add up (rate-table.md, Accrual).
Knows no call.
"""

from datetime import date
from fractions import Fraction
from itertools import pairwise

from consumer.core.calendar import LocalCalendar
from consumer.core.money import NANO, round_half_up
from consumer.core.pools import CostPool
from consumer.core.rates import RateTable, RateVersion


def accrued_nano(table: RateTable, version: RateVersion, pool: CostPool, from_ms: int, to_ms: int) -> int:
    """Nano-units that the pool of one version accrues in [from, to), clipped to the version's validity.

    Split where the pool's exchange rate changes; the period amount is converted and rounded before it is spread.
    """
    start, end = max(from_ms, version.from_ms), min(to_ms, version.to_ms)
    if start >= end:
        return 0
    changes = [] if pool.currency == table.currency else table.fx.changes()
    edges = [start, *(change for change in changes if start < change < end), end]
    total = 0
    for left, right in pairwise(edges):
        amount = amount_nano(table, pool, left)
        if amount is not None:
            total += _cumulative(table.calendar, pool, amount, right, left)
    return total


def amount_nano(table: RateTable, pool: CostPool, instant_ms: int) -> int | None:
    """The period amount (for "once" the whole, less the residual) in the reporting currency; None without a rate."""
    if pool.amount == 0:
        return 0
    rate = table.fx.at(pool.currency, instant_ms)
    return None if rate is None else round_half_up(pool.amount * rate * NANO)


def _cumulative(calendar: LocalCalendar, pool: CostPool, amount: int, to_ms: int, from_ms: int) -> int:
    """⌊C(to)⌋ − ⌊C(from)⌋, where whole periods between them accrue the whole amount."""
    if pool.per == "once":
        return _due_once(calendar, pool, amount, to_ms) - _due_once(calendar, pool, amount, from_ms)
    start, end = calendar.period(from_ms, pool.per)
    total = -_due(pool, amount, start, end, from_ms)
    while end < to_ms:
        total += _due(pool, amount, start, end, end)
        start, end = calendar.period(end, pool.per)
    return total + _due(pool, amount, start, end, to_ms)


def _due(pool: CostPool, amount: int, start: int, end: int, instant_ms: int) -> int:
    """⌊C⌋ at an instant of the period [start, end]."""
    elapsed, whole = instant_ms - start, end - start
    if pool.hours is not None:
        elapsed, whole = pool.hours.open_ms(start, instant_ms), pool.hours.open_ms(start, end)
    return amount * elapsed // whole if whole else 0


def _due_once(calendar: LocalCalendar, pool: CostPool, amount: int, instant_ms: int) -> int:
    """⌊C⌋ of a pool that is paid once: an equal share each month of service, linear inside the month.

    A month of service without open time falls due at its end, so that the whole life adds up to the amount.
    """
    begins, ends = life(calendar, pool)
    instant_ms = min(max(instant_ms, begins), ends)
    if pool.hours is not None and pool.hours.open_ms(begins, ends) == 0:
        return 0
    month = _month_of_service(calendar, pool, instant_ms)
    if month == pool.life_months:
        return amount
    start, end = _service_month(calendar, pool, month)
    elapsed, whole = instant_ms - start, end - start
    if pool.hours is not None:
        elapsed, whole = pool.hours.open_ms(start, instant_ms), pool.hours.open_ms(start, end)
    due = Fraction(amount, pool.life_months) * (month + (Fraction(elapsed, whole) if whole else 0))
    return due.numerator // due.denominator


def life(calendar: LocalCalendar, pool: CostPool) -> tuple[int, int]:
    """The half-open time in which a pool that is paid once serves calls and accrues."""
    return _service_month(calendar, pool, 0)[0], _service_month(calendar, pool, pool.life_months)[0]


def _service_month(calendar: LocalCalendar, pool: CostPool, month: int) -> tuple[int, int]:
    in_service = pool.in_service or date.min
    return calendar.months_after(in_service, month), calendar.months_after(in_service, month + 1)


def _month_of_service(calendar: LocalCalendar, pool: CostPool, instant_ms: int) -> int:
    """How many months of service are over."""
    low, high = 0, pool.life_months
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _service_month(calendar, pool, middle)[0] <= instant_ms else (low, middle - 1)
    return low
