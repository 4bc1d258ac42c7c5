"""Which stretch of time a window is held against, and what is told of both."""

from datetime import date

import pytest

from consumer.core.calendar import LocalCalendar
from consumer.core.comparison import Question, answer, stretch_before
from consumer.core.money import NANO
from consumer.core.windows import Span, spans
from tests.core.weeks import ATHENS, at, call, days, folded, halves, parts, table

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
    """24 days and 10 hours of November, and of October, which had an hour more by then: its clock went back."""
    month = window("month-to-date", at(WEDNESDAY, "10:00"))
    before = stretch_before(CALENDAR, month, "previous")
    assert edges(before) == (at(date(2026, 10, 1), "00:00"), at(date(2026, 10, 25), "09:00"))


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


def test_a_day_before_one_on_which_the_clock_went_back_it_is_as_far_from_its_start() -> None:
    """The tenth hour of 26 October is 10:00, that of the 25th is 09:00."""
    hour = window("1h", at(date(2026, 10, 26), "11:00"))
    before = stretch_before(CALENDAR, hour, "day")
    assert edges(before) == (at(date(2026, 10, 25), "09:00"), at(date(2026, 10, 25), "10:00"))


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
        at(date(2026, 10, 28), "10:00"),
        at(date(2026, 11, 24), "11:00"),
    )
    assert (found.before.calls, found.split.effects["handle_time"]) == (10, 36 * NANO // 100)
    assert found.before_is_whole


def test_where_the_figures_begin_later_the_earlier_side_is_not_whole() -> None:
    events = [call(at(WEDNESDAY, "09:30"), 36)]
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:00"), Question("1h", "week"))
    assert not found.before_is_whole
    assert (found.split.change_nano, found.split.parts, found.volume_nano) == (None, (), None)


def test_any_two_stretches_may_be_held_against_each_other() -> None:
    events = [call(at(day, "10:30"), 36 * number) for number, day in enumerate(days(date(2026, 11, 22), 3), start=1)]
    stretches = [Span("", at(day, "00:00"), at(day, "23:59")) for day in (date(2026, 11, 22), date(2026, 11, 24))]
    asked = Question(stretches=(stretches[0], stretches[1]))
    found = answer(table(), parts(folded(events)), at(WEDNESDAY, "10:00"), asked)
    assert found.split.effects["handle_time"] == 72 * NANO // 100


def test_a_week_cannot_be_held_against_the_same_hours_of_other_days() -> None:
    with pytest.raises(ValueError, match="found baseline, expected previous, day or week: 7d has too many hours"):
        answer(table(), [], at(WEDNESDAY, "10:00"), Question("7d"))


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
