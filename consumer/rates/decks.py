"""Rate decks as they are written, CSV or inline, and the core's RateDeck that they make.

Owns the columns of a deck and what is wrong with its rows. A deck may have 200 000 of them, so equal texts are read
once and equal prices are one value.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from consumer.core.calendar import LocalCalendar
from consumer.core.deck import FOREVER_MS, DeckPrice, DeckRow, RateDeck
from consumer.toml.problem import Problem
from schemas.rates import Rate, Tariff

COLUMNS = (
    "prefix", "rate_per_minute", "connect_fee", "first_increment_s", "next_increment_s", "minimum_charge",
    "maximum_charge", "attempt_fee", "effective_from", "effective_to", "description",
)  # fmt: skip
REQUIRED = ("prefix", "rate_per_minute")
_MONEY = ("rate_per_minute", "connect_fee", "minimum_charge", "maximum_charge", "attempt_fee")
_MOST_LISTED = 50  # problems of one deck
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?", re.ASCII)
_SECONDS = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_DIGITS = re.compile(r"[0-9]*", re.ASCII)


class WrittenRow(NamedTuple):
    """A row's texts as far as they are given, with the tariff's values where they are not."""

    prefix: str
    money: tuple[str | None, ...]  # as _MONEY; None: no maximum
    first_increment_s: str
    next_increment_s: str
    from_ms: int
    to_ms: int
    line: int


@dataclass
class WrittenDeck:
    """A deck before the tariff's scale is known."""

    file: str
    rows: list[WrittenRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def decimals(self) -> int:
        """The most decimals that any of its prices has."""
        return max((decimals_of(text) for texts in {row.money for row in self.rows} for text in texts), default=0)

    def deck(self, scale: int) -> RateDeck:
        """The core's deck, its prices integers of 1/scale."""
        prices: dict[tuple[object, ...], DeckPrice] = {}

        def price_of(row: WrittenRow) -> DeckPrice:
            key = row[1:4]
            found = prices.get(key)
            if found is None:
                rate, connect, minimum, maximum, attempt = (scaled(text, scale) for text in row.money)
                found = prices[key] = DeckPrice(
                    rate or 0, connect or 0, int(row.first_increment_s), int(row.next_increment_s),
                    minimum or 0, maximum, attempt or 0,
                )  # fmt: skip
            return found

        return RateDeck.of(
            DeckRow(row.prefix, price_of(row), row.from_ms, row.to_ms, f"{self.file}:{row.line}") for row in self.rows
        )


def decimals_of(text: str | None) -> int:
    """Digits behind the point."""
    return len(text.partition(".")[2]) if text else 0


def scaled(text: str | None, scale: int) -> int | None:
    """A decimal text times the scale, which is a power of ten that makes it whole."""
    if text is None:
        return None
    whole, _, decimals = text.partition(".")
    shift: int = 10 ** len(decimals)
    return int(whole + decimals) * scale // shift


def written_csv(file: str, content: bytes, tariff: Tariff, calendar: LocalCalendar) -> WrittenDeck:
    """A deck file, with every mistake in it."""
    deck = WrittenDeck(file)
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(rows, [])]
        named = _named_columns(deck, header, tariff)
        if not deck.problems:
            _Rows(deck, tariff, calendar).read(_cells(deck, rows, len(header), named))
    except UnicodeDecodeError as error:
        deck.problems.append(Problem(file, 0, "", f"bytes that are no UTF-8 ({error.reason})", "a CSV file in UTF-8"))
    except csv.Error as error:
        deck.problems.append(Problem(file, rows.line_num, "", f"no CSV ({error})", "quotes that are closed"))
    _cut(deck)
    return deck


def written_inline(
    file: str, rates: Sequence[Rate], lines: Sequence[int], tariff: Tariff, calendar: LocalCalendar
) -> WrittenDeck:
    """Rows inside rates.toml."""
    deck = WrittenDeck(file)
    cells = (
        (line, {name: str(value) for name, value in rate.model_dump(exclude_none=True).items()})
        for line, rate in zip(lines, rates, strict=True)
    )
    _Rows(deck, tariff, calendar).read(cells)
    _cut(deck)
    return deck


def _cut(deck: WrittenDeck) -> None:
    more = len(deck.problems) - _MOST_LISTED
    if more > 0:
        del deck.problems[_MOST_LISTED:]
        last = deck.problems[-1].line
        deck.problems.append(Problem(deck.file, last, "", f"{more} more problems", "these to be mended first"))


def _named_columns(deck: WrittenDeck, header: list[str], tariff: Tariff) -> dict[str, int]:
    """Where each of our columns stands; without `columns` a name that is not ours is a mistake."""
    renamed = {theirs: ours for ours, theirs in (tariff.columns or {}).items()}
    named: dict[str, int] = {}
    for place, name in enumerate(header):
        ours = renamed.get(name, name if name in COLUMNS and name not in (tariff.columns or {}) else None)
        if ours is None and tariff.columns is None:
            expected = f"columns of {', '.join(COLUMNS)}, or `columns` in the tariff"
            deck.problems.append(Problem(deck.file, 1, name, "an unknown column", expected))
        elif ours in named:
            deck.problems.append(Problem(deck.file, 1, name, "the column twice", "each column once"))
        elif ours is not None:
            named[ours] = place
    asked = {*REQUIRED, *(tariff.columns or {})}
    for ours in COLUMNS:
        if ours in asked and ours not in named:
            name = (tariff.columns or {}).get(ours, ours)
            deck.problems.append(Problem(deck.file, 1, name, "no such column", f"a header with {name}"))
    return named


def _cells(
    deck: WrittenDeck, rows: Iterable[list[str]], width: int, named: Mapping[str, int]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Non-empty cells by our names, with the line of each row."""
    line_of: Callable[[], int] = lambda: rows.line_num  # type: ignore[attr-defined]  # noqa: E731
    places = tuple(named.items())
    for row in rows:
        if len(row) == width:
            yield line_of(), {name: row[place] for name, place in places if row[place]}
        elif row:
            found, expected = f"{len(row)} cells", f"{width}, as in the header"
            deck.problems.append(Problem(deck.file, line_of(), "", found, expected))


class _Rows:
    """Rows of cells, checked: each distinct text once."""

    def __init__(self, deck: WrittenDeck, tariff: Tariff, calendar: LocalCalendar) -> None:
        self._deck, self._calendar = deck, calendar
        self._prepend = tariff.prefix_prepend
        self._defaults = tuple(getattr(tariff, name, None) for name in _MONEY)
        self._increments = (str(tariff.first_increment_s), str(tariff.next_increment_s))
        self._good: set[tuple[str, str]] = set()
        self._dates: dict[str, int] = {}
        self._seen: dict[str, list[WrittenRow]] = {}

    def read(self, rows: Iterable[tuple[int, dict[str, str]]]) -> None:
        for line, cells in rows:
            before = len(self._deck.problems)
            row = self._row(line, cells)
            if len(self._deck.problems) == before and row is not None:
                self._put(row)

    def _row(self, line: int, cells: dict[str, str]) -> WrittenRow | None:
        for name, text in cells.items():
            if (name, text) not in self._good and not self._check(line, name, text):
                return None
        if "rate_per_minute" not in cells:
            self._mistake(line, "rate_per_minute", "nothing", "a price a minute")
            return None
        money = tuple(cells.get(name, default) for name, default in zip(_MONEY, self._defaults, strict=True))
        from_ms, to_ms = (
            self._instant(cells.get("effective_from"), -FOREVER_MS),
            self._instant(cells.get("effective_to"), FOREVER_MS),
        )
        if from_ms >= to_ms:
            self._mistake(line, "effective_to", cells.get("effective_to", "nothing"), "a day after effective_from")
        minimum, maximum = money[2], money[3]
        if minimum is not None and maximum is not None and (minimum, maximum) not in self._good:
            if scaled(minimum, 10**18) > scaled(maximum, 10**18):  # type: ignore[operator]
                self._mistake(line, "maximum_charge", maximum, f"at least the minimum_charge {minimum}")
            else:
                self._good.add((minimum, maximum))
        return WrittenRow(
            self._prepend + cells.get("prefix", ""), money, cells.get("first_increment_s", self._increments[0]),
            cells.get("next_increment_s", self._increments[1]), from_ms, to_ms, line,
        )  # fmt: skip

    def _check(self, line: int, name: str, text: str) -> bool:
        if name in _MONEY:
            good, expected = _DECIMAL.fullmatch(text), "a plain decimal such as 0.0123"
        elif name in ("first_increment_s", "next_increment_s"):
            good, expected = _SECONDS.fullmatch(text), "whole seconds of 1 or more"
        elif name == "prefix":
            good, expected = _DIGITS.fullmatch(text), "digits"
        elif name in ("effective_from", "effective_to"):
            return self._check_date(line, name, text)
        else:
            return True
        if good is None:
            self._mistake(line, name, repr(text), expected)
        elif name != "prefix":
            self._good.add((name, text))
        return good is not None

    def _check_date(self, line: int, name: str, text: str) -> bool:
        try:
            self._dates[text] = self._calendar.start_of(date.fromisoformat(text))
        except ValueError:
            self._mistake(line, name, repr(text), "a date such as 2026-10-01")
            return False
        self._good.add((name, text))
        return True

    def _instant(self, text: str | None, default: int) -> int:
        return default if text is None else self._dates[text]

    def _put(self, row: WrittenRow) -> None:
        for other in self._seen.setdefault(row.prefix, []):
            if row.from_ms < other.to_ms and other.from_ms < row.to_ms:
                expected = f"once at a time: it is on line {other.line} too, for days that overlap"
                self._mistake(row.line, "prefix", repr(row.prefix), expected)
                return
        self._seen[row.prefix].append(row)
        self._deck.rows.append(row)

    def _mistake(self, line: int, name: str, found: str, expected: str) -> None:
        self._deck.problems.append(Problem(self._deck.file, line, name, found, expected))
