"""The centre's arithmetic, and who works when."""

import pytest

from consumer.core.instants import DAY_MS, HOUR_MS, parse_rfc3339
from consumer.simulator.centre import Centre, Kind
from consumer.simulator.roster import Agents, turns
from consumer.simulator.simulator import Simulator
from tests.simulator.listening import MORNING_MS, calls, events, heard

SHIFTS = {"early", "late", "night"}


def test_handle_time_and_busy_agents_by_hand() -> None:
    """One kind, 95 % answered, 10 % of those transferred to the same kind."""
    kind = Kind("inbound", "support", 1.0, 300, 40, None, 0.5, 0.1)
    centre = Centre(kinds=(kind,), transfers_to="support")
    assert kind.handle_s == 300 + 0.5 * 60 + 40
    assert centre.legs_per_arrival == pytest.approx(1.095)
    # (0.95 × 370 + 0.095 × 0.95 × 370) ÷ 1.095
    assert centre.handle_s_per_call == pytest.approx(351.5)
    assert centre.busy_agents(6) == pytest.approx(35.15)


def test_fifty_seats_are_busy_to_between_60_and_80_per_cent_at_the_peak() -> None:
    centre = Centre()
    assert 0.6 < centre.busy_agents(6.0) / centre.seats < 0.8


def test_a_day_of_calls_is_as_much_work_as_the_arithmetic_says() -> None:
    centre = Centre()
    told = heard(Simulator(), MORNING_MS, MORNING_MS + DAY_MS)
    work_s = sum(event.get("wrap_s", 0) for event in {e["call_id"]: e for e in events(told) if "wrap_s" in e}.values())
    first = calls(told)
    for call in first:
        if call["disposition"] == "answered":
            work_s += (parse_rfc3339(call["ended_at"]) - parse_rfc3339(call["answered_at"])) / 1000
    assert work_s / len(first) == pytest.approx(centre.handle_s_per_call, rel=0.06)


def test_turns_follow_each_other_by_the_wall_clock_and_weekends_have_fewer_agents() -> None:
    centre, saturday = Centre(), parse_rfc3339("2026-10-24T12:00:00+03:00")  # the clock goes back in the night
    first, second, third, fourth, *_ = (turn for turn, _ in zip(turns(centre, saturday), range(6), strict=False))
    assert [turn.shift.name for turn in (first, second, third, fourth)] == ["early", "late", "night", "early"]
    assert [turn.agents for turn in (first, second, third, fourth)] == [30, 24, 12, 30]
    assert first.start_ms <= saturday < first.end_ms == second.start_ms
    assert third.end_ms - third.start_ms == 9 * HOUR_MS
    assert fourth.start_ms == parse_rfc3339("2026-10-25T07:00:00+02:00")


def test_nobody_is_on_two_calls_at_once() -> None:
    agents = Agents(1, 0)
    assert [agents.take(0, 10), agents.take(5, 20), agents.take(10, 15), agents.take(17, 18)] == [1, 2, 1, 1]
    told = heard(Simulator(), MORNING_MS, MORNING_MS + 6 * HOUR_MS)
    wrap_ms = {event["call_id"]: int(event["wrap_s"] * 1000) for event in events(told) if "wrap_s" in event}
    busy_until: dict[str, int] = {}
    at_work = [(_taken_ms(call), call) for call in calls(told) if "agent" in call]
    for taken_ms, call in sorted(at_work, key=lambda pair: pair[0]):
        assert busy_until.get(call["agent"], 0) <= taken_ms
        assert call["agent"].split("-")[0] == call["team"] in SHIFTS
        busy_until[call["agent"]] = parse_rfc3339(call["ended_at"]) + wrap_ms.get(call["call_id"], 0)
    assert 40 < len({name for name in busy_until if name.startswith("early")}) < 65


def _taken_ms(call: dict) -> int:
    return parse_rfc3339(call["started_at" if call["direction"] == "outbound" else "answered_at"])


def test_a_centre_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        Centre(kinds=Centre().kinds[1:])
    with pytest.raises(ValueError, match="transferred"):
        Centre(transfers_to="nowhere")
    with pytest.raises(ValueError, match="more than 0"):
        Simulator(peak_calls_per_minute=0)
