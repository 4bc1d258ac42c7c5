"""What elements of a rate table say of one another: names, scopes, calendars, versions in time, currencies.

Owns the checks that no element can make by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consumer.core.calls import DIMENSIONS, DIRECTIONS, DISPOSITIONS, OUTCOMES, UNKNOWN
from consumer.rates.decks import COLUMNS
from consumer.rates.elements import Elements, Placed, PlacedVersion
from consumer.toml.faults import written
from consumer.toml.places import Path, Places
from consumer.toml.problem import Problem
from schemas import rates as wire

_CLOSED_SETS = {"direction": DIRECTIONS, "disposition": DISPOSITIONS, "outcome": (*OUTCOMES, UNKNOWN)}

#: path, found, expected
Found = tuple[Path, str, str]


def cross_check(name: str, elements: Elements, places: Places) -> list[Problem]:
    """All such problems of a file."""
    checks: tuple[Callable[[Elements], Iterable[Found]], ...] = (
        _zone, _names, _scopes, _calendars, _columns, _versions_in_time, _exchange_rates, _currencies
    )  # fmt: skip
    return [
        Problem(name, places.line(path), written(path), found, expected)
        for check in checks
        for path, found, expected in check(elements)
    ]


def _zone(elements: Elements) -> Iterator[Found]:
    try:
        ZoneInfo(elements.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("time_zone",), repr(elements.time_zone), "an IANA name such as Europe/Athens"


def _names(elements: Elements) -> Iterator[Found]:
    ids = [Placed(version.path, version.head) for version in elements.versions if version.head is not None]
    yield from _twice(ids, "id")
    for version in elements.versions:
        for placed in (version.pools, version.fees, version.tariffs):
            yield from _twice(placed, "name")
    yield from _twice(elements.calendars, "name")
    yield from _twice(elements.budgets, "name")


def _twice(placed: Sequence[Placed[Any]], key: str) -> Iterator[Found]:
    seen: set[str] = set()
    for one in placed:
        name = getattr(one.element, key)
        if name in seen:
            yield (*one.path, key), repr(name), "a name that is not taken"
        seen.add(name)


def _scopes(elements: Elements) -> Iterator[Found]:
    for version in elements.versions:
        for pool in version.pools:
            yield from _scope((*pool.path, "scope"), pool.element.scope)
        for fee in version.fees:
            yield from _scope((*fee.path, "scope"), fee.element.scope)
        for tariff in version.tariffs:
            yield from _scope((*tariff.path, "match"), tariff.element.match)
    for budget in elements.budgets:
        yield from _scope((*budget.path, "scope"), budget.element.scope)


def _scope(path: Path, scope: wire.Scope) -> Iterator[Found]:
    for dimension, values in scope.items():
        if dimension not in DIMENSIONS:
            yield (*path, dimension), "an unknown dimension", f"one of {', '.join(DIMENSIONS)}"
        for value in values:
            if value not in _CLOSED_SETS.get(dimension, (value,)):
                yield (*path, dimension), repr(value), f"one of {', '.join(_CLOSED_SETS[dimension])}"


def _calendars(elements: Elements) -> Iterator[Found]:
    known = {calendar.element.name for calendar in elements.calendars}
    for version in elements.versions:
        for pool in version.pools:
            if pool.element.calendar is not None and pool.element.calendar not in known:
                yield (*pool.path, "calendar"), repr(pool.element.calendar), "the name of a [[calendar]]"


def _columns(elements: Elements) -> Iterator[Found]:
    for version in elements.versions:
        for tariff in version.tariffs:
            for column in tariff.element.columns or {}:
                if column not in COLUMNS:
                    yield (*tariff.path, "columns", column), "an unknown column", f"one of {', '.join(COLUMNS)}"


def _versions_in_time(elements: Elements) -> Iterator[Found]:
    """Each ends before the next begins. Dates and date-times of one zone are compared as instants."""
    dated = [
        (instant_of(elements, version.head.effective_from), version) for version in elements.versions if version.head
    ]
    dated.sort(key=lambda one: one[0])
    for number, (start, version) in enumerate(dated):
        following = dated[number + 1][0] if number + 1 < len(dated) else None
        if following == start:
            yield (*dated[number + 1][1].path, "effective_from"), "the start of another version too", "another day"
        end = None if version.head is None else version.head.effective_to
        if end is not None:
            yield from _end(elements, version, start, following, end)


def _end(
    elements: Elements, version: PlacedVersion, start: datetime, following: datetime | None, end: date
) -> Iterator[Found]:
    ends = instant_of(elements, end)
    if ends <= start:
        yield (*version.path, "effective_to"), end.isoformat(), "a day after effective_from"
    elif following is not None and ends > following:
        yield (*version.path, "effective_to"), end.isoformat(), "no overlap with the next version"


def instant_of(elements: Elements, moment: date) -> datetime:
    """When a day begins in the table's zone, or a date-time; in UTC."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    try:
        zone = ZoneInfo(elements.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone).astimezone(UTC)


def _exchange_rates(elements: Elements) -> Iterator[Found]:
    seen: set[tuple[str, datetime]] = set()
    for placed in elements.fx:
        rate = placed.element
        if rate.currency == elements.currency:
            yield (*placed.path, "currency"), rate.currency, "another currency than the table's own"
        key = (rate.currency, instant_of(elements, rate.effective_from))
        if key in seen:
            yield (*placed.path, "effective_from"), "a second rate from the same day", "one rate a day"
        seen.add(key)


def _currencies(elements: Elements) -> Iterator[Found]:
    """A pool accrues from its version's start on, so its currency needs a rate there; a budget needs any."""
    for version in elements.versions:
        if version.head is not None:
            start = instant_of(elements, version.head.effective_from)
            for pool in version.pools:
                yield from currency_without_rate(elements, pool.path, pool.element.currency, start)
    for budget in elements.budgets:
        yield from currency_without_rate(elements, budget.path, budget.element.currency, None)


def currency_without_rate(
    elements: Elements, path: Path, currency: str | None, start: datetime | None
) -> Iterator[Found]:
    """The currency of an element at `path`, if it has no rate: in force at `start`, or any where that is None."""
    if currency in (None, elements.currency):
        return
    rates = [instant_of(elements, fx.element.effective_from) for fx in elements.fx if fx.element.currency == currency]
    if not any(start is None or rate <= start for rate in rates):
        when = "" if start is None else " in force at the version's start"
        yield (*path, "currency"), str(currency), f"a currency with an [[fx]] rate{when}"
