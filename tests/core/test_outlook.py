"""The outlook beside a reading: what it says, and what of it is remembered."""

from datetime import date

from consumer.core.instants import MINUTE_MS
from consumer.core.money import NANO
from consumer.core.outlook import Outlook, Watch
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.windows import spans
from tests.core.weeks import at, call, days, folded, parts, table

WEDNESDAY = date(2026, 11, 25)
DIMENSIONS = ("direction", "queue", "site")
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
    assert (usual.calls, usual.cost_nano, usual.sigma_nano) == (10, 46 * NANO // 10, 0)
    assert found.usual.keys() == {
        ("inbound",), ("inbound", "sales", "ath"), ("outbound",), ("outbound", "sales", "ath"),
    }  # fmt: skip


def test_past_hours_are_summed_again_a_minute_later_or_when_something_else_is_known() -> None:
    """A call of yesterday that is told late is in the baseline of the next minute."""
    pipeline, watch = folded([*usual_days(), call(at(WEDNESDAY, "10:30"), 72)]), Watch(DIMENSIONS)
    now = at(WEDNESDAY, "11:00")
    first = look(watch, pipeline, table(), now)
    late = folded([*usual_days(), call(at(date(2026, 11, 24), "10:40"), 36), call(at(WEDNESDAY, "10:30"), 72)])
    assert look(watch, late, table(), now).usual is first.usual
    assert look(watch, late, table(), now + MINUTE_MS).usual["inbound",].calls == 11
    assert look(watch, pipeline, table(), now + MINUTE_MS, state="ready").usual["inbound",].calls == 10


def test_only_budgets_that_can_be_tracked_are_read() -> None:
    under = table(BUDGETS)
    found = look(Watch(DIMENSIONS), folded(usual_days(), under), under, at(WEDNESDAY, "11:00"))
    assert [(one.name, one.history_weeks) for one in found.budgets] == [("all", 4)]
