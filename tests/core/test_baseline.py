"""What is usual: which hours, their mean and their spread."""

from datetime import date

import pytest

from consumer.core.baseline import Usual, baseline, same_hours
from consumer.core.calendar import LocalCalendar
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


def test_hours_are_counted_from_the_start_of_the_day_as_slices_are() -> None:
    """On 25 October 2026 the clock goes back at 04:00: its eleventh hour is 09:00 by the wall."""
    hours = same_hours(CALENDAR, at(date(2026, 10, 26), "10:00"), at(date(2026, 10, 26), "11:00"))
    assert hours[-1] == (at(date(2026, 10, 25), "09:00"), at(date(2026, 10, 25), "10:00"))


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
    assert found.usual == {SALES: usual, ("inbound",): usual}
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
    assert whole.usual.keys() == {SALES, ("inbound", "support", "ath"), ("inbound",)}
    assert baseline(table(), parts(folded(one), folded(other)), hours) == whole
