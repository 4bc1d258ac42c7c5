"""Local time, also where the clock is put forward or back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calendar import LocalCalendar, OpeningHours
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_rfc3339

ATHENS = LocalCalendar(ZoneInfo("Europe/Athens"))
#: Offsets of 5:45, half an hour of summer time, and no zone at all; New York for the west.
ZONES = {
    name: LocalCalendar(ZoneInfo(name))
    for name in ("Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Europe/Athens", "UTC")
}
FIRST_MS = parse_rfc3339("1990-01-01T00:00:00Z")
LAST_MS = parse_rfc3339("2100-12-31T00:00:00Z")
INSTANTS = st.integers(FIRST_MS, LAST_MS)
ALL_DAYS = frozenset(range(7))
WORKING_DAYS = frozenset(range(5))


def zone(name: str) -> LocalCalendar:
    return LocalCalendar(ZoneInfo(name))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 28), 24),
        (date(2026, 3, 29), 23),  # 03:00 is 04:00
        (date(2026, 3, 30), 24),
        (date(2026, 10, 24), 24),
        (date(2026, 10, 25), 25),  # 04:00 is 03:00 again
        (date(2026, 10, 26), 24),
    ],
)
def test_a_day_has_23_or_25_hours_when_the_clock_changes(day: date, hours: int) -> None:
    start, end = ATHENS.start_of(day), ATHENS.start_of(day + timedelta(days=1))
    assert end - start == hours * HOUR_MS
    assert ATHENS.period(start, "day") == ATHENS.period(end - 1, "day") == (start, end)


def test_the_day_of_lord_howe_is_half_an_hour_longer_or_shorter() -> None:
    """Its summer time is 30 minutes: from 2026-10-04, to 2026-04-05."""
    howe = ZONES["Australia/Lord_Howe"]
    lengths = [howe.start_of(date(2026, *after)) - howe.start_of(date(2026, *day)) for day, after in (
        ((4, 5), (4, 6)), ((10, 4), (10, 5)),
    )]  # fmt: skip
    assert lengths == [DAY_MS + 30 * MINUTE_MS, DAY_MS - 30 * MINUTE_MS]


@pytest.mark.parametrize(
    ("name", "day", "first"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T01:00:00-02:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-24T01:00:00+03:00"),
    ],
)
def test_midnight_that_does_not_exist_begins_the_day_an_hour_later(name: str, day: date, first: str) -> None:
    calendar, start = zone(name), parse_rfc3339(first)
    assert calendar.start_of(day) == start
    assert (calendar.date_of(start - 1), calendar.date_of(start)) == (day - timedelta(days=1), day)
    assert calendar.start_of(day + timedelta(days=1)) - start == 23 * HOUR_MS


def test_midnight_that_comes_twice_begins_the_day_the_first_time() -> None:
    """Havana goes back from 01:00 to 00:00 on 2026-11-01."""
    havana = zone("America/Havana")
    assert havana.start_of(date(2026, 11, 1)) == parse_rfc3339("2026-11-01T00:00:00-04:00")
    assert havana.date_of(parse_rfc3339("2026-11-01T00:30:00-05:00")) == date(2026, 11, 1)
    assert havana.start_of(date(2026, 11, 2)) - havana.start_of(date(2026, 11, 1)) == 25 * HOUR_MS


def test_a_clock_put_back_over_midnight_does_not_bring_the_old_day_back() -> None:
    """St John's went from 00:01 on 2010-11-07 back to 23:01 on the 6th."""
    johns = zone("America/St_Johns")
    second_evening = parse_rfc3339("2010-11-06T23:30:00-03:30")
    assert johns.date_of(second_evening) == date(2010, 11, 7)
    assert johns.day_start(second_evening) == parse_rfc3339("2010-11-07T00:00:00-02:30")


@pytest.mark.parametrize(
    ("per", "first", "after"),
    [
        ("hour", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z"),
        ("day", "2026-11-25T00:00:00+02:00", "2026-11-26T00:00:00+02:00"),
        ("week", "2026-11-23T00:00:00+02:00", "2026-11-30T00:00:00+02:00"),  # Monday to Monday
        ("month", "2026-11-01T00:00:00+02:00", "2026-12-01T00:00:00+02:00"),
        ("quarter", "2026-10-01T00:00:00+03:00", "2027-01-01T00:00:00+02:00"),
        ("year", "2026-01-01T00:00:00+02:00", "2027-01-01T00:00:00+02:00"),
    ],
)
def test_periods_begin_and_end_at_local_midnight(per, first: str, after: str) -> None:
    """2026-11-25 is a Wednesday."""
    noon = parse_rfc3339("2026-11-25T12:34:56+02:00")
    assert ATHENS.period(noon, per) == (parse_rfc3339(first), parse_rfc3339(after))


def test_hours_are_those_of_utc_where_the_offset_is_not_whole() -> None:
    """12:50 in Kathmandu is 07:05 in UTC."""
    found = ZONES["Asia/Kathmandu"].period(parse_rfc3339("2026-11-25T12:50:00+05:45"), "hour")
    assert found == (parse_rfc3339("2026-11-25T07:00:00Z"), parse_rfc3339("2026-11-25T08:00:00Z"))


@pytest.mark.parametrize(
    ("day", "months", "reached"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 36, date(2029, 11, 30)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_months_after_a_day_are_clipped_to_the_end_of_the_month(day: date, months: int, reached: date) -> None:
    assert ATHENS.months_after(day, months) == ATHENS.start_of(reached)


@given(st.sampled_from(sorted(ZONES)), INSTANTS)
def test_an_instant_lies_in_its_day(name: str, instant: int) -> None:
    calendar = ZONES[name]
    day = calendar.date_of(instant)
    assert calendar.day_start(instant) == calendar.start_of(day)
    assert calendar.start_of(day) <= instant < calendar.start_of(day + timedelta(days=1))


@given(st.sampled_from(sorted(ZONES)), INSTANTS)
def test_an_instant_has_the_date_that_the_clock_shows(name: str, instant: int) -> None:
    """In these zones no clock goes back over midnight after 1990."""
    shown = datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(name))
    assert ZONES[name].date_of(instant) == shown.date()
    assert ZONES[name].offset(instant) == shown.utcoffset() / timedelta(milliseconds=1)


@given(st.sampled_from(sorted(ZONES)), st.lists(INSTANTS, max_size=20))
def test_day_starts_of_a_column_are_those_one_by_one(name: str, instants: list[int]) -> None:
    calendar = ZONES[name]
    column = calendar.day_starts(np.array(instants, dtype=np.int64)) if instants else np.array([])
    assert column.tolist() == [calendar.day_start(instant) for instant in instants]


@given(st.sampled_from(sorted(ZONES)), st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(-2, 2))
def test_day_starts_are_right_at_the_edges_of_days(name: str, day: date, step: int) -> None:
    calendar = ZONES[name]
    instant = calendar.start_of(day) + step
    assert calendar.day_starts(np.array([instant])).tolist() == [calendar.day_start(instant)]
    assert calendar.day_start(instant) == calendar.start_of(day if step >= 0 else day - timedelta(days=1))


# Opening hours.

OFFICE = OpeningHours(ATHENS, WORKING_DAYS, 8 * 60, 20 * 60, frozenset({date(2026, 12, 25)}))
NIGHT = OpeningHours(ATHENS, frozenset({4}), 22 * 60, 6 * 60)  # Friday night
AROUND_THE_CLOCK = OpeningHours(ATHENS, ALL_DAYS)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T07:59:59.999+02:00", False),  # a Monday
        ("2026-11-23T08:00:00+02:00", True),
        ("2026-11-23T19:59:59.999+02:00", True),
        ("2026-11-23T20:00:00+02:00", False),
        ("2026-11-22T12:00:00+02:00", False),  # a Sunday
        ("2026-12-25T12:00:00+02:00", False),  # a Friday that is closed
        ("2026-07-20T05:00:00Z", True),  # 08:00 of summer time
    ],
)
def test_the_office_is_open_by_the_wall_clock(moment: str, is_open: bool) -> None:
    assert OFFICE.is_open(parse_rfc3339(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-27T21:59:59+02:00", False),  # Friday
        ("2026-11-27T22:00:00+02:00", True),
        ("2026-11-28T05:59:59.999+02:00", True),  # Saturday, in the hours that began on Friday
        ("2026-11-28T06:00:00+02:00", False),
        ("2026-11-28T22:00:00+02:00", False),
        ("2026-11-27T01:00:00+02:00", False),  # Thursday's night is not ours
    ],
)
def test_hours_past_midnight_belong_to_the_day_on_which_they_begin(moment: str, is_open: bool) -> None:
    assert NIGHT.is_open(parse_rfc3339(moment)) is is_open


def test_a_closed_day_closes_the_night_that_begins_on_it_and_not_the_one_that_ends_on_it() -> None:
    nights = OpeningHours(ATHENS, ALL_DAYS, 22 * 60, 6 * 60, frozenset({date(2026, 12, 25)}))
    hours = ("2026-12-25T05:00:00+02:00", "2026-12-25T23:00:00+02:00", "2026-12-26T05:00:00+02:00")
    assert [nights.is_open(parse_rfc3339(hour)) for hour in hours] == [True, False, False]


def test_equal_hours_are_open_for_a_day_from_then() -> None:
    whole = OpeningHours(ATHENS, frozenset({0}), 9 * 60, 9 * 60)
    monday = parse_rfc3339("2026-11-23T09:00:00+02:00")
    assert [whole.is_open(monday + step) for step in (-1, 0, DAY_MS - 1, DAY_MS)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("day", "open_hours"),
    [(date(2026, 3, 28), 4), (date(2026, 3, 29), 3), (date(2026, 10, 25), 5), (date(2026, 10, 26), 4)],
)
def test_hours_that_the_clock_jumps_or_repeats_are_lost_or_open_twice(day: date, open_hours: int) -> None:
    """Open from 01:00 to 05:00; the clock jumps from 03:00 to 04:00 in spring, and from 04:00 to 03:00 in autumn."""
    hours = OpeningHours(ATHENS, ALL_DAYS, 60, 5 * 60)
    found = hours.open_ms(ATHENS.start_of(day), ATHENS.start_of(day + timedelta(days=1)))
    assert found == open_hours * HOUR_MS


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    """Open from 03:00 to 03:30: on 2026-10-25 that is 00:00 to 00:30 and 01:00 to 01:30 in UTC."""
    hours = OpeningHours(ATHENS, ALL_DAYS, 180, 210)
    midnight = parse_rfc3339("2026-10-25T00:00:00Z")
    half = 30 * MINUTE_MS
    assert hours.open_on(date(2026, 10, 25)) == (
        (midnight, midnight + half),
        (midnight + 2 * half, midnight + 3 * half),
    )


def test_november_2026_has_21_working_days_of_12_hours() -> None:
    """The 1st is a Sunday and the 30th a Monday: 4 weeks of 5 days, and the 30th."""
    november = ATHENS.period(parse_rfc3339("2026-11-10T00:00:00Z"), "month")
    assert OFFICE.open_ms(*november) == 21 * 12 * HOUR_MS


@given(INSTANTS, st.integers(0, 400 * DAY_MS))
def test_what_never_closes_is_open_all_the_time(start: int, length: int) -> None:
    assert AROUND_THE_CLOCK.open_ms(start, start + length) == length


minutes = st.integers(0, 1439)


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    """Any hours in any of the zones; closed days in 2026, so that some are met."""
    closed = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return OpeningHours(ZONES[draw(st.sampled_from(sorted(ZONES)))], days, draw(minutes), draw(minutes), closed)


#: Open time is summed up from 1970 on and remembered: these are asked again and again.
REMEMBERED = st.sampled_from(
    [
        OpeningHours(calendar, days, begins, ends, frozenset({date(2026, 10, 25), date(2026, 12, 25)}))
        for calendar in (ZONES["Europe/Athens"], ZONES["Australia/Lord_Howe"])
        for days, begins, ends in ((WORKING_DAYS, 495, 1200), (ALL_DAYS, 1290, 200), (frozenset({6}), 150, 1440))
    ]
)
IN_2026 = st.integers(parse_rfc3339("2025-12-25T00:00:00Z"), parse_rfc3339("2027-01-10T00:00:00Z"))


@given(REMEMBERED, st.tuples(IN_2026, IN_2026, IN_2026).map(sorted))
def test_open_time_of_two_parts_adds_up_to_that_of_the_whole(hours: OpeningHours, three: list[int]) -> None:
    start, middle, end = three
    assert hours.open_ms(start, middle) + hours.open_ms(middle, end) == hours.open_ms(start, end)


@given(REMEMBERED, IN_2026, st.integers(0, 20 * DAY_MS))
def test_open_time_is_the_sum_of_the_open_intervals(hours: OpeningHours, start: int, length: int) -> None:
    end, day, total = start + length, hours.calendar.date_of(start), 0
    while hours.calendar.start_of(day) < end:
        total += sum(max(0, min(closes, end) - max(opens, start)) for opens, closes in hours.open_on(day))
        day += timedelta(days=1)
    assert hours.open_ms(start, end) == total


@given(opening_hours(), st.lists(IN_2026, min_size=1, max_size=20))
def test_is_open_agrees_with_that_of_a_column(hours: OpeningHours, instants: list[int]) -> None:
    assert hours.open_at(np.array(instants)).tolist() == [hours.is_open(instant) for instant in instants]


@given(opening_hours(), IN_2026)
def test_is_open_is_what_the_wall_clock_says(hours: OpeningHours, instant: int) -> None:
    """Asked of the clock, without any interval: today's hours have begun, or yesterday's have not ended."""
    wall = datetime.fromtimestamp(instant // 1000, UTC).astimezone(hours.calendar.zone)
    minute, begins, ends = wall.hour * 60 + wall.minute, hours.from_minute, hours.to_minute

    def counts(day: date) -> bool:
        return day.weekday() in hours.days and day not in hours.closed

    if begins < ends:
        expected = counts(wall.date()) and begins <= minute < ends
    else:
        yesterday = wall.date() - timedelta(days=1)
        expected = (counts(wall.date()) and minute >= begins) or (counts(yesterday) and minute < ends)
    assert hours.is_open(instant) is expected


@given(opening_hours(), IN_2026)
def test_nothing_changes_before_the_next_change(hours: OpeningHours, instant: int) -> None:
    change = hours.next_change(instant)
    assert instant < change <= hours.calendar.start_of(hours.calendar.date_of(instant) + timedelta(days=1))
    between = [instant, (instant + change) // 2, change - 1]
    assert len({hours.is_open(moment) for moment in between}) == 1


def test_a_day_that_was_skipped_at_the_date_line_has_no_hours() -> None:
    """Samoa had no 30 December 2011: midnight of the 31st followed that of the 29th by 24 hours."""
    samoa = LocalCalendar(ZoneInfo("Pacific/Apia"))
    start, end = samoa.start_of(date(2011, 12, 29)), samoa.start_of(date(2012, 1, 1))
    always = OpeningHours(samoa, frozenset(range(7)))
    assert end - start == always.open_ms(start, end) == 2 * 24 * 3_600_000


def hour_and_minute(calendar: LocalCalendar, instant: int) -> tuple[date, int]:
    wall = datetime.fromtimestamp(instant // 1000, UTC).astimezone(calendar.zone)
    return wall.date(), wall.hour * 60 + wall.minute


@given(st.sampled_from(sorted(ZONES)), IN_2026)
def test_what_the_wall_clock_shows_it_showed_first_at_that_instant_or_before(name: str, instant: int) -> None:
    calendar = ZONES[name]
    day = calendar.date_of(instant)
    first = calendar.instant_at(day, calendar.wall_ms(instant))
    assert instant - 2 * 3_600_000 < first <= instant
    assert hour_and_minute(calendar, first) == hour_and_minute(calendar, instant)


def test_a_time_that_the_wall_clock_skips_is_when_it_has_gone_past_it() -> None:
    """Athens, 29 March 2026: 02:59:59 EET is followed by 04:00 EEST."""
    athens = zone("Europe/Athens")
    assert athens.instant_at(date(2026, 3, 29), 12_600_000) == parse_rfc3339("2026-03-29T04:00:00+03:00")


def test_a_time_that_comes_twice_is_the_first() -> None:
    athens = zone("Europe/Athens")
    assert athens.instant_at(date(2026, 10, 25), 12_600_000) == parse_rfc3339("2026-10-25T03:30:00+03:00")


def test_a_day_that_was_skipped_has_no_time_before_the_next() -> None:
    samoa = LocalCalendar(ZoneInfo("Pacific/Apia"))
    assert samoa.instant_at(date(2011, 12, 30), 36_000_000) == samoa.start_of(date(2011, 12, 31))
