"""The longest prefix of a number, among the rows in force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.deck import FOREVER_MS, DeckPrice, DeckRow, RateDeck


def row(prefix: str, from_ms: int = -FOREVER_MS, to_ms: int = FOREVER_MS) -> DeckRow:
    return DeckRow(prefix, DeckPrice(1, 0, 1, 1, 0, None, 0), from_ms, to_ms, f"{prefix} from {from_ms}")


def deck(*prefixes: str) -> RateDeck:
    return RateDeck.of(row(prefix) for prefix in prefixes)


def prefix_found(of: RateDeck, digits: str, started_ms: int = 0) -> str | None:
    found = of.longest(digits, started_ms)
    return None if found is None else found.prefix


@pytest.mark.parametrize(
    ("digits", "prefix"),
    [
        ("306912345678", "3069"),
        ("3069", "3069"),
        ("306", "30"),
        ("30", "30"),
        ("3", "3"),
        ("302310555666", "302310"),
        ("30231", "30"),
        ("4", None),
        ("", None),
        ("03069", None),
    ],
)
def test_the_longest_prefix_wins(digits: str, prefix: str | None) -> None:
    assert prefix_found(deck("30", "3069", "3", "302310", "49"), digits) == prefix


def test_the_empty_prefix_fits_everything_that_nothing_longer_fits() -> None:
    whole = deck("", "30")
    assert [prefix_found(whole, digits) for digits in ("", "3", "30", "44")] == ["", "", "30", ""]


def test_an_empty_deck_has_no_price() -> None:
    assert prefix_found(deck(), "30") is None
    assert prefix_found(deck(), "") is None


def test_a_row_is_in_force_from_its_first_millisecond_to_before_its_last() -> None:
    dated = RateDeck.of([row("30", 1_000, 2_000), row("30", 2_000, 3_000), row("3")])
    found = [dated.longest("301", instant) for instant in (999, 1_000, 1_999, 2_000, 2_999, 3_000)]
    assert [one.place for one in found if one] == [
        f"3 from {-FOREVER_MS}", "30 from 1000", "30 from 1000", "30 from 2000", "30 from 2000",
        f"3 from {-FOREVER_MS}",
    ]  # fmt: skip


def test_a_longer_prefix_out_of_force_leaves_the_call_to_a_shorter_one() -> None:
    dated = RateDeck.of([row("3069", to_ms=10), row("306", from_ms=20), row("30")])
    assert [prefix_found(dated, "30691", instant) for instant in (9, 10, 20)] == ["3069", "30", "306"]


digits_of = st.text("0123", max_size=6)  # few digits, so that prefixes meet numbers
dated_rows = st.builds(
    lambda prefix, start, length: row(prefix, start, start + length),
    digits_of, st.integers(-3, 10), st.integers(1, 10),
)  # fmt: skip


def apart(rows: list[DeckRow]) -> list[DeckRow]:
    """Rows without those that overlap an earlier one of their prefix."""
    kept: list[DeckRow] = []
    for one in rows:
        same = (other for other in kept if other.prefix == one.prefix)
        if all(one.to_ms <= other.from_ms or other.to_ms <= one.from_ms for other in same):
            kept.append(one)
    return kept


@given(st.lists(dated_rows, max_size=30).map(apart), digits_of, st.integers(-4, 21))
def test_a_search_through_all_rows_finds_the_same(rows: list[DeckRow], digits: str, started_ms: int) -> None:
    fitting = [one for one in rows if digits.startswith(one.prefix) and one.from_ms <= started_ms < one.to_ms]
    longest = max(fitting, key=lambda one: len(one.prefix), default=None)
    assert RateDeck.of(rows).longest(digits, started_ms) == longest
