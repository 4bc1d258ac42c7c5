"""The text of rates.toml and its decks to a RateTable, or to the list of everything that is wrong with them.

Owns the steps and their order: each element by itself, what elements say of one another, the decks, the values.
Pure: decks are asked for by name.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from consumer.core.calendar import WEEKDAYS, LocalCalendar, OpeningHours
from consumer.core.currency import ExchangeRates
from consumer.core.deck import FOREVER_MS
from consumer.core.instants import to_ms
from consumer.core.numbers import NumberPlan
from consumer.core.pools import Budget, CostFee, CostPool, Scope
from consumer.core.rates import RateTable, RateVersion
from consumer.core.tariff import Rounding, Tariff, TariffPeriod
from consumer.rates.crosschecks import cross_check
from consumer.rates.decks import WrittenDeck, decimals_of, scaled, written_csv, written_inline
from consumer.rates.elements import Elements, Placed, element_problems, elements_of
from consumer.rates.problems import RateTableInvalid
from consumer.toml.places import Places
from consumer.toml.problem import Problem
from consumer.toml.text import NoToml, parsed
from schemas import rates as wire

ReadDeck = Callable[[str], bytes]  # raises OSError or KeyError where there is none


def build_rate_table(name: str, text: bytes, read_deck: ReadDeck) -> RateTable:
    """The table; `name` is the file's, for messages. Raises RateTableInvalid with every problem."""
    found, places = _parsed(name, text)
    problems = element_problems(name, found, places)
    elements = elements_of(found)
    problems += cross_check(name, elements, places)
    zone_is_known = not any(problem.field == "time_zone" for problem in problems)
    calendar = LocalCalendar(ZoneInfo(str(found["time_zone"])) if zone_is_known else ZoneInfo("UTC"))
    decks = _Decks(name, places, calendar, read_deck)
    for version in elements.versions:
        for tariff in version.tariffs:
            decks.read(tariff)
    problems += decks.problems
    if problems:
        raise RateTableInvalid(list(dict.fromkeys(problems)))
    digest = hashlib.sha256(text)
    for content in decks.contents.values():
        digest.update(content)
    return _Builder(elements, calendar, decks, wire.RateFile.model_validate(found), digest.hexdigest()).table()


def _parsed(name: str, text: bytes) -> tuple[dict[str, Any], Places]:
    try:
        return parsed(name, text)
    except NoToml as error:
        raise RateTableInvalid([error.problem]) from None


class _Decks:
    """The decks of all tariffs and their periods, read once each."""

    def __init__(self, name: str, places: Places, calendar: LocalCalendar, read_deck: ReadDeck) -> None:
        self.contents: dict[str, bytes] = {}  # in the order of mention
        self.problems: list[Problem] = []
        self._written: dict[tuple[str | int, ...], WrittenDeck] = {}
        self._name, self._places, self._calendar, self._read_deck = name, places, calendar, read_deck

    def read(self, tariff: Placed[wire.Tariff]) -> None:
        """A tariff's own deck, then its periods'."""
        for path, priced in _priced(tariff):
            written = self._written[path] = self._write(path, priced, tariff.element)
            self.problems += written.problems

    def _write(
        self, path: tuple[str | int, ...], priced: wire.Tariff | wire.TariffPeriod, tariff: wire.Tariff
    ) -> WrittenDeck:
        if priced.rates is not None:
            lines = [self._places.line((*path, "rates"))] * len(priced.rates)
            return written_inline(self._name, priced.rates, lines, tariff, self._calendar)
        deck = str(priced.deck)
        fault = self._fetch(deck)
        if fault:
            place = self._places.line((*path, "deck"))
            return WrittenDeck(deck, problems=[Problem(self._name, place, "deck", repr(deck), fault)])
        return written_csv(deck, self.contents[deck], tariff, self._calendar)

    def _fetch(self, deck: str) -> str | None:
        if deck.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", deck):
            return "a path beside rates.toml, not absolute and without .."
        if deck not in self.contents:
            try:
                self.contents[deck] = self._read_deck(deck)
            except (OSError, KeyError):
                return "a file that can be read, beside rates.toml"
        return None

    def of(self, path: tuple[str | int, ...]) -> WrittenDeck:
        """The deck that stands at a path."""
        return self._written[path]


def _priced(
    tariff: Placed[wire.Tariff],
) -> list[tuple[tuple[str | int, ...], wire.Tariff | wire.TariffPeriod]]:
    periods = [((*tariff.path, "period", number), period) for number, period in enumerate(tariff.element.period)]
    return [(tariff.path, tariff.element), *periods]


class _Builder:
    """Wire models, all valid, to the core's values."""

    def __init__(
        self, elements: Elements, calendar: LocalCalendar, decks: _Decks, file: wire.RateFile, sha256: str
    ) -> None:
        self._elements, self._calendar, self._decks, self._file, self._sha256 = elements, calendar, decks, file, sha256
        self._calendars = {placed.element.name: self._hours(placed.element) for placed in elements.calendars}

    def table(self) -> RateTable:
        file = self._file
        starts = sorted((self._instant(version.effective_from), number) for number, version in enumerate(file.version))
        ends = [start for start, _ in starts[1:]] + [FOREVER_MS]
        versions = tuple(self._version(number, start, end) for (start, number), end in zip(starts, ends, strict=True))
        dated: dict[str, list[tuple[int, Fraction]]] = {}
        for rate in file.fx:
            dated.setdefault(rate.currency, []).append((self._instant(rate.effective_from), Fraction(rate.rate)))
        fx = ExchangeRates(file.currency, {currency: tuple(sorted(rates)) for currency, rates in dated.items()})
        budgets = tuple(
            Budget(
                budget.name, Fraction(budget.amount), budget.currency or file.currency, budget.per, _scope(budget.scope)
            )
            for budget in file.budget
        )
        return RateTable(file.currency, self._calendar, fx, versions, budgets, self._sha256)

    def _version(self, number: int, start_ms: int, next_ms: int) -> RateVersion:
        version = self._file.version[number]
        end_ms = next_ms if version.effective_to is None else self._instant(version.effective_to)
        tariffs = self._elements.versions[number].tariffs
        return RateVersion(
            version.id, start_ms, end_ms, frozenset(version.tariff_required),
            tuple(map(self._pool, version.pool)), tuple(map(self._fee, version.fee)), tuple(map(self._tariff, tariffs)),
        )  # fmt: skip

    def _pool(self, pool: wire.Pool) -> CostPool:
        capacity = None if pool.practical_capacity is None else Fraction(pool.practical_capacity)
        if capacity is None and pool.theoretical_capacity is not None and pool.utilisation is not None:
            capacity = Fraction(pool.theoretical_capacity) * Fraction(pool.utilisation)
        return CostPool(
            pool.name, pool.category, Fraction(pool.amount) - Fraction(pool.residual or "0"),
            pool.currency or self._file.currency, pool.per, pool.driver, capacity, _scope(pool.scope),
            None if pool.calendar is None else self._calendars[pool.calendar], pool.in_service, pool.life_months or 0,
        )  # fmt: skip

    def _fee(self, fee: wire.Fee) -> CostFee:
        return CostFee(
            fee.name, Fraction(fee.price), Fraction(fee.per_units), fee.currency or self._file.currency, fee.driver,
            fee.first_increment_s, fee.next_increment_s, _scope(fee.scope),
        )  # fmt: skip

    def _tariff(self, placed: Placed[wire.Tariff]) -> Tariff:
        tariff = placed.element
        written = [self._decks.of(path) for path, _ in _priced(placed)]
        scale = 10 ** max([decimals_of(tariff.attempt_fee), *(deck.decimals() for deck in written)])
        own, *others = (deck.deck(scale) for deck in written)
        periods = tuple(
            TariffPeriod(self._hours(period), deck) for period, deck in zip(tariff.period, others, strict=True)
        )
        rounding = None if tariff.rounding is None else Rounding(tariff.rounding.decimals, tariff.rounding.mode)
        plan = NumberPlan(tariff.country_code, tariff.national_prefix, tariff.international_prefix)
        return Tariff(
            tariff.name, _scope(tariff.match), tariff.number, tariff.currency or self._file.currency, own, scale,
            scaled(tariff.attempt_fee, scale) or 0, periods, plan, rounding, tariff.prefer_reported,
        )  # fmt: skip

    def _hours(self, hours: wire.Hours) -> OpeningHours:
        days = frozenset(WEEKDAYS.index(day) for day in hours.days)
        closed = frozenset(hours.closed)
        return OpeningHours(self._calendar, days, _minute(hours.from_), _minute(hours.to), closed)

    def _instant(self, moment: date) -> int:
        return to_ms(moment) if isinstance(moment, datetime) else self._calendar.start_of(moment)


def _scope(scope: wire.Scope) -> Scope:
    return Scope({name: frozenset(values) for name, values in scope.items()})


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
