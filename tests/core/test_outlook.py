"""The outlook beside a reading: what it says, and what of it is remembered."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from consumer.core.instants import MINUTE_MS
from consumer.core.money import NANO, divide_half_up
from consumer.core.outlook import Outlook, Watch
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.windows import spans
from tests.core.weeks import CALENDARS, at, call, days, folded, parts, table, with_shifts

WEDNESDAY = date(2026, 11, 25)
DIMENSIONS = ("direction", "queue", "site")
CALL = NANO // 10  # what a call costs directly
BUDGETS = """
[[budget]]
name = "all"
amount = "31104"
per = "month"
[[budget]]
name = "of-agents"
amount = "1"
per = "month"
scope = { agent = ["a"] }
"""


def look(watch: Watch, pipeline: Pipeline, under: RateTable, as_of_ms: int, state: object = None) -> Outlook:
    return watch.look(under, parts(pipeline), pipeline.read(as_of_ms, spans(under.calendar, as_of_ms)), state)


def usual_days() -> list[bytes]:
    """At 10:30 a call of 36 s in, and one of 72 s out."""
    return [
        call(at(day, "10:30"), talk_s, direction=direction)
        for day in days(date(2026, 10, 28), 28)
        for direction, talk_s in (("inbound", 36), ("outbound", 72))
    ]


def test_what_moved_adds_up_to_the_change_of_each_direction_against_what_is_usual() -> None:
    """Inbound 0.46 a call usually and 0.82 now; outbound has no call in the hour, and so no change."""
    pipeline = folded([*usual_days(), call(at(WEDNESDAY, "10:30"), 72)])
    found = look(Watch(DIMENSIONS), pipeline, table(), at(WEDNESDAY, "11:00"))
    assert found.moved == {"inbound": {"price": 0, "handle_time": 36 * NANO // 100, "mix": 0}}
    usual = found.usual["inbound",]
    assert (usual.calls, usual.cost_nano, usual.sigma_nano) == (15, 15 * 46 * NANO // 100, 0)
    assert found.usual.keys() == {
        (), ("inbound",), ("inbound", "sales", "ath"), ("outbound",), ("outbound", "sales", "ath"),
    }  # fmt: skip


def test_a_sunday_is_as_dear_as_sundays_are_and_no_price_moved() -> None:
    """A weekend's agents are 1 200 for 57 600 s, so a call of 36 s is 0.75 and 0.10; a weekday's are 0.36 and 0.10."""
    shifts = with_shifts(CALENDARS.format(closed=""))
    sunday = date(2026, 11, 29)
    events = [call(at(day, "10:30"), 36) for day in days(date(2026, 10, 31), 30)]
    found = look(Watch(DIMENSIONS), folded(events, shifts), shifts, at(sunday, "11:00"))
    assert found.usual["inbound",].per_call_nano == 85 * NANO // 100
    assert found.moved == {"inbound": {"price": 0, "handle_time": 0, "mix": 0}}


def test_past_hours_are_summed_again_a_minute_later_or_when_something_else_is_known() -> None:
    """A call of yesterday that is told late is in the baseline of the next minute."""
    pipeline, watch = folded([*usual_days(), call(at(WEDNESDAY, "10:30"), 72)]), Watch(DIMENSIONS)
    now = at(WEDNESDAY, "11:00")
    first = look(watch, pipeline, table(), now)
    late = folded([*usual_days(), call(at(date(2026, 11, 24), "10:40"), 36), call(at(WEDNESDAY, "10:30"), 72)])
    assert look(watch, late, table(), now).usual is first.usual
    assert look(watch, late, table(), now + MINUTE_MS).usual["inbound",].calls == 16
    assert look(watch, pipeline, table(), now + MINUTE_MS, state="ready").usual["inbound",].calls == 15


def test_only_budgets_that_can_be_tracked_are_read() -> None:
    under = table(BUDGETS)
    found = look(Watch(DIMENSIONS), folded(usual_days(), under), under, at(WEDNESDAY, "11:00"))
    assert [(one.name, one.history_weeks) for one in found.budgets] == [("all", 3)]


SUPPORT = """
[[budget]]
name = "support"
amount = "1000"
per = "day"
scope = { queue = ["support"] }
"""


def test_what_is_to_be_expected_is_looked_at_once_an_hour() -> None:
    """Seven days with two calls at 14:30, of 0.10 each, and a day before them; then it is known that they had three."""
    under, watch = table(BUDGETS), Watch(DIMENSIONS)
    earlier = [call(at(date(2026, 11, 17), "14:30"), 36)]

    def known(number: int) -> Pipeline:
        week = days(date(2026, 11, 18), 7)
        return folded([*earlier, *(call(at(day, "14:30"), 36, number=one) for day in week for one in range(number))])

    now = at(WEDNESDAY, "11:00")
    (first,) = look(watch, known(2), under, now).budgets
    (again,) = look(watch, known(3), under, now + 59 * MINUTE_MS).budgets
    (later,) = look(watch, known(3), under, now + 60 * MINUTE_MS).budgets
    assert first.history_weeks == 1
    left = 6  # days of November, this one included, whose 14:30 is to come
    assert first.projected_nano - first.spent_nano == left * 2 * CALL + accruing(now)
    assert again.projected_nano - again.spent_nano == left * 2 * CALL + accruing(now + 59 * MINUTE_MS)
    assert later.projected_nano - later.spent_nano == left * 3 * CALL + accruing(now + 60 * MINUTE_MS)
    (reloaded,) = look(watch, known(2), table(BUDGETS + "# the same"), now + 60 * MINUTE_MS).budgets
    assert reloaded.projected_nano - reloaded.spent_nano == left * 2 * CALL + accruing(now + 60 * MINUTE_MS)


def accruing(now: int) -> int:
    """A cent a second until the end of November."""
    return (at(date(2026, 12, 1), "00:00") - now) * NANO // 100_000


def test_what_a_new_worker_spends_is_known_at_once_and_its_rate_within_a_minute() -> None:
    """Figures begin at 10:00. Support's only call so far ended at 10:00:20 and bears 360.40, all that accrued today.

    At 10:01 a call a minute is 0.10 · 839 until midnight, and the scope bears all of the agents' 864.
    """
    under, watch, now = table(SUPPORT), Watch(DIMENSIONS), at(WEDNESDAY, "10:00")
    (empty,) = look(watch, folded([], under), under, now).budgets
    assert (empty.spent_nano, empty.history_weeks) == (0, 0)
    told = folded([call(at(WEDNESDAY, "10:00:20"), 1, "support")], under)
    (soon,) = look(watch, told, under, now + 40_000).budgets
    assert soon.spent_nano == 360_500_000_000
    (then,) = look(watch, told, under, now + MINUTE_MS).budgets
    assert then.projected_nano == 864 * NANO + 840 * CALL


@given(st.lists(st.tuples(st.sampled_from(["inbound", "outbound"]), st.integers(0, 600)), max_size=8))
def test_price_handle_time_and_mix_are_the_change_of_what_a_call_costs(now: list[tuple[str, int]]) -> None:
    asked = [
        call(at(WEDNESDAY, f"10:{10 + number}"), talk_s, direction=direction)
        for number, (direction, talk_s) in enumerate(now)
    ]
    found = look(Watch(DIMENSIONS), folded([*usual_days(), *asked]), table(), at(WEDNESDAY, "11:00"))
    for direction, usually in (("inbound", 36), ("outbound", 72)):
        talk_s = [one for of, one in now if of == direction]
        if talk_s:
            of_now = divide_half_up((sum(talk_s) + 10 * len(talk_s)) * NANO // 100, len(talk_s))
            assert sum(found.moved[direction].values()) == of_now - (usually + 10) * NANO // 100
        else:
            assert direction not in found.moved
