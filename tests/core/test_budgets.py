"""Budgets: what is spent, at which pace, and what it will come to."""

import json
from datetime import date, timedelta

import pytest

from consumer.core.budgets import BudgetReading, borne, read_budget, segments_of, untracked
from consumer.core.instants import HOUR_MS, format_ms
from consumer.core.money import NANO
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.shape import weekly_shapes
from consumer.core.windows import spans
from tests.core.weeks import at, call, folded, parts, table

DIMENSIONS = ("direction", "queue", "site")
MONTH = """
[[budget]]
name = "all"
amount = "31104"
per = "month"
"""


def read(pipeline: Pipeline, under: RateTable, as_of_ms: int, number: int = 0) -> BudgetReading | None:
    reading = pipeline.read(as_of_ms, spans(under.calendar, as_of_ms))
    budget, known = under.budgets[number], parts(pipeline)
    chosen = segments_of(budget, pipeline.ledger.segments.values, DIMENSIONS)
    (shape,) = weekly_shapes(under.calendar, known, [chosen], as_of_ms)
    (bears,) = borne(under, known, [chosen], as_of_ms)
    return read_budget(under, budget, reading, chosen, shape, bears)


def steady(first: date, number: int, queue: str = "sales") -> list[bytes]:
    """A call of 36 s on every half hour, day and night: 48 a day, 4.80 directly."""
    from_ms, to_ms = at(first, "00:00"), at(first + timedelta(days=number), "00:00")
    return [call(at_ms + 899_000, 36, queue) for at_ms in range(from_ms, to_ms, HOUR_MS // 2)]


def test_everything_spends_what_accrued_and_what_calls_cost_directly() -> None:
    """Ten days of November: 864 and 4.80 a day. The twenty to come are the same."""
    under = table(MONTH)
    now = at(date(2026, 11, 11), "00:00")
    found = read(folded(steady(date(2026, 10, 12), 30), under), under, now)
    assert found is not None
    assert (found.from_ms, found.to_ms) == (at(date(2026, 11, 1), "00:00"), at(date(2026, 12, 1), "00:00"))
    assert found.amount_nano == 31_104 * NANO
    assert found.spent_nano == 8_688 * NANO
    assert found.projected_nano == 30 * 8_688 * NANO // 10
    assert found.history_weeks == 4


def test_steady_spending_burns_the_budget_at_one_pace_at_every_hour() -> None:
    """26 064 of 31 104 is 0.838 of the budget: so is every window, by night and by day, and of whole capacity."""
    under = table(MONTH, calendar='calendar = "office"')
    pipeline = folded(steady(date(2026, 10, 12), 31), under)
    for clock in ("03:00", "10:00", "20:30"):
        found = read(pipeline, under, at(date(2026, 11, 11), clock))
        assert found is not None
        assert found.projected_nano == pytest.approx(26_064 * NANO, rel=1e-4)
        for window in found.windows:
            assert window.cost_nano / window.allotted_nano == pytest.approx(26_064 / 31_104, rel=1e-3), window


def test_a_scope_spends_what_its_calls_cost_and_absorb_and_nothing_idle() -> None:
    """Two queues alike share what accrues: 432 and 4.80 a day each."""
    under = table(MONTH + 'scope = { queue = ["support"] }')
    pipeline = folded([*steady(date(2026, 10, 12), 30), *steady(date(2026, 10, 12), 30, "support")], under)
    found = read(pipeline, under, at(date(2026, 11, 11), "00:00"))
    assert found is not None
    assert found.spent_nano == 4_368 * NANO
    assert found.projected_nano == 3 * 4_368 * NANO


NIGHT = """
calendar = "office"
scope = { queue = ["sales"] }
[[version.pool]]
name = "round-the-clock"
category = "labour"
amount = "240"
per = "day"
driver = "handle_second"
practical_capacity = "86400"
scope = { queue = ["support"] }
"""


@pytest.mark.parametrize("clock", ["03:00", "12:00", "20:00"])
def test_a_scope_burns_at_one_pace_though_the_pools_of_others_rest_at_night(clock: str) -> None:
    """Sales have 72 an hour by day alone, support 10 at any hour and 0.20 directly: 7344 in November's 720 hours."""
    under = table('[[budget]]\nname = "s"\namount = "14688"\nper = "month"\nscope = { queue = ["support"] }', NIGHT)
    calls = [*steady(date(2026, 10, 26), 31), *steady(date(2026, 10, 26), 31, "support")]
    now = at(date(2026, 11, 25), clock)
    told = [event for event in calls if json.loads(event)["ended_at"] < format_ms(now)]
    found = read(folded(told, under), under, now)
    assert found is not None
    assert found.projected_nano == 7_344 * NANO
    hours = {"1h": 1, "8h": 8, "24h": 24, "7d": 168}
    assert {one.window: one.cost_nano for one in found.windows} == {
        name: number * 102 * NANO // 10 for name, number in hours.items()
    }
    assert {one.window: one.allotted_nano for one in found.windows} == {
        name: number * 204 * NANO // 10 for name, number in hours.items()
    }


LATER = """
[[version]]
id = "two"
effective_from = 2026-11-21
[[version.pool]]
name = "agents"
category = "labour"
amount = "{agents}"
per = "day"
driver = "handle_second"
practical_capacity = "86400"
{more}
[[version.fee]]
name = "platform"
driver = "call"
price = "0.1"
"""
PREMISES = """
[[version.pool]]
name = "premises"
category = "facility"
amount = "100"
per = "day"
driver = "call"
practical_capacity = "1000"
"""


def test_a_version_that_begins_within_the_period_is_foreseen() -> None:
    """Twenty days at 868.80, and ten at 1728 and 4.80."""
    under = table(MONTH + LATER.format(agents="1728", more=""))
    found = read(folded(steady(date(2026, 10, 12), 30), under), under, at(date(2026, 11, 11), "00:00"))
    assert found is not None
    assert found.projected_nano == 34_704 * NANO


def test_of_a_pool_that_is_to_come_a_scope_bears_what_it_bears_of_all_the_others() -> None:
    """Half: 30 days at 436.80, and ten times 50."""
    under = table(MONTH + 'scope = { queue = ["support"] }' + LATER.format(agents="864", more=PREMISES))
    calls = [*steady(date(2026, 10, 12), 30), *steady(date(2026, 10, 12), 30, "support")]
    found = read(folded(calls, under), under, at(date(2026, 11, 11), "00:00"))
    assert found is not None
    assert found.projected_nano == 13_604 * NANO


def test_of_a_pool_that_nobody_uses_a_scope_bears_nothing() -> None:
    unused = PREMISES + 'scope = { queue = ["nobody"] }'
    scoped = MONTH + 'scope = { queue = ["support"] }\n[[budget]]\nname = "whole"\namount = "1"\nper = "month"'
    under = table(scoped, unused)
    pipeline = folded(steady(date(2026, 10, 12), 30, "support"), under)
    now = at(date(2026, 11, 11), "00:00")
    of_support, whole = read(pipeline, under, now), read(pipeline, under, now, number=1)
    assert of_support is not None
    assert whole is not None
    assert of_support.projected_nano == 30 * 8_688 * NANO // 10
    assert whole.projected_nano == of_support.projected_nano + 3_000 * NANO  # it accrues all the same


@pytest.mark.parametrize(
    ("per", "first", "after", "spent", "days_in_all", "more_calls"),
    [
        ("day", date(2026, 11, 25), date(2026, 11, 26), 1, 1, 0),
        ("week", date(2026, 11, 23), date(2026, 11, 30), 3, 7, 0),
        ("quarter", date(2026, 10, 1), date(2027, 1, 1), 56, 92, 2),
    ],
)
def test_a_budget_has_the_period_that_the_window_to_date_shows(
    per: str, first: date, after: date, spent: int, days_in_all: int, more_calls: int
) -> None:
    """At the end of 25 November, the last moment of its day, after calls since 1 October.

    25 October is an hour longer: two calls more, and the pool accrues no more than on other days.
    """
    under = table(MONTH.replace("month", per))
    now = at(date(2026, 11, 26), "00:00")
    found = read(folded(steady(date(2026, 10, 1), 56), under), under, now)
    assert found is not None
    assert (found.from_ms, found.to_ms) == (at(first, "00:00"), at(after, "00:00"))
    more_nano = more_calls * NANO // 10
    assert found.spent_nano == spent * 8_688 * NANO // 10 + more_nano
    assert found.projected_nano == days_in_all * 8_688 * NANO // 10 + more_nano


def test_at_the_end_of_the_period_it_has_come_to_what_was_spent() -> None:
    under = table(MONTH)
    found = read(folded(steady(date(2026, 11, 1), 30), under), under, at(date(2026, 12, 1), "00:00"))
    assert found is not None
    assert found.projected_nano == found.spent_nano == 26_064 * NANO


def test_an_amount_is_converted_at_the_rate_of_the_period_s_start() -> None:
    under = table(MONTH + 'currency = "EUR"')
    pipeline = folded(steady(date(2026, 10, 30), 5), under)
    november = read(pipeline, under, at(date(2026, 11, 3), "00:00"))
    assert november is not None
    assert november.amount_nano == 34_214_400_000_000  # 31 104 · 1.1
    assert read(pipeline, under, at(date(2026, 10, 31), "12:00")) is None  # there is no rate before November


def test_where_nothing_is_expected_time_alone_tells() -> None:
    """Before the table's first version nothing accrues, and nobody calls: an hour is a 744th of October 2025."""
    under = table(MONTH)
    found = read(Pipeline(under, _nothing), under, at(date(2025, 10, 16), "00:00"))
    assert found is not None
    assert (found.spent_nano, found.projected_nano) == (0, 0)
    hours = (found.to_ms - found.from_ms) // HOUR_MS
    assert hours == 745  # with the hour that comes twice
    assert found.windows[0] == ("1h", 0, 31_104 * NANO // 745)


def _nothing(_: object) -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        ('per = "hour"', "budget all: nothing is summed per hour; expected one of day, week, month, quarter"),
        ('per = "year"', "budget all: nothing is summed per year"),
        ('per = "day"\nscope = { agent = ["a"] }', "budget all: its scope names agent, not one of [fold] dimensions"),
        ('per = "day"\nscope = { queue = ["sales"] }', None),
    ],
)
def test_what_cannot_be_tracked_says_why(budget: str, why: str | None) -> None:
    (found,) = table(f'[[budget]]\nname = "all"\namount = "1"\n{budget}').budgets
    told = untracked(found, DIMENSIONS)
    assert told is None if why is None else (told or "").startswith(why)
