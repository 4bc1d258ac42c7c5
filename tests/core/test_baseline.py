"""What is usual: which hours, their mean and their spread."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.baseline import LEAST_HOURS, Hour, Usual, baseline, same_hours
from consumer.core.calendar import LocalCalendar
from consumer.core.calls import SourceRecord
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.money import NANO
from consumer.rates.build import build_rate_table
from tests.core.weeks import CALENDARS, SHIFTS, TEXT, at, call, days, folded, halves, parts, table, with_shifts

TABLE = table()
TODAY = date(2026, 11, 25)  # a Wednesday
SALES = ("inbound", "sales", "ath")


def days_of(hours: list[Hour]) -> list[str]:
    return [f"{TABLE.calendar.date_of(hour.from_ms):%a %d %b}" for hour in hours]


def test_the_hours_are_those_of_the_seven_days_before_and_around_the_same_weekday_of_three_weeks_more() -> None:
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    around = [day for middle in (date(2026, 10, 28), date(2026, 11, 4), date(2026, 11, 11)) for day in near(middle)]
    past = [*around, *days(date(2026, 11, 18), 7)]
    assert hours == [(at(day, "10:00"), at(day, "11:00")) for day in past]


def near(day: date) -> Iterator[date]:
    return days(day - timedelta(days=1), 3)


def test_weekdays_are_held_against_weekdays_and_weekends_against_weekends_where_shifts_say_so() -> None:
    shifts = with_shifts(CALENDARS.format(closed=""))
    wednesday = same_hours(shifts, at(TODAY, "10:00"), at(TODAY, "11:00"))
    assert days_of(wednesday) == [
        "Tue 27 Oct", "Wed 28 Oct", "Thu 29 Oct", "Tue 03 Nov", "Wed 04 Nov", "Thu 05 Nov", "Tue 10 Nov", "Wed 11 Nov",
        "Thu 12 Nov", "Wed 18 Nov", "Thu 19 Nov", "Fri 20 Nov", "Mon 23 Nov", "Tue 24 Nov",
    ]  # fmt: skip
    sunday = date(2026, 11, 29)
    assert days_of(same_hours(shifts, at(sunday, "10:00"), at(sunday, "11:00"))) == [
        "Sat 31 Oct", "Sun 01 Nov", "Sat 07 Nov", "Sun 08 Nov", "Sat 14 Nov", "Sun 15 Nov", "Sun 22 Nov", "Sat 28 Nov",
    ]  # fmt: skip


def test_a_holiday_is_like_no_day_and_no_day_like_it() -> None:
    shifts = with_shifts(CALENDARS.format(closed="closed = [2026-11-24]"))
    holiday = date(2026, 11, 24)
    assert same_hours(shifts, at(holiday, "10:00"), at(holiday, "11:00")) == []
    assert "Tue 24 Nov" not in days_of(same_hours(shifts, at(TODAY, "10:00"), at(TODAY, "11:00")))


def test_an_hour_in_which_a_shift_begins_is_held_against_those_in_which_it_begins() -> None:
    """On Wednesdays agents come at 10:30, on other days at 10:00: at 11 they are alike again."""
    late = 'name = "late"\ndays = ["wed"]\nfrom = "10:30"\nto = "12:00"\n[[calendar]]\n'
    office = 'name = "weekdays"\ndays = ["mon", "tue", "thu", "fri"]\nfrom = "10:00"\nto = "12:00"\n'
    weekend = '[[calendar]]\nname = "weekend"\ndays = ["sat", "sun"]\n'
    again = SHIFTS.replace('"weekend"', '"late"')
    shifts = with_shifts(f"[[calendar]]\n{late}{office}{weekend}", again)
    hours = same_hours(shifts, at(TODAY, "10:00"), at(TODAY, "11:00"))
    assert days_of(hours) == ["Wed 28 Oct", "Wed 04 Nov", "Wed 11 Nov", "Wed 18 Nov"]


def test_a_carriers_dearer_hours_are_held_against_dearer_hours() -> None:
    tariff = """
[[version.tariff]]
name = "carrier"
match = { direction = ["outbound"] }
number = "to"
rates = [{ prefix = "", rate_per_minute = "0.02" }]
[[version.tariff.period]]
days = ["sat", "sun"]
rates = [{ prefix = "", rate_per_minute = "0.01" }]
"""
    text = TEXT.format(budgets="", calendar="").replace("[[version.fee]]", tariff + "\n[[version.fee]]", 1)
    found = build_rate_table("rates.toml", text.encode(), {}.__getitem__)
    saturday = date(2026, 11, 21)
    assert {day[:3] for day in days_of(same_hours(found, at(saturday, "10:00"), at(saturday, "11:00")))} == {
        "Sat",
        "Sun",
    }


def test_that_prices_became_others_makes_no_hour_unlike() -> None:
    """Calendars are those of the version in force, also for the hours before it: a new price is what is looked for."""
    text = TEXT.format(budgets=CALENDARS.format(closed=""), calendar="")
    dearer = """
[[version]]
id = "two"
effective_from = 2026-11-25
[[version.pool]]
name = "agents"
category = "labour"
amount = "1728"
per = "day"
driver = "handle_second"
practical_capacity = "86400"
calendar = "weekdays"
"""
    text = text.replace("[[calendar]]", dearer + "[[calendar]]", 1)
    found = build_rate_table("rates.toml", text.encode(), {}.__getitem__)
    assert len(same_hours(found, at(TODAY, "10:00"), at(TODAY, "11:00"))) == 14


def test_an_hour_that_lies_across_two_is_held_against_both() -> None:
    hours = same_hours(TABLE, at(TODAY, "09:20"), at(TODAY, "10:20"))
    assert len(hours) == 2 * 16
    assert hours[-2:] == [
        (at(date(2026, 11, 24), "09:00"), at(date(2026, 11, 24), "10:00")),
        (at(date(2026, 11, 24), "10:00"), at(date(2026, 11, 24), "11:00")),
    ]


def test_over_midnight_each_hour_is_of_its_own_day() -> None:
    hours = same_hours(TABLE, at(TODAY, "23:30"), at(date(2026, 11, 26), "00:30"))
    assert hours[-2:] == [
        (at(date(2026, 11, 24), "23:00"), at(TODAY, "00:00")),
        (at(TODAY, "00:00"), at(TODAY, "01:00")),
    ]


@pytest.mark.parametrize("changed", [date(2026, 10, 25), date(2026, 3, 29)])
def test_after_a_day_on_which_the_clock_changed_hours_are_the_same_by_the_wall(changed: date) -> None:
    today = changed + timedelta(days=1)
    hours = same_hours(TABLE, at(today, "10:00"), at(today, "11:00"))
    assert len(hours) == 16
    assert hours[-1] == (at(changed, "10:00"), at(changed, "11:00"))


def test_an_hour_that_the_clock_skipped_is_left_out() -> None:
    """On 29 March 2026 it goes forward from 03:00 to 04:00."""
    monday = date(2026, 3, 30)
    hours = same_hours(TABLE, at(monday, "03:00"), at(monday, "04:00"))
    assert len(hours) == 15
    assert hours[-1] == (at(date(2026, 3, 28), "03:00"), at(date(2026, 3, 28), "04:00"))


def test_an_hour_that_the_clock_shows_twice_is_held_against_the_one_of_other_days() -> None:
    """On 25 October 2026 it goes back from 04:00 to 03:00."""
    saturday, sunday = date(2026, 10, 24), date(2026, 10, 25)
    three = at(sunday, "03:00")
    first = same_hours(TABLE, three, three + HOUR_MS)
    second = same_hours(TABLE, three + HOUR_MS, three + 2 * HOUR_MS)
    assert first == second == same_hours(TABLE, three, three + 2 * HOUR_MS)
    assert (len(first), first[-1]) == (16, (at(saturday, "03:00"), at(saturday, "04:00")))


def test_of_an_hour_that_the_clock_showed_twice_the_first_counts() -> None:
    monday = date(2026, 10, 26)
    hours = same_hours(TABLE, at(monday, "03:00"), at(monday, "04:00"))
    three = at(date(2026, 10, 25), "03:00")
    assert (len(hours), hours[-1]) == (16, (three, three + HOUR_MS))


def test_a_day_whose_hours_lie_across_those_of_others_is_left_out() -> None:
    """Lord Howe, 4 October 2026: 02:00 becomes 02:30, so that day's slots begin at half past from then on."""
    island = LocalCalendar(ZoneInfo("Australia/Lord_Howe"))
    saturday, monday = (island.instant_at(date(2026, 10, day), 10 * HOUR_MS) for day in (3, 5))
    hours = same_hours(replace(TABLE, calendar=island), monday, monday + HOUR_MS)
    assert (len(hours), hours[-1]) == (15, (saturday, saturday + HOUR_MS))


def test_no_hour_lies_in_the_window_that_is_held_against_it() -> None:
    """A day at 10:20: the hour of 10 of yesterday is in the window, that of 9 is not, seen from today."""
    from_ms, to_ms = at(date(2026, 11, 24), "10:20"), at(TODAY, "10:20")
    hours = same_hours(TABLE, from_ms, to_ms)
    assert hours[-1] == (at(date(2026, 11, 24), "09:00"), at(date(2026, 11, 24), "10:00"))
    assert len(set(hours)) == len(hours)
    assert all(earlier.to_ms <= later.from_ms for earlier, later in pairwise(hours))


def test_the_mean_is_all_cost_by_all_calls_and_the_spread_is_weighted_by_calls() -> None:
    """Three past days at 10: one call of 90 s (1.00), one of 190 s (2.00), two of 290 s (3.00 each).

    9.00 for 4 calls are 2.25; the variance is (1.25² + 0.25² + 2 · 0.75²) ÷ 4 = 0.6875, its root 0.829156197…
    """
    events = [
        call(at(date(2026, 11, 22), "10:30"), 90),
        call(at(date(2026, 11, 23), "10:30"), 190),
        call(at(date(2026, 11, 24), "10:30"), 290),
        call(at(date(2026, 11, 24), "10:40"), 290),
        call(at(TODAY, "10:30"), 990),
    ]
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded(events)), hours)
    usual = Usual(3, 4, 9 * NANO, 829_156_197)
    assert found.usual == {SALES: usual, ("inbound",): usual, (): usual}
    assert usual.per_call_nano == 225 * NANO // 100
    assert found.usage[SALES].calls == 4


def test_two_hours_with_calls_are_not_enough() -> None:
    events = [call(at(day, "10:30"), 90) for day in days(date(2026, 11, 23), 2)]
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded([*events, call(at(TODAY, "10:30"), 90)])), hours)
    assert found.usual == {}
    assert found.usage[SALES].calls == 2


def test_what_came_at_another_hour_does_not_count() -> None:
    events = [call(at(day, clock), 90) for day in days(date(2026, 11, 18), 7) for clock in ("09:59:59.999", "11:00")]
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    assert baseline(table(), parts(folded(events)), hours).usual == {}


def test_a_direction_may_have_a_usual_cost_where_none_of_its_segments_has() -> None:
    """Sales on two days at 1.00, support on a third at 2.00: 4.00 for 3; the variance is 2/9, its root 0.471404520…"""
    events = [call(at(day, "10:30"), 90) for day in days(date(2026, 11, 22), 2)]
    events.append(call(at(date(2026, 11, 24), "10:30"), 190, "support"))
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded(events)), hours)
    usual = Usual(3, 3, 4 * NANO, 471_404_520)
    assert found.usual == {("inbound",): usual, (): usual}
    assert usual.per_call_nano == 1_333_333_333


def test_it_is_there_right_after_a_back_fill() -> None:
    """Told at one go, or day by day until an hour is over: the same."""
    events = [call(at(day, "10:30"), 30 + day.day) for day in days(date(2026, 10, 27), 30)]
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    at_once, by_day = folded(events), folded([])
    for number, event in enumerate(events):
        by_day.feed([SourceRecord(number, event)])
    assert baseline(table(), parts(at_once), hours) == baseline(table(), parts(by_day), hours)
    assert baseline(table(), parts(at_once), hours).usual[SALES].hours == 16


CALLS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 4, 7, 14, 29]), st.integers(0, 119), st.integers(0, 900),
        st.sampled_from(["sales", "support"]), st.sampled_from(["inbound", "outbound"]),
    ),
    max_size=25,
)  # fmt: skip


@given(CALLS, st.integers(1, 3))
def test_any_parts_have_the_baseline_of_the_whole(told: list[tuple[int, int, int, str, str]], number: int) -> None:
    """Calls from 09:30 until 11:30 on days of the past; an hour's mean and spread are within what its calls cost."""
    events = [
        call(at(TODAY - timedelta(days=past), "09:30") + minute * MINUTE_MS, talk_s, queue, direction, one)
        for one, (past, minute, talk_s, queue, direction) in enumerate(told)
    ]
    hours = same_hours(TABLE, at(TODAY, "10:00"), at(TODAY, "11:00"))
    whole = baseline(table(), parts(folded(events)), hours)
    each = [folded(events[first::number]) for first in range(number)]
    assert baseline(table(), parts(*each), hours) == whole
    counted = [one for one in told if 30 <= one[1] < 90]
    assert sum(one.calls for one in whole.usage.values()) == len(counted)
    for direction in ("inbound", "outbound"):
        costs = [NANO // 10 + talk_s * NANO // 100 for _, _, talk_s, _, of in counted if of == direction]
        hours_with_calls = {past for past, _, _, _, of in counted if of == direction}
        usual = whole.usual.get((direction,))
        assert (usual is not None) == (len(hours_with_calls) >= LEAST_HOURS)
        if usual is not None:
            assert (usual.calls, usual.cost_nano) == (len(costs), sum(costs))
            assert usual.sigma_nano <= (max(costs) - min(costs)) // 2


@pytest.mark.parametrize("clock", ["10:20", "11:00", "00:10"])
def test_two_parts_have_the_baseline_of_the_whole(clock: str) -> None:
    events = [
        call(at(day, f"{hour:02d}:{minute:02d}"), 60 + day.day * minute, queue, number=minute)
        for day in days(date(2026, 10, 26), 30)
        for hour in (0, 9, 10, 23)
        for minute in (5, 35)
        for queue in ("sales", "support")
    ]
    to_ms = at(TODAY, clock)
    hours = same_hours(TABLE, to_ms - 3_600_000, to_ms)
    whole = baseline(table(), parts(folded(events)), hours)
    one, other = halves(events)
    assert whole.usual.keys() == {SALES, ("inbound", "support", "ath"), ("inbound",), ()}
    assert baseline(table(), parts(folded(one), folded(other)), hours) == whole
