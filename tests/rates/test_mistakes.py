"""Mistakes in rates.toml: each is listed with its line, and all of them at once."""

import pytest

from consumer.rates.build import build_rate_table
from consumer.rates.problems import Problem, RateTableInvalid

#: Nothing is wrong with this. Its version begins on line 3; what a case adds begins on line 6.
HEAD = """\
currency = "USD"
time_zone = "Europe/Athens"
[[version]]
id = "first"
effective_from = 2026-01-01
"""
CALENDAR = """\
[[calendar]]
name = "office"
"""


def pool(**keys: str) -> str:
    """A good pool, with other values (TOML text) for some keys; "" leaves one out."""
    good = {
        "name": '"agents"', "category": '"labour"', "amount": '"240000"', "per": '"month"', "driver": '"call"',
        "practical_capacity": '"30600"',
    }  # fmt: skip
    lines = [f"{key} = {value}" for key, value in (good | keys).items() if value]
    return "\n".join(["[[version.pool]]", *lines, ""])


def fee(**keys: str) -> str:
    """A good fee, likewise."""
    good = {"name": '"minute"', "driver": '"talk_second"', "price": '"0.018"'}
    lines = [f"{key} = {value}" for key, value in (good | keys).items() if value]
    return "\n".join(["[[version.fee]]", *lines, ""])


def tariff(**keys: str) -> str:
    """A good tariff, likewise."""
    good = {"name": '"carrier"', "rates": '[{ prefix = "30", rate_per_minute = "0.01" }]'}
    lines = [f"{key} = {value}" for key, value in (good | keys).items() if value]
    return "\n".join(["[[version.tariff]]", *lines, ""])


def fx(currency: str = "EUR", start: str = "2026-01-01", rate: str = '"1.08"') -> str:
    return f'[[fx]]\ncurrency = "{currency}"\nrate = {rate}\neffective_from = {start}\n'


def version(id_: str, start: str, *rest: str) -> str:
    return "\n".join(["[[version]]", f'id = "{id_}"', f"effective_from = {start}", *rest, ""])


def once(**keys: str) -> str:
    whole = {"per": '"once"', "in_service": "2026-01-15", "life_months": "36"}
    return pool(**whole | keys)


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a file; nothing where it loads."""
    content = text.encode() if isinstance(text, str) else text
    try:
        build_rate_table("rates.toml", content, {}.__getitem__)
    except RateTableInvalid as error:
        return error.problems
    return ()


SIX_MISTAKES = """\
currency = "USD"
time_zone = "Mars/Olympus"        # 2: no such zone
[[version]]
id = "first"
effective_from = 2026-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = 240000.5                 # 9: a float
per = "month"
driver = "handle_hours"           # 11: no such driver
colour = "blue"                   # 12: no such key
[[version.fee]]
name = "minute"
driver = "call"
price = "-1"                      # 16: negative
scope = { skill = ["gold"] }
[[version.tariff]]
name = "carrier"
match = { skill = ["gold"] }      # 20: no such dimension
rates = [{ prefix = "30", rate_per_minute = "0.01" }]
"""


def test_six_mistakes_are_listed_with_their_lines_and_nothing_else_is() -> None:
    """The scope of the fee on line 17 is not judged: the fee itself is broken."""
    assert [(problem.line, problem.field) for problem in problems_of(SIX_MISTAKES)] == [
        (2, "time_zone"),
        (9, "version[0].pool[0].amount"),
        (11, "version[0].pool[0].driver"),
        (12, "version[0].pool[0].colour"),
        (16, "version[0].fee[0].price"),
        (20, "version[0].tariff[0].match.skill"),
    ]


def test_the_message_counts_the_problems_and_gives_each_a_line_of_its_own() -> None:
    with pytest.raises(RateTableInvalid) as caught:
        build_rate_table("rates.toml", SIX_MISTAKES.encode(), {}.__getitem__)
    head, *lines = str(caught.value).splitlines()
    assert head == "rate table: 6 problems"
    assert [line.split(":")[:2] for line in lines] == [["rates.toml", at] for at in ("2", "9", "11", "12", "16", "20")]


def test_a_problem_says_where_what_was_found_and_what_was_expected() -> None:
    (problem,) = problems_of(HEAD + pool(currency='"usd"'))
    assert str(problem) == (
        "rates.toml:13: version[0].pool[0].currency: "
        "found 'usd', expected a currency of three capital letters, such as USD"
    )


GOOD = {
    "only a version": HEAD,
    "a pool, a fee and a tariff": HEAD + pool() + fee() + tariff(),
    "a pool of the whole life": HEAD + once(residual='"240000"'),
    "capacity as theory times utilisation": HEAD + pool(
        practical_capacity="", theoretical_capacity='"40000"', utilisation='"1"'
    ),
    "whole numbers without quotes": HEAD + pool(amount="240000"),
    "nine decimals and zeros behind them": HEAD + pool(amount='"1.12345678900"'),
    "a pool in another currency": HEAD + pool(currency='"EUR"') + fx(),
    "a calendar": HEAD + pool(calendar='"office"') + CALENDAR,
    "the start of a version with an offset": HEAD + version("second", "2026-02-01T08:00:00+02:00"),
    "a version that ends when the next begins": HEAD + "effective_to = 2026-02-01\n" + version("b", "2026-02-01"),
    "versions that are not in order": HEAD + version("before", "2025-01-01"),
    "pools of one name in two versions": HEAD + pool() + version("second", "2026-02-01") + pool(),
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_nothing_is_wrong_with_a_good_file(text: str) -> None:
    assert problems_of(text) == ()


#: What is wrong -> the text, and the one problem as it is shown. HEAD has 5 lines; a pool has name, category, amount,
#: per, driver and practical_capacity on lines 7 to 12, other keys from line 13 on.
MISTAKES = {
    "a float as amount": (HEAD + pool(amount="1.5"), 'rates.toml:9: version[0].pool[0].amount: found 1.5 (a float)'),
    "a float is told how to be written": (HEAD + pool(amount="1.5"), 'a decimal in quotes, such as "1.5"'),
    "an exponent": (HEAD + pool(amount='"1e3"'), "rates.toml:9: version[0].pool[0].amount: found '1e3'"),
    "a negative price": (HEAD + fee(price='"-1"'), "rates.toml:9: version[0].fee[0].price: found '-1'"),
    "a boolean as amount": (HEAD + pool(amount="true"), "found the boolean true, expected a plain decimal"),
    "an unknown key": (HEAD + pool(colour='"blue"'), "rates.toml:13: version[0].pool[0].colour: found an unknown key"),
    "an unknown key that is nearly one": (
        HEAD + pool(calender='"office"'),
        "rates.toml:13: version[0].pool[0].calender: found an unknown key, expected a key of this table "
        "(did you mean calendar?)",
    ),
    "a key that is nearly one of another table": (
        HEAD + tariff(calender='"office"'), "expected a key of this table, spelled right",
    ),
    "an unknown key that is nearly a word of Python": (
        HEAD + CALENDAR + 'form = "08:00"\n', "expected a key of this table (did you mean from?)",
    ),
    "an unknown key of the file": ("colour = 1\n" + HEAD, "rates.toml:1: colour: found an unknown key"),
    "a key left out": (HEAD + pool(driver=""), "rates.toml:6: version[0].pool[0].driver: found nothing"),
    "an unknown driver": (HEAD + pool(driver='"calls"'), "rates.toml:11: version[0].pool[0].driver: found 'calls'"),
    "an unknown category": (HEAD + pool(category='"fun"'), "rates.toml:8: version[0].pool[0].category: found 'fun'"),
    "a currency in small letters": (HEAD.replace("USD", "usd"), "rates.toml:1: currency: found 'usd', expected a curr"),
    "a currency of four letters": (HEAD + fee(currency='"EURO"'), "rates.toml:10: version[0].fee[0].currency"),
    "an unknown time zone": (
        HEAD.replace("Athens", "Sparta"),
        "rates.toml:2: time_zone: found 'Europe/Sparta', expected an IANA name",
    ),
    "a time zone that is a path": (HEAD.replace("Europe/Athens", "../etc"), "rates.toml:2: time_zone: found '../etc'"),
    "a local date-time": (
        HEAD.replace("2026-01-01", "2026-01-01T08:00:00"),
        "rates.toml:5: version[0].effective_from: found 2026-01-01T08:00:00, a date-time without offset",
    ),
    "a date in quotes": (HEAD.replace("2026-01-01", '"2026-01-01"'), "expected a date without quotes"),
    "ten decimals": (HEAD + pool(amount='"0.0000000001"'), "rates.toml:9: version[0].pool[0].amount"),
    "ten decimals are one too many": (HEAD + pool(amount='"0.0000000001"'), "expected at most 9 decimals"),
    "once without in_service": (
        HEAD + pool(per='"once"', life_months="36"),
        'rates.toml:6: version[0].pool[0]: found a table, expected in_service and life_months, since per is "once"',
    ),
    "a life of a pool by the month": (HEAD + pool(life_months="36"), 'residual only where per is "once"'),
    "a residual above the amount": (HEAD + once(residual='"240000.01"'), "expected a residual of at most the amount"),
    "a life of no months": (HEAD + once(life_months="0"), "life_months: found 0, expected greater than or equal to 1"),
    "a capacity of nothing": (
        HEAD + pool(practical_capacity='"0.0"'),
        "rates.toml:12: version[0].pool[0].practical_capacity: found '0.0', expected a number above 0",
    ),
    "theory without utilisation": (
        HEAD + pool(theoretical_capacity='"40000"'), "expected theoretical_capacity and utilisation together",
    ),
    "utilisation without theory": (
        HEAD + pool(utilisation='"0.8"'), "expected theoretical_capacity and utilisation together",
    ),
    "utilisation above 1": (
        HEAD + pool(theoretical_capacity='"40000"', utilisation='"1.5"'), "expected a utilisation of at most 1",
    ),
    "a fee by no units": (HEAD + fee(per_units='"0"'), "rates.toml:10: version[0].fee[0].per_units: found '0'"),
    "increments of a fee for calls": (
        HEAD + fee(driver='"call"', first_increment_s="60", next_increment_s="60"),
        "rates.toml:6: version[0].fee[0]: found a table, expected increments only for a driver of seconds",
    ),
    "one increment alone": (HEAD + fee(first_increment_s="60"), "first_increment_s and next_increment_s together"),
    "an increment of 0": (HEAD + tariff(next_increment_s="0"), "rates.toml:9: version[0].tariff[0].next_increment_s"),
    "a deck and rates": (
        HEAD + tariff(deck='"a.csv"'), "rates.toml:6: version[0].tariff[0]: found a table, expected either deck"
    ),
    "neither deck nor rates": (HEAD + tariff(rates=""), "rates.toml:6: version[0].tariff[0]: found a table, expected"),
    "a period without prices": (
        HEAD + tariff() + '[[version.tariff.period]]\nfrom = "08:00"\n',
        "rates.toml:9: version[0].tariff[0].period[0]: found a table, expected either deck or rates",
    ),
    "an hour of the day that is not there": (
        HEAD + CALENDAR + 'from = "24:00"\n', "rates.toml:8: calendar[0].from: found '24:00', expected a time of day"
    ),
    "an unknown day of the week": (HEAD + CALENDAR + 'days = ["mo"]\n', "rates.toml:8: calendar[0].days[0]: found"),
    "an unknown calendar": (
        HEAD + pool(calendar='"office"'),
        "rates.toml:13: version[0].pool[0].calendar: found 'office', expected the name of a [[calendar]]",
    ),
    "an unknown key of a scope": (
        HEAD + pool(scope='{ skill = ["gold"] }'),
        "rates.toml:13: version[0].pool[0].scope.skill: found an unknown dimension, expected one of direction, queue",
    ),
    "an unknown direction in a scope": (
        HEAD + fee(scope='{ direction = ["in"] }'),
        "rates.toml:10: version[0].fee[0].scope.direction: found 'in', expected one of inbound, outbound, internal",
    ),
    "an unknown direction in a match": (HEAD + tariff(match='{ direction = ["in"] }'), "tariff[0].match.direction"),
    "an unknown direction that needs a tariff": (
        HEAD + 'tariff_required = ["in"]\n', "rates.toml:6: version[0].tariff_required[0]: found 'in'"
    ),
    "two pools of one name": (
        HEAD + pool() + pool(), "rates.toml:14: version[0].pool[1].name: found 'agents', expected a name that is not"
    ),
    "two calendars of one name": (HEAD + CALENDAR + CALENDAR, "rates.toml:9: calendar[1].name: found 'office'"),
    "two versions of one id": (
        HEAD + version("first", "2026-02-01"), "rates.toml:7: version[1].id: found 'first', expected a name that is not"
    ),
    "two versions that start together": (
        HEAD + version("second", "2026-01-01T00:00:00+02:00"),
        "rates.toml:8: version[1].effective_from: found the start of another version too",
    ),
    "an end before the start": (
        HEAD + "effective_to = 2025-12-31\n",
        "rates.toml:6: version[0].effective_to: found 2025-12-31, expected a day after effective_from",
    ),
    "an end at the start": (HEAD + "effective_to = 2026-01-01\n", "expected a day after effective_from"),
    "versions that overlap": (
        HEAD + "effective_to = 2026-02-02\n" + version("second", "2026-02-01"),
        "rates.toml:6: version[0].effective_to: found 2026-02-02, expected no overlap with the next version",
    ),
    "a pool in a currency without a rate": (
        HEAD + pool(currency='"EUR"'),
        "rates.toml:13: version[0].pool[0].currency: found EUR, expected a currency with an [[fx]] rate in force",
    ),
    "a rate that comes after the version's start": (
        HEAD + pool(currency='"EUR"') + fx(start="2026-01-02"), "[[fx]] rate in force at the version's start"
    ),
    "a budget in a currency without a rate": (
        HEAD + '[[budget]]\nname = "b"\namount = "1"\ncurrency = "EUR"\nper = "month"\n',
        "rates.toml:9: budget[0].currency: found EUR, expected a currency with an [[fx]] rate",
    ),
    "a rate of the table's own currency": (
        HEAD + fx("USD"), "rates.toml:7: fx[0].currency: found USD, expected another currency than the table's own"
    ),
    "two rates of a day": (
        HEAD + fx() + fx(rate='"1.09"'), "rates.toml:13: fx[1].effective_from: found a second rate from the same day"
    ),
    "a rate of 0": (HEAD + fx(rate="0"), "rates.toml:8: fx[0].rate: found 0, expected a number above 0"),
    "a deck that is not there": (
        HEAD + tariff(rates="", deck='"a.csv"'),
        "rates.toml:8: deck: found 'a.csv', expected a file that can be read, beside rates.toml",
    ),
    "a deck outside the folder": (
        HEAD + tariff(rates="", deck='"decks/../../a.csv"'),
        "rates.toml:8: deck: found 'decks/../../a.csv', expected a path beside rates.toml, not absolute and without ..",
    ),
    "a deck with an absolute path": (HEAD + tariff(rates="", deck='"/a.csv"'), "rates.toml:8: deck: found '/a.csv'"),
    "a column that decks do not have": (
        HEAD + tariff(columns='{ price = "Rate" }'),
        "rates.toml:9: version[0].tariff[0].columns.price: found an unknown column, expected one of prefix, rate",
    ),
    "no version at all": ('currency = "USD"\ntime_zone = "UTC"\n', "rates.toml:1: version: found nothing"),
    "an empty list of versions": ('currency = "USD"\ntime_zone = "UTC"\nversion = []\n', "rates.toml:3: version:"),
    "no TOML": (HEAD + "[[version.pool]\n", "rates.toml:6: found no TOML"),
    "the same key twice": (HEAD + 'id = "again"\n', "rates.toml:6: found no TOML (Cannot overwrite a value"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_the_one_problem_of_its_file(text: str, shown: str) -> None:
    (problem,) = problems_of(text)
    assert shown in str(problem)


def test_bytes_that_are_not_utf_8_are_a_problem_of_the_file() -> None:
    (problem,) = problems_of(HEAD.encode() + b"# caf\xe9\n")
    assert str(problem) == "rates.toml: found bytes that are no UTF-8 (invalid continuation byte), expected TOML"


def test_a_deck_that_is_named_twice_and_not_there_is_a_problem_of_each_place() -> None:
    twice = tariff(name='"a"', rates="", deck='"a.csv"') + tariff(name='"b"', rates="", deck='"a.csv"')
    assert [(problem.line, problem.field) for problem in problems_of(HEAD + twice)] == [(8, "deck"), (11, "deck")]


def test_names_of_a_pool_and_a_fee_may_be_the_same() -> None:
    assert problems_of(HEAD + pool(name='"agents"') + fee(name='"agents"')) == ()
