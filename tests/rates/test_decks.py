"""Rate decks as carriers send them: CSV beside rates.toml, or rows inside it."""

from fractions import Fraction

import pytest

from consumer.core.deck import FOREVER_MS, DeckRow
from consumer.core.tariff import Tariff
from consumer.rates.build import build_rate_table
from consumer.rates.problems import Problem, RateTableInvalid

FILE = """\
currency = "USD"
time_zone = "Europe/Athens"
[[version]]
id = "first"
effective_from = 2026-01-01
[[version.tariff]]
name = "carrier"
"""
DECK = 'deck = "a.csv"\n'
HEADER = "prefix,rate_per_minute\n"
ALL = (
    "prefix,rate_per_minute,connect_fee,first_increment_s,next_increment_s,minimum_charge,maximum_charge,attempt_fee,"
    "effective_from,effective_to,description\n"
)
#: 2026-03-01T00:00+02:00 and 2026-04-01T00:00+03:00: 20 513 days of UTC less 2 hours, 20 544 days less 3.
MARCH_MS = 1_772_316_000_000
APRIL_MS = 1_774_990_800_000


def tariff_of(csv: str | bytes = "", keys: str = DECK) -> Tariff:
    """The tariff of a deck; `keys` are lines of TOML."""
    content = csv.encode() if isinstance(csv, str) else csv
    table = build_rate_table("rates.toml", (FILE + keys).encode(), {"a.csv": content, "b.csv": content}.__getitem__)
    return table.versions[0].tariffs[0]


def problems_of(csv: str | bytes = "", keys: str = DECK) -> tuple[Problem, ...]:
    try:
        tariff_of(csv, keys)
    except RateTableInvalid as error:
        return error.problems
    return ()


def row_of(tariff: Tariff, prefix: str) -> DeckRow:
    (row,) = tariff.deck.rows[prefix]
    return row


def test_a_row_has_its_prices_dates_and_place() -> None:
    """Five decimals are the most, so that prices are integers of 1/100 000."""
    tariff = tariff_of(ALL + '30,0.00601,0.01,30,6,0.02,5,0.002,2026-03-01,2026-04-01,"Greece, fixed"\n')
    row = row_of(tariff, "30")
    assert tariff.scale == 100_000
    assert row.price == (601, 1_000, 30, 6, 2_000, 500_000, 200)
    assert (row.from_ms, row.to_ms) == (MARCH_MS, APRIL_MS)
    assert row.place == "a.csv:2"


def test_empty_cells_take_the_values_of_the_tariff() -> None:
    keys = (
        DECK + 'first_increment_s = 30\nnext_increment_s = 6\nconnect_fee = "0.1"\nattempt_fee = "0.2"\n'
        'minimum_charge = "0.3"\nmaximum_charge = "9"\n'
    )
    row = row_of(tariff_of(ALL + "30,0.5,,,,,,,,,\n", keys), "30")
    assert row.price == (5, 1, 30, 6, 3, 90, 2)
    assert (row.from_ms, row.to_ms) == (-FOREVER_MS, FOREVER_MS)


def test_without_any_values_increments_are_seconds_and_nothing_else_is_charged() -> None:
    assert row_of(tariff_of(HEADER + "30,2\n"), "30").price == (2, 0, 1, 1, 0, None, 0)


def test_prices_of_different_decimals_stay_exact() -> None:
    """The scale holds the longest of them: 18 decimals."""
    prices = ("0.1", "12", "0.000000000000000001", "999999999999999.5", "0.30")
    tariff = tariff_of(HEADER + "".join(f"3{number},{price}\n" for number, price in enumerate(prices)))
    found = [Fraction(row_of(tariff, f"3{number}").price.rate_per_minute, tariff.scale) for number in range(5)]
    assert found == [Fraction(price) for price in prices]


def test_the_scale_is_that_of_all_decks_of_a_tariff() -> None:
    """The period's deck has three decimals, the tariff's attempt fee four: 0.5 is 5 000 of 1/10 000."""
    keys = (
        'attempt_fee = "0.0001"\nrates = [{ prefix = "30", rate_per_minute = "0.5" }]\n'
        '[[version.tariff.period]]\nrates = [{ prefix = "30", rate_per_minute = "0.125" }]\n'
    )
    tariff = tariff_of(keys=keys)
    assert (tariff.scale, tariff.attempt_fee) == (10_000, 1)
    assert row_of(tariff, "30").price.rate_per_minute == 5_000
    assert tariff.periods[0].deck.rows["30"][0].price.rate_per_minute == 1_250


def test_columns_renames_and_ignores_the_others() -> None:
    keys = DECK + 'columns = { prefix = "NPANXX", rate_per_minute = "Rate" }\n'
    tariff = tariff_of("State,NPANXX,Rate,Zone\nNY,212555,0.01,7\n", keys)
    assert row_of(tariff, "212555").price.rate_per_minute == 1


def test_a_column_of_our_own_name_that_is_taken_from_elsewhere_is_ignored() -> None:
    keys = DECK + 'columns = { rate_per_minute = "Rate" }\n'
    assert row_of(tariff_of("prefix,rate_per_minute,Rate\n30,9,2\n", keys), "30").price.rate_per_minute == 2


def test_prefix_prepend_stands_before_every_prefix() -> None:
    tariff = tariff_of(HEADER + "212,0.01\n,0.02\n", DECK + 'prefix_prepend = "1"\n')
    assert set(tariff.deck.rows) == {"1212", "1"}


def test_prefix_prepend_stands_before_inline_prefixes_too() -> None:
    keys = 'prefix_prepend = "1"\nrates = [{ prefix = "", rate_per_minute = "1" }]\n'
    assert set(tariff_of(keys=keys).deck.rows) == {"1"}


def test_inline_rates_and_a_file_make_the_same_deck() -> None:
    inline = tariff_of(
        keys="rates = [{ prefix = '30', rate_per_minute = '0.01', first_increment_s = 60, effective_from = 2026-03-01}]"
    )
    file = tariff_of("prefix,rate_per_minute,first_increment_s,effective_from\n30,0.01,60,2026-03-01\n")
    assert row_of(inline, "30")[:4] == row_of(file, "30")[:4]


@pytest.mark.parametrize(
    "csv",
    [
        "\ufeffprefix,rate_per_minute\n30,1\n",
        "prefix,rate_per_minute\r\n30,1\r\n",
        "prefix, rate_per_minute\n30,1",
        'prefix,rate_per_minute\n"30","1"\n',
        "prefix,rate_per_minute\n\n30,1\n\n",
        "rate_per_minute,prefix\n1,30\n",
    ],
    ids=["byte order mark", "CRLF", "blank in the header, no last newline", "quotes", "empty lines", "other order"],
)
def test_files_of_every_making_are_read(csv: str) -> None:
    assert row_of(tariff_of(csv), "30").price.rate_per_minute == 1


def test_overlapping_duplicates_name_both_lines() -> None:
    (problem,) = problems_of(HEADER + "30,1\n31,1\n30,2\n")
    assert str(problem) == (
        "a.csv:4: prefix: found '30', expected once at a time: it is on line 2 too, for days that overlap"
    )


def test_duplicates_overlap_on_a_single_day() -> None:
    """The first ends as 2 March begins, which the second already holds."""
    dated = "prefix,rate_per_minute,effective_from,effective_to\n30,1,,2026-03-02\n30,2,2026-03-01,\n"
    assert [problem.line for problem in problems_of(dated)] == [3]


def test_duplicates_that_follow_one_another_are_fine() -> None:
    tariff = tariff_of("prefix,rate_per_minute,effective_from,effective_to\n30,1,,2026-03-01\n30,2,2026-03-01,\n")
    before, after = tariff.deck.longest("30", MARCH_MS - 1), tariff.deck.longest("30", MARCH_MS)
    assert before is not None
    assert after is not None
    assert (before.price.rate_per_minute, after.price.rate_per_minute) == (1, 2)


def test_inline_duplicates_are_named_with_what_is_put_before_them() -> None:
    row = '{ prefix = "2", rate_per_minute = "1" }'
    keys = f'prefix_prepend = "1"\nrates = [{row}, {row}]\n'
    (problem,) = problems_of(keys=keys)
    assert "found '12', expected once at a time" in str(problem)


MISTAKES = {
    "an unknown column": ("prefix,rate_per_minute,zone\n30,1,7\n", "a.csv:1: zone: found an unknown column"),
    "a column twice": ("prefix,prefix,rate_per_minute\n30,30,1\n", "a.csv:1: prefix: found the column twice"),
    "no price column": ("prefix\n30\n", "a.csv:1: rate_per_minute: found no such column"),
    "no price": (HEADER + "30,\n", "a.csv:2: rate_per_minute: found nothing"),
    "an exponent": (HEADER + "30,1e-3\n", "a.csv:2: rate_per_minute: found '1e-3', expected a plain decimal"),
    "a comma for a point": (HEADER + '30,"0,01"\n', "a.csv:2: rate_per_minute: found '0,01'"),
    "a negative price": (HEADER + "30,-1\n", "a.csv:2: rate_per_minute: found '-1'"),
    "digits of another script": (HEADER + "30,٣\n", "a.csv:2: rate_per_minute: found '٣'"),
    "letters in a prefix": (HEADER + "3O,1\n", "a.csv:2: prefix: found '3O', expected digits"),
    "a plus before a prefix": (HEADER + "+30,1\n", "a.csv:2: prefix: found '+30', expected digits"),
    "an increment of 0": ("prefix,rate_per_minute,next_increment_s\n30,1,0\n", "a.csv:2: next_increment_s: found '0'"),
    "half a second": ("prefix,rate_per_minute,first_increment_s\n30,1,0.5\n", "a.csv:2: first_increment_s: found"),
    "a date of another order": (
        "prefix,rate_per_minute,effective_from\n30,1,01/10/2026\n", "a.csv:2: effective_from: found '01/10/2026'"
    ),
    "a day that is not there": (
        "prefix,rate_per_minute,effective_to\n30,1,2026-02-29\n", "a.csv:2: effective_to: found '2026-02-29'"
    ),
    "an end at the start": (
        "prefix,rate_per_minute,effective_from,effective_to\n30,1,2026-03-01,2026-03-01\n",
        "a.csv:2: effective_to: found 2026-03-01, expected a day after effective_from",
    ),
    "too few cells": (HEADER + "30\n", "a.csv:2: found 1 cells, expected 2, as in the header"),
    "too many cells": (HEADER + "30,1,2\n", "a.csv:2: found 3 cells, expected 2, as in the header"),
    "a minimum above the maximum": (
        "prefix,rate_per_minute,minimum_charge,maximum_charge\n30,1,10,9.99\n",
        "a.csv:2: maximum_charge: found 9.99, expected at least the minimum_charge 10",
    ),
    "a quote that stays open": (HEADER + '30,"1\n', "a.csv:2: found no CSV"),
}  # fmt: skip


@pytest.mark.parametrize(("csv", "shown"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_the_one_problem_of_its_deck(csv: str, shown: str) -> None:
    (problem,) = problems_of(csv)
    assert str(problem).startswith(shown)


def test_an_empty_file_lacks_both_columns() -> None:
    assert [problem.field for problem in problems_of("")] == ["prefix", "rate_per_minute"]


def test_a_header_that_columns_asks_for_and_is_not_there() -> None:
    keys = DECK + 'columns = { prefix = "NPANXX", connect_fee = "Setup" }\n'
    problems = problems_of("NPANXX,rate_per_minute\n30,1\n", keys)
    assert [str(problem) for problem in problems] == [
        "a.csv:1: Setup: found no such column, expected a header with Setup"
    ]


def test_a_maximum_of_the_tariff_below_the_minimum_of_a_row() -> None:
    keys = DECK + 'maximum_charge = "1"\n'
    (problem,) = problems_of("prefix,rate_per_minute,minimum_charge\n30,1,2\n", keys)
    assert (problem.line, problem.field) == (2, "maximum_charge")


def test_bytes_that_are_not_utf_8_are_a_problem_of_the_deck() -> None:
    (problem,) = problems_of(HEADER.encode() + b"30,\xe9\n")
    assert str(problem).startswith("a.csv: found bytes that are no UTF-8")


def test_every_row_is_judged_and_the_first_fault_of_each_is_listed() -> None:
    problems = problems_of(HEADER + "3O,x\n31,1\n32,x\n33\n")
    assert [(problem.line, problem.field) for problem in problems] == [(2, "prefix"), (4, "rate_per_minute"), (5, "")]


def test_fifty_problems_of_a_deck_are_listed_and_the_others_counted() -> None:
    """Lines 2 to 121 are all wrong: 50 are shown, 70 are not."""
    problems = problems_of(HEADER + "".join("30,x\n" for _ in range(120)))
    assert len(problems) == 51
    assert sorted({problem.line for problem in problems}) == list(range(2, 52))
    assert [problem.found for problem in problems if not problem.field] == ["70 more problems"]


def test_fifty_problems_are_all_listed() -> None:
    problems = problems_of(HEADER + "30,x\n" * 50)
    assert [problem.line for problem in problems] == list(range(2, 52))


def test_a_deck_of_two_tariffs_is_read_with_the_values_of_each() -> None:
    keys = DECK + 'first_increment_s = 60\n[[version.tariff]]\nname = "other"\ndeck = "a.csv"\nfirst_increment_s = 30\n'
    table = build_rate_table("rates.toml", (FILE + keys).encode(), {"a.csv": (HEADER + "30,1\n").encode()}.__getitem__)
    assert [row_of(tariff, "30").price.first_increment_s for tariff in table.versions[0].tariffs] == [60, 30]


def test_the_digest_covers_the_decks() -> None:
    digests = set()
    for price in ("1", "2"):
        content = (HEADER + f"30,{price}\n").encode()
        digests.add(build_rate_table("rates.toml", (FILE + DECK).encode(), {"a.csv": content}.__getitem__).sha256)
    assert len(digests) == 2
