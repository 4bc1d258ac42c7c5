"""What is usual: which hours, their mean and their spread."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.baseline import LEAST_HOURS, Usual, baseline, same_hours
from consumer.core.calendar import LocalCalendar
from consumer.core.calls import SourceRecord
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.money import NANO
from tests.core.weeks import ATHENS, at, call, days, folded, halves, parts, table

CALENDAR = LocalCalendar(ATHENS)
TODAY = date(2026, 11, 25)  # a Wednesday
SALES = ("inbound", "sales", "ath")


def test_the_hours_are_those_of_the_seven_days_before_and_of_the_same_weekday_for_four_weeks() -> None:
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    past = [date(2026, 10, 28), date(2026, 11, 4), date(2026, 11, 11), *days(date(2026, 11, 18), 7)]
    assert hours == [(at(day, "10:00"), at(day, "11:00")) for day in past]


def test_an_hour_that_lies_across_two_is_held_against_both() -> None:
    hours = same_hours(CALENDAR, at(TODAY, "09:20"), at(TODAY, "10:20"))
    assert len(hours) == 20
    assert hours[-2:] == [
        (at(date(2026, 11, 24), "09:00"), at(date(2026, 11, 24), "10:00")),
        (at(date(2026, 11, 24), "10:00"), at(date(2026, 11, 24), "11:00")),
    ]


def test_over_midnight_each_hour_is_of_its_own_day() -> None:
    hours = same_hours(CALENDAR, at(TODAY, "23:30"), at(date(2026, 11, 26), "00:30"))
    assert hours[-2:] == [
        (at(date(2026, 11, 24), "23:00"), at(TODAY, "00:00")),
        (at(TODAY, "00:00"), at(TODAY, "01:00")),
    ]


@pytest.mark.parametrize("changed", [date(2026, 10, 25), date(2026, 3, 29)])
def test_after_a_day_on_which_the_clock_changed_hours_are_the_same_by_the_wall(changed: date) -> None:
    today = changed + timedelta(days=1)
    hours = same_hours(CALENDAR, at(today, "10:00"), at(today, "11:00"))
    assert len(hours) == 10
    assert hours[-1] == (at(changed, "10:00"), at(changed, "11:00"))


def test_an_hour_that_the_clock_skipped_is_left_out() -> None:
    """On 29 March 2026 it goes forward from 03:00 to 04:00."""
    monday = date(2026, 3, 30)
    hours = same_hours(CALENDAR, at(monday, "03:00"), at(monday, "04:00"))
    assert len(hours) == 9
    assert hours[-1] == (at(date(2026, 3, 28), "03:00"), at(date(2026, 3, 28), "04:00"))


def test_an_hour_that_the_clock_shows_twice_is_held_against_the_one_of_other_days() -> None:
    """On 25 October 2026 it goes back from 04:00 to 03:00."""
    saturday, sunday = date(2026, 10, 24), date(2026, 10, 25)
    three = at(sunday, "03:00")
    first = same_hours(CALENDAR, three, three + HOUR_MS)
    second = same_hours(CALENDAR, three + HOUR_MS, three + 2 * HOUR_MS)
    assert first == second == same_hours(CALENDAR, three, three + 2 * HOUR_MS)
    assert (len(first), first[-1]) == (10, (at(saturday, "03:00"), at(saturday, "04:00")))


def test_of_an_hour_that_the_clock_showed_twice_the_first_counts() -> None:
    monday = date(2026, 10, 26)
    hours = same_hours(CALENDAR, at(monday, "03:00"), at(monday, "04:00"))
    three = at(date(2026, 10, 25), "03:00")
    assert (len(hours), hours[-1]) == (10, (three, three + HOUR_MS))


def test_a_day_whose_hours_lie_across_those_of_others_is_left_out() -> None:
    """Lord Howe, 4 October 2026: 02:00 becomes 02:30, so that day's slots begin at half past from then on."""
    island = LocalCalendar(ZoneInfo("Australia/Lord_Howe"))
    saturday, monday = (island.instant_at(date(2026, 10, day), 10 * HOUR_MS) for day in (3, 5))
    hours = same_hours(island, monday, monday + HOUR_MS)
    assert (len(hours), hours[-1]) == (9, (saturday, saturday + HOUR_MS))


def test_no_hour_lies_in_the_window_that_is_held_against_it() -> None:
    """A day at 10:20: the hour of 10 of yesterday is in the window, that of 9 is not, seen from today."""
    from_ms, to_ms = at(date(2026, 11, 24), "10:20"), at(TODAY, "10:20")
    hours = same_hours(CALENDAR, from_ms, to_ms)
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
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded(events)), hours)
    usual = Usual(3, 4, 9 * NANO, 829_156_197)
    assert found.usual == {SALES: usual, ("inbound",): usual, (): usual}
    assert usual.per_call_nano == 225 * NANO // 100
    assert found.usage[SALES].calls == 4


def test_two_hours_with_calls_are_not_enough() -> None:
    events = [call(at(day, "10:30"), 90) for day in days(date(2026, 11, 23), 2)]
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded([*events, call(at(TODAY, "10:30"), 90)])), hours)
    assert found.usual == {}
    assert found.usage[SALES].calls == 2


def test_what_came_at_another_hour_does_not_count() -> None:
    events = [call(at(day, clock), 90) for day in days(date(2026, 11, 18), 7) for clock in ("09:59:59.999", "11:00")]
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    assert baseline(table(), parts(folded(events)), hours).usual == {}


def test_a_direction_may_have_a_usual_cost_where_none_of_its_segments_has() -> None:
    """Sales on two days at 1.00, support on a third at 2.00: 4.00 for 3; the variance is 2/9, its root 0.471404520…"""
    events = [call(at(day, "10:30"), 90) for day in days(date(2026, 11, 22), 2)]
    events.append(call(at(date(2026, 11, 24), "10:30"), 190, "support"))
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    found = baseline(table(), parts(folded(events)), hours)
    usual = Usual(3, 3, 4 * NANO, 471_404_520)
    assert found.usual == {("inbound",): usual, (): usual}
    assert usual.per_call_nano == 1_333_333_333


def test_it_is_there_right_after_a_back_fill() -> None:
    """Told at one go, or day by day until an hour is over: the same."""
    events = [call(at(day, "10:30"), 30 + day.day) for day in days(date(2026, 10, 28), 29)]
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
    at_once, by_day = folded(events), folded([])
    for number, event in enumerate(events):
        by_day.feed([SourceRecord(number, event)])
    assert baseline(table(), parts(at_once), hours) == baseline(table(), parts(by_day), hours)
    assert baseline(table(), parts(at_once), hours).usual[SALES].hours == 10


CALLS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 4, 7, 14, 28]), st.integers(0, 119), st.integers(0, 900),
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
    hours = same_hours(CALENDAR, at(TODAY, "10:00"), at(TODAY, "11:00"))
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
    hours = same_hours(CALENDAR, to_ms - 3_600_000, to_ms)
    whole = baseline(table(), parts(folded(events)), hours)
    one, other = halves(events)
    assert whole.usual.keys() == {SALES, ("inbound", "support", "ath"), ("inbound",), ()}
    assert baseline(table(), parts(folded(one), folded(other)), hours) == whole
