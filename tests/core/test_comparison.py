"""Which stretch of time a window is held against, and what is told of both."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.calendar import LocalCalendar
from consumer.core.comparison import AGAINST, Against, Question, answer, stretch_before
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.money import NANO, divide_half_up
from consumer.core.pipeline import Pipeline
from consumer.core.windows import Span, spans
from consumer.rates.build import build_rate_table
from tests.core.weeks import ATHENS, TEXT, at, call, days, folded, halves, parts, table

CALENDAR = LocalCalendar(ATHENS)
WEDNESDAY = date(2026, 11, 25)


def window(name: str, as_of_ms: int) -> Span:
    return spans(CALENDAR, as_of_ms, (name,))[0]


def edges(span: Span) -> tuple[int, int]:
    return span.from_ms, span.to_ms


def test_before_a_rolling_window_is_as_long_a_one() -> None:
    hour = window("1h", at(WEDNESDAY, "10:20"))
    assert edges(stretch_before(CALENDAR, hour, "previous")) == (at(WEDNESDAY, "08:20"), at(WEDNESDAY, "09:20"))


def test_before_a_window_to_date_is_the_same_part_of_the_period_before() -> None:
    """24 days and 10 hours of November, and of October, whose clock went back that day: in real time an hour more."""
    month = window("month-to-date", at(WEDNESDAY, "10:00"))
    before = stretch_before(CALENDAR, month, "previous")
    assert edges(before) == (at(date(2026, 10, 1), "00:00"), at(date(2026, 10, 25), "10:00"))


def test_a_shorter_period_before_is_taken_whole() -> None:
    """30 March, 12:00: February has no thirtieth."""
    month = window("month-to-date", at(date(2026, 3, 30), "12:00"))
    before = stretch_before(CALENDAR, month, "previous")
    assert edges(before) == (at(date(2026, 2, 1), "00:00"), at(date(2026, 3, 1), "00:00"))


@pytest.mark.parametrize(("against", "day"), [("day", date(2026, 11, 24)), ("week", date(2026, 11, 18))])
def test_a_day_or_a_week_before_is_the_same_time_of_the_local_day(against: str, day: date) -> None:
    hour = window("1h", at(WEDNESDAY, "10:20"))
    before = stretch_before(CALENDAR, hour, against)  # type: ignore[arg-type]
    assert edges(before) == (at(day, "09:20"), at(day, "10:20"))


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2026, 10, 26)])
def test_on_and_after_a_day_of_25_hours_it_is_what_the_wall_clock_shows(day: date) -> None:
    hour = window("1h", at(day, "11:00"))
    yesterday = day - timedelta(days=1)
    assert edges(stretch_before(CALENDAR, hour, "day")) == (at(yesterday, "10:00"), at(yesterday, "11:00"))


def test_an_hour_that_the_clock_showed_again_is_held_against_the_one_it_shows_on_other_days() -> None:
    """On 25 October the clock goes back from 04:00 to 03:00: 03:30 comes twice, an hour apart."""
    saturday, sunday = date(2026, 10, 24), date(2026, 10, 25)
    again = window("1h", at(sunday, "03:30") + HOUR_MS)
    assert edges(again) == (at(sunday, "03:30"), at(sunday, "03:30") + HOUR_MS)
    assert edges(stretch_before(CALENDAR, again, "day")) == (at(saturday, "03:30"), at(saturday, "04:30"))


def test_an_hour_that_the_clock_skipped_is_the_one_after_it() -> None:
    """On 29 March 2026 the clock goes forward from 03:00 to 04:00: from 02:30 to 04:30 is an hour."""
    sunday, monday = date(2026, 3, 29), date(2026, 3, 30)
    hour = window("1h", at(monday, "04:00"))
    assert edges(stretch_before(CALENDAR, hour, "day")) == (at(sunday, "04:00"), at(sunday, "05:00"))
    across = window("1h", at(monday, "04:30"))
    assert edges(stretch_before(CALENDAR, across, "day")) == (at(sunday, "04:00"), at(sunday, "04:30"))


@pytest.mark.parametrize(
    ("name", "as_of", "from_", "to"),
    [
        ("day-to-date", (date(2026, 11, 25), "10:20"), (date(2026, 11, 24), "00:00"), (date(2026, 11, 24), "10:20")),
        # ten hours and a half of Monday, eleven and a half of Sunday, whose clock went back
        ("day-to-date", (date(2026, 10, 26), "10:30"), (date(2026, 10, 25), "00:00"), (date(2026, 10, 25), "10:30")),
        ("day-to-date", (date(2026, 10, 25), "23:45"), (date(2026, 10, 24), "00:00"), (date(2026, 10, 24), "23:45")),
        ("week-to-date", (date(2026, 11, 25), "10:20"), (date(2026, 11, 16), "00:00"), (date(2026, 11, 18), "10:20")),
        ("quarter-to-date", (date(2026, 7, 2), "10:20"), (date(2026, 4, 1), "00:00"), (date(2026, 4, 2), "10:20")),
        # at the very end of a month it is that month which is held against the one before
        ("month-to-date", (date(2026, 12, 1), "00:00"), (date(2026, 10, 1), "00:00"), (date(2026, 10, 31), "00:00")),
    ],
)
def test_before_other_windows_to_date(
    name: str, as_of: tuple[date, str], from_: tuple[date, str], to: tuple[date, str]
) -> None:
    assert edges(stretch_before(CALENDAR, window(name, at(*as_of)), "previous")) == (at(*from_), at(*to))


@cache
def every_five_minutes(first: date, until_ms: int) -> Pipeline:
    """Calls of 36 s, day and night: 12 an hour, so that at standard each is 0.46 and absorbs 3.00 of 36."""
    began = at(first, "00:00")
    steps = range(0, until_ms - began - MINUTE_MS, 5 * MINUTE_MS)
    return folded([call(began + MINUTE_MS // 2 + step, 36) for step in steps])


@pytest.mark.parametrize(
    ("name", "against", "day", "from_", "to", "calls"),
    [
        ("1h", "previous", WEDNESDAY, "08:20", "09:23", 13),  # after an hour by ten minutes
        ("5m", "day", date(2026, 11, 24), "10:10", "10:30", 4),
        ("1h", "day", date(2026, 11, 24), "09:00", "10:30", 18),  # after a day by hours
        ("5m", "week", date(2026, 11, 18), "10:00", "11:00", 12),
        ("1h", "week", date(2026, 11, 18), "09:00", "11:00", 24),
        ("day-to-date", "week", date(2026, 11, 18), "00:00", "11:00", 132),
    ],
)
def test_what_is_summed_by_coarser_slots_is_widened_to_them(
    name: str, against: Against, day: date, from_: str, to: str, calls: int
) -> None:
    """At 10:23:20. What accrued falls to the calls of the same time: 3.10 each (3.1 and 0.1 in its last minutes)."""
    now = at(WEDNESDAY, "10:23:20")
    found = answer(table(), parts(every_five_minutes(date(2026, 11, 16), now)), now, Question(name, against))
    assert (found.before.from_ms, found.before.to_ms) == (at(day, from_), at(day, to))
    assert found.before.calls == calls
    accrued_nano = (found.before.to_ms - found.before.from_ms) * NANO // 100_000
    assert found.before.absorbed_nano == divide_half_up(accrued_nano + calls * NANO // 10, calls)
    assert found.split.change_nano == 0
    assert (found.after.from_ms, found.after.to_ms) == edges(window(name, now))


def test_stretches_are_widened_on_both_sides_where_cells_are_cut_and_nowhere_else() -> None:
    """Of a day long past a quarter of an hour is the whole one, unless nobody called then."""
    events = [call(at(day, "10:40"), 36) for day in days(date(2026, 11, 18), 8)]
    before = Span("", at(date(2026, 11, 18), "10:15"), at(date(2026, 11, 18), "10:30"))
    after = Span("", at(date(2026, 11, 20), "09:15"), at(date(2026, 11, 20), "10:59"))
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "11:00"), Question(stretches=(before, after)))
    assert (found.before.from_ms, found.before.to_ms) == (
        at(date(2026, 11, 18), "10:00"),
        at(date(2026, 11, 18), "11:00"),
    )
    assert (found.after.from_ms, found.after.to_ms) == (after.from_ms, at(date(2026, 11, 20), "11:00"))
    assert (found.before.calls, found.after.calls, found.split.change_nano) == (1, 1, 0)


def test_fewer_calls_at_equal_handling_are_volume_and_nothing_else() -> None:
    """36 a hour accrue. Ten calls of 36 s absorb 3.60 each, five 7.20; at standard each is 0.36 and 0.10."""
    events = [call(at(WEDNESDAY, f"08:{30 + number}"), 36) for number in range(10)]
    events += [call(at(WEDNESDAY, f"09:{30 + number}"), 36) for number in range(5)]
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:20"), Question("1h", "previous"))
    assert (found.before.calls, found.after.calls) == (10, 5)
    assert (found.before.absorbed_nano, found.after.absorbed_nano) == (37 * NANO // 10, 73 * NANO // 10)
    assert found.split.effects == {"price": 0, "handle_time": 0, "mix": 0}
    assert (found.split.change_nano, found.volume_nano) == (0, 36 * NANO // 10)


def test_longer_calls_are_handle_time_and_use_what_was_idle() -> None:
    """36 s and then 72 s: 0.36 more a call at standard; all of what accrues is shared by ten calls both times."""
    events = [call(at(WEDNESDAY, f"08:{30 + number}"), 36) for number in range(10)]
    events += [call(at(WEDNESDAY, f"09:{30 + number}"), 72) for number in range(10)]
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:20"), Question("1h", "previous"))
    assert found.split.effects == {"price": 0, "handle_time": 36 * NANO // 100, "mix": 0}
    assert found.volume_nano == -36 * NANO // 100


def test_a_direction_by_itself_has_no_absorbed_cost_and_no_volume() -> None:
    events = [
        call(at(WEDNESDAY, f"0{hour}:30"), 36, direction=one) for hour in (8, 9) for one in ("inbound", "outbound")
    ]
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:20"), Question("1h", "previous", "outbound"))
    assert (found.before.calls, found.after.calls, found.after.absorbed_nano, found.volume_nano) == (1, 1, None, None)


def test_against_the_usual_hours_it_says_from_when_to_when_they_were() -> None:
    events = [call(at(day, "10:30"), 36) for day in days(date(2026, 10, 27), 29)]
    events.append(call(at(WEDNESDAY, "10:30"), 72))
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "11:00"), Question())
    assert (found.before.from_ms, found.before.to_ms) == (
        at(date(2026, 10, 27), "10:00"),
        at(date(2026, 11, 24), "11:00"),
    )
    assert (found.before.calls, found.split.effects["handle_time"]) == (16, 36 * NANO // 100)
    assert found.before_is_whole


def test_where_the_figures_begin_later_the_earlier_side_is_not_whole() -> None:
    events = [call(at(WEDNESDAY, "09:30"), 36)]
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:00"), Question("1h", "week"))
    assert not found.before_is_whole
    assert (found.split.change_nano, found.split.parts, found.volume_nano) == (None, (), None)


def test_figures_that_begin_in_the_middle_of_a_day_do_not_have_the_whole_of_it() -> None:
    """Since yesterday at 15:00: the hour from then on is known, the day is not, though it is summed by hours by now."""
    events = [call(at(day, clock), 36) for day, clock in ((date(2026, 11, 24), "15:10"), (WEDNESDAY, "18:30"))]
    now, known = at(WEDNESDAY, "19:00"), parts(folded(events))
    assert not answer(table(), known, now, Question("24h", "day")).before_is_whole
    for from_, is_whole in (("14:00", False), ("15:00", True)):
        before = Span("", at(date(2026, 11, 24), from_), at(date(2026, 11, 24), "16:00"))
        asked = Question(stretches=(before, window("1h", now)))
        assert answer(table(), known, now, asked).before_is_whole == is_whole


def test_any_two_stretches_may_be_held_against_each_other() -> None:
    events = [call(at(day, "10:30"), 36 * number) for number, day in enumerate(days(date(2026, 11, 22), 3), start=1)]
    stretches = [Span("", at(day, "00:00"), at(day, "23:59")) for day in (date(2026, 11, 22), date(2026, 11, 24))]
    asked = Question(stretches=(stretches[0], stretches[1]))
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:00"), asked)
    assert found.split.effects["handle_time"] == 72 * NANO // 100


def test_in_the_last_hour_of_a_long_day_there_is_an_answer_as_well() -> None:
    """23:00 to 24:00 of 25 October is its twenty-fifth hour: three calls of the same time by the wall are usual."""
    events = [call(at(day, "23:30"), 36) for day in days(date(2026, 10, 22), 4)]
    found = answer(table(), parts(folded(events)), at(date(2026, 10, 26), "00:00"), Question())
    assert (found.before.calls, found.after.calls, found.split.change_nano) == (3, 1, 0)


def test_a_holiday_is_held_against_no_usual_hours_and_says_so() -> None:
    closed = 'calendar = "office"'
    text = TEXT.replace('name = "office"', 'name = "office"\nclosed = [2026-11-25]')
    holiday = build_rate_table("rates.toml", text.format(budgets="", calendar=closed).encode(), {}.__getitem__)
    with pytest.raises(ValueError, match="no past hour had the same shifts and periods"):
        answer(holiday, parts(folded(usual(), holiday)), at(WEDNESDAY, "11:00"), Question())


def usual() -> list[bytes]:
    return [call(at(day, "10:30"), 36) for day in days(date(2026, 10, 27), 30)]


def test_a_week_cannot_be_held_against_the_same_hours_of_other_days() -> None:
    with pytest.raises(ValueError, match="found baseline, expected previous, day or week: 7d has too many hours"):
        answer(table(), [], at(WEDNESDAY, "10:00"), Question("7d"))


CALLS = st.lists(
    st.tuples(
        st.integers(0, 15), st.integers(0, 119), st.integers(0, 900),
        st.sampled_from(["sales", "support"]), st.sampled_from(["inbound", "outbound"]),
    ),
    max_size=25,
)  # fmt: skip
ASKED = st.builds(
    Question, st.sampled_from(["1h", "8h", "day-to-date"]), st.sampled_from(AGAINST),
    st.none() | st.sampled_from(["inbound", "outbound"]),
)  # fmt: skip


@settings(max_examples=40)
@given(CALLS, ASKED, st.integers(1, 3))
def test_any_parts_give_the_answer_of_the_whole_and_its_parts_add_up(
    told: list[tuple[int, int, int, str, str]], asked: Question, number: int
) -> None:
    """Calls from 08:00 until 10:00 of the past days; standard and volume are what the absorbed cost moved by."""
    now = at(WEDNESDAY, "10:00")
    events = [
        call(at(WEDNESDAY - timedelta(days=past), "08:00") + minute * MINUTE_MS, talk_s, queue, direction, one)
        for one, (past, minute, talk_s, queue, direction) in enumerate(told)
    ]
    whole = answer(table(), parts(folded(events)), now, asked)
    each = [folded(events[first::number]) for first in range(number)]
    found = answer(table(), parts(*each), now, asked)
    assert replace(found, known_from_ms=whole.known_from_ms) == whole  # parts that lag have finer slots
    if whole.split.change_nano is not None:
        assert sum(part.nano for part in whole.split.parts) == whole.split.change_nano
        if whole.before.absorbed_nano is not None:
            assert whole.after.absorbed_nano is not None
            moved = whole.after.absorbed_nano - whole.before.absorbed_nano
            assert sum(whole.split.effects.values()) + (whole.volume_nano or 0) == moved


def test_two_parts_give_the_answer_of_the_whole() -> None:
    events = [
        call(at(day, f"{hour:02d}:{minute}"), 30 + day.day * minute, queue)
        for day in days(date(2026, 11, 10), 16)
        for hour in (8, 9)
        for minute in (10, 40)
        for queue in ("sales", "support")
    ]
    one, other = halves(events)
    for asked in (Question("24h", "week"), Question("1h"), Question("week-to-date", "previous", "inbound")):
        now = at(WEDNESDAY, "10:00")
        whole = answer(table(), parts(folded(events)), now, asked)
        assert answer(table(), parts(folded(one), folded(other)), now, asked) == whole
        assert sum(part.nano for part in whole.split.parts) == whole.split.change_nano
