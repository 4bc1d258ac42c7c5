"""The shape of the week: what calls cost directly by hour of the local week."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calendar import LocalCalendar
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.money import NANO
from consumer.core.shape import weekly_shapes
from tests.core.weeks import ATHENS, at, call, days, folded, halves, parts

CALENDAR = LocalCalendar(ATHENS)
CALL = NANO // 10  # what a call costs directly
SALES, SUPPORT = ("inbound", "sales", "ath"), ("inbound", "support", "ath")
ALL = frozenset((SALES, SUPPORT))
MONDAY = date(2026, 11, 23)


def test_it_is_the_mean_of_the_same_hour_of_whole_weeks() -> None:
    """Two weeks: on Mondays at 10 there were 1 and 3 calls, so 2 are expected; at 11 there were none."""
    events = [call(at(date(2026, 11, 8), "12:00"), 60), call(at(date(2026, 11, 9), "10:10"), 60)]
    events += [call(at(date(2026, 11, 16), f"10:1{number}"), 60) for number in range(3)]
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], at(MONDAY, "09:00"))
    assert shape.weeks == 2
    assert shape.expected_nano(CALENDAR, at(MONDAY, "10:00"), at(MONDAY, "11:00")) == 2 * CALL
    assert shape.expected_nano(CALENDAR, at(MONDAY, "10:45"), at(MONDAY, "11:45")) == CALL // 2
    assert shape.expected_nano(CALENDAR, at(MONDAY, "11:00"), at(MONDAY, "12:00")) == 0


def test_more_than_four_weeks_are_not_looked_at() -> None:
    events = [call(at(day, "10:10"), 60) for day in days(date(2026, 10, 1), 54)]
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], at(MONDAY, "09:00"))
    assert (shape.weeks, sum(had.nano for had in shape.by_hour.values())) == (4, 28 * CALL)


def test_without_a_whole_week_it_is_flat() -> None:
    """Six calls since Friday, whose day is one slot by now: 0.6 in 84 hours, so 0.3 in 42."""
    events = [call(at(day, "12:00:01"), 1, number=number) for day in days(date(2026, 11, 20), 3) for number in (1, 2)]
    now = at(MONDAY, "12:00")
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], now)
    assert (shape.weeks, shape.flat_nano, shape.flat_ms) == (0, 6 * CALL, 84 * HOUR_MS)
    assert shape.expected_nano(CALENDAR, now, now + 42 * HOUR_MS) == 3 * CALL


def test_the_day_on_which_figures_begin_is_no_part_of_a_week() -> None:
    """Since Monday at 15:00; a week later Monday morning is not known yet. On Tuesday a whole week is."""
    events = [call(at(date(2026, 11, 16), "15:00"), 60)]
    events += [call(at(day, "10:30"), 60) for day in days(date(2026, 11, 17), 7)]
    known = parts(folded(events))
    (shape,) = weekly_shapes(CALENDAR, known, [ALL], at(MONDAY, "23:59"))
    assert (shape.weeks, shape.flat_nano) == (0, 8 * CALL)
    tuesday = date(2026, 11, 24)
    (shape,) = weekly_shapes(CALENDAR, known, [ALL], at(tuesday, "00:00"))
    assert (shape.weeks, sum(had.nano for had in shape.by_hour.values())) == (1, 7 * CALL)


def test_what_a_fast_clock_told_of_tomorrow_is_no_history() -> None:
    known = parts(folded([call(at(date(2026, 11, 24), "00:01"), 60)]))
    (shape,) = weekly_shapes(CALENDAR, known, [ALL], at(MONDAY, "23:59"))
    assert shape.weeks == 0
    assert shape.expected_nano(CALENDAR, at(MONDAY, "10:00"), at(MONDAY, "11:00")) == 0


def test_a_long_day_has_an_hour_twice_and_a_short_one_lacks_it() -> None:
    """Two calls an hour: 48 on other Sundays, 50 on 25 October 2026, 46 on 28 March 2027."""
    events = [
        call(at(day, f"{hour:02d}:{minute}"), 1)
        for day in days(date(2026, 9, 20), 30)
        for hour in range(24)
        for minute in (14, 44)
    ]
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], at(date(2026, 10, 20), "00:00"))
    for sunday, calls in ((date(2026, 10, 18), 48), (date(2026, 10, 25), 50), (date(2027, 3, 28), 46)):
        monday = at(sunday + timedelta(days=1), "00:00")
        assert shape.expected_nano(CALENDAR, at(sunday, "00:00"), monday) == calls * CALL
    three = at(date(2026, 10, 25), "03:00")
    assert shape.expected_nano(CALENDAR, three, three + 2 * HOUR_MS) == 4 * CALL  # it is shown twice


def test_after_a_day_on_which_the_clock_changed_an_hour_is_what_the_wall_shows() -> None:
    """Ten calls from 10:00 on each day, that of 25 October 2026 included, whose eleventh hour is 09:00."""
    events = [call(at(day, f"10:{minute}"), 1) for day in days(date(2026, 10, 18), 9) for minute in range(10, 20)]
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], at(date(2026, 10, 27), "00:00"))
    sunday = date(2026, 11, 1)
    assert shape.weeks == 1
    assert shape.expected_nano(CALENDAR, at(sunday, "10:00"), at(sunday, "11:00")) == 10 * CALL
    assert shape.expected_nano(CALENDAR, at(sunday, "00:00"), at(sunday, "10:00")) == 0
    assert shape.expected_nano(CALENDAR, at(sunday, "11:00"), at(date(2026, 11, 2), "00:00")) == 0


def test_an_hour_that_came_twice_is_taken_for_the_mean_of_both() -> None:
    """Two calls in each 03:00 of 25 October 2026: two are expected a week later, not four."""
    three = at(date(2026, 10, 25), "03:00")
    events = [call(three + number * 30 * MINUTE_MS, 1) for number in range(4)]
    events.append(call(at(date(2026, 10, 18), "10:00"), 1))
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], at(date(2026, 10, 27), "00:00"))
    sunday = at(date(2026, 11, 1), "00:00")
    assert shape.expected_nano(CALENDAR, sunday + 3 * HOUR_MS, sunday + 4 * HOUR_MS) == 2 * CALL


CALLS = st.lists(
    st.tuples(st.integers(0, 34), st.integers(0, 24 * 60 - 1), st.sampled_from(["sales", "support"])), max_size=25
)


@given(CALLS, st.integers(1, 3))
def test_whole_weeks_are_expected_to_cost_what_they_cost(told: list[tuple[int, int, str]], number: int) -> None:
    """Any calls, in any number of parts, with what began before them."""
    first = date(2026, 10, 26)
    calls = [
        (
            first + timedelta(days=day),
            call(at(first, "00:00") + (day * 1440 + minute) * MINUTE_MS, 60, queue, number=one),
        )
        for one, (day, minute, queue) in enumerate(told)
    ]
    began = call(at(date(2026, 10, 20), "12:00"), 60)
    each: list[list[bytes]] = [[began], *([] for _ in range(number - 1))]
    for one, (_, event) in enumerate(calls):
        each[one % number].append(event)
    now = at(date(2026, 11, 30), "09:30")
    known = parts(*map(folded, each))
    (shape,) = weekly_shapes(CALENDAR, known, [ALL], now)
    assert [shape] == weekly_shapes(CALENDAR, parts(folded([began, *(event for _, event in calls)])), [ALL], now)
    from_day, to_day = date(2026, 11, 2), date(2026, 11, 30)
    cost = sum(CALL for day, _ in calls if from_day <= day < to_day)
    assert shape.weeks == 4
    assert shape.expected_nano(CALENDAR, at(from_day, "00:00"), at(to_day, "00:00")) == cost


def test_nothing_is_expected_where_nothing_was() -> None:
    (shape,) = weekly_shapes(CALENDAR, [], [ALL], at(MONDAY, "12:00"))
    assert shape.expected_nano(CALENDAR, at(MONDAY, "12:00"), at(MONDAY, "18:00")) == 0


def test_each_choice_of_segments_has_its_own_and_they_add_up() -> None:
    events = [
        call(at(day, f"{hour:02d}:30"), 60, queue)
        for day in days(date(2026, 11, 1), 22)
        for hour, queue in ((9, "sales"), (9, "support"), (15, "sales"))
    ]
    now = at(MONDAY, "00:00")
    chosen = [ALL, frozenset((SALES,)), frozenset((SUPPORT,)), frozenset()]
    whole, sales, support, nobody = weekly_shapes(CALENDAR, parts(folded(events)), chosen, now)
    for hour, had in whole.by_hour.items():
        assert had.nano == sales.by_hour[hour].nano + support.by_hour[hour].nano
        assert nobody.by_hour[hour].nano == 0
    one, other = halves(events)
    assert weekly_shapes(CALENDAR, parts(folded(one), folded(other)), chosen, now) == [whole, sales, support, nobody]


def test_over_the_weeks_behind_it_it_is_what_they_cost() -> None:
    """Two weeks with a day of 25 hours in them."""
    events = [call(at(day, f"{hour:02d}:30"), 60) for day in days(date(2026, 10, 11), 16) for hour in (2, 8, 23)]
    now = at(date(2026, 10, 27), "00:00")
    (shape,) = weekly_shapes(CALENDAR, parts(folded(events)), [ALL], now)
    assert shape.weeks == 2
    assert sum(had.nano for had in shape.by_hour.values()) == 14 * 3 * CALL
    assert shape.expected_nano(CALENDAR, at(date(2026, 11, 10), "00:00"), at(date(2026, 11, 24), "00:00")) == 42 * CALL
