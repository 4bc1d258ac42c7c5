"""Each scenario moves what it says and nothing else: the same calls with it and without it, costed."""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import get_args

import pytest

from consumer.cli.simulate import ScenarioName
from consumer.core.instants import HOUR_MS, MINUTE_MS, parse_rfc3339
from consumer.core.reading import Figures
from consumer.simulator.scenarios import (
    CARRIER_PRICE,
    HANDLE_TIME,
    MIX,
    NIGHT,
    NORMAL,
    OUTAGE,
    SCENARIOS,
    Scenario,
)  # fmt: skip
from consumer.simulator.simulator import Simulator
from consumer.simulator.told import Told
from tests.simulator.listening import MORNING_MS, Costed, Event, calls, costed, events, heard

AFTER_MS = HOUR_MS  # the scenario has lasted for so long when one looks
LASTS_MS = 6 * HOUR_MS


@cache
def costs(scenario: Scenario) -> Costed:
    """Five hours of calls, begun an hour after the scenario."""
    told = heard(Simulator(scenario=scenario), MORNING_MS, MORNING_MS + LASTS_MS + HOUR_MS)
    return costed(told, MORNING_MS + AFTER_MS, MORNING_MS + LASTS_MS)


def lasting(scenario: Scenario) -> Scenario:
    return replace(scenario, lasts_ms=LASTS_MS)


def per_call(found: Costed, component: str) -> float:
    return found.whole.components_nano.get(component, 0) / found.whole.calls / 1e9


def standard(found: Costed) -> float:
    return found.whole.standard_nano / found.whole.calls / 1e9


def absorbed(found: Costed) -> float:
    return found.whole.absorbed_nano / found.whole.calls / 1e9


def handle_s(found: Costed) -> float:
    return found.whole.handle_ms / found.whole.calls / 1e3


def but_for_carriers(figures: Figures) -> Figures:
    """All that a carrier has no part in: its increments and its charge are left out, and what contains them."""
    components = {**figures.components_nano, "carrier": 0}
    return replace(figures, components_nano=components, absorbed_nano=0, billed_s=0, p50_nano=0, p95_nano=0, p99_nano=0)


def test_the_command_knows_every_scenario_by_its_name() -> None:
    assert get_args(ScenarioName) == tuple(SCENARIOS)


def test_a_normal_call_costs_what_one_would_expect() -> None:
    normal = costs(NORMAL)
    assert 1.2 < standard(normal) < 1.8
    assert standard(normal) < absorbed(normal) < 2.5
    utilisation = {pool.pool: pool.utilisation_thousandths for pool in normal.window.pools}
    assert 700 < (utilisation["agents-early"] or 0) < 950


def test_an_expensive_carrier_moves_the_price_of_a_minute_and_nothing_else() -> None:
    normal, dear = costs(NORMAL), costs(lasting(CARRIER_PRICE))
    assert per_call(dear, "carrier") > 5 * per_call(normal, "carrier")
    assert but_for_carriers(dear.whole) == but_for_carriers(normal.whole)


def test_twice_the_handle_time_is_twice_the_labour_and_the_same_calls() -> None:
    normal, slow = costs(NORMAL), costs(lasting(HANDLE_TIME))
    assert handle_s(slow) == pytest.approx(2 * handle_s(normal), rel=0.06)
    assert per_call(slow, "labour") == pytest.approx(2 * per_call(normal, "labour"), rel=0.06)
    assert slow.whole.calls == pytest.approx(normal.whole.calls, rel=0.04)
    assert slow.whole.abandoned == pytest.approx(normal.whole.abandoned, rel=0.1)


def test_more_technical_calls_move_their_share_and_not_what_a_call_of_a_queue_costs() -> None:
    normal, mixed = costs(NORMAL), costs(lasting(MIX))
    shares, by_queue = [], []
    for found in (normal, mixed):
        rows = [row for row in found.window.rows if len(row.segment) == 3 and row.segment[0] == "inbound"]
        of_queue = {
            queue: (
                sum(row.figures.calls for row in rows if row.segment[1] == queue),
                sum(row.figures.standard_nano for row in rows if row.segment[1] == queue),
            )
            for queue in ("support", "billing", "technical")
        }
        shares.append(of_queue["technical"][0] / found.whole.calls)
        by_queue.append({queue: nano / calls for queue, (calls, nano) in of_queue.items()})
    assert shares[1] > 2 * shares[0]
    assert by_queue[1] == pytest.approx(by_queue[0], rel=0.12)
    assert standard(mixed) > 1.15 * standard(normal)
    assert mixed.whole.calls == pytest.approx(normal.whole.calls, rel=0.05)


def test_at_night_a_call_absorbs_more_and_costs_the_same_at_standard() -> None:
    normal, quiet = costs(NORMAL), costs(replace(NIGHT, lasts_ms=LASTS_MS))
    assert quiet.whole.calls < 0.1 * normal.whole.calls
    assert standard(quiet) == pytest.approx(standard(normal), rel=0.25)  # of some eighty calls
    assert absorbed(quiet) > 5 * absorbed(normal)


def test_in_an_outage_no_call_gets_through_and_what_was_kept_back_comes_at_once() -> None:
    begins_ms = MORNING_MS + HOUR_MS
    ends_ms = begins_ms + OUTAGE.lasts_ms
    told = heard(Simulator(scenario=OUTAGE, scenario_from_ms=begins_ms), MORNING_MS, ends_ms + HOUR_MS)
    assert not [one for one in told if begins_ms <= one.told_ms < ends_ms]
    burst = [one for one in told if ends_ms <= one.told_ms < ends_ms + MINUTE_MS // 4]
    before = [one for one in told if begins_ms - OUTAGE.lasts_ms <= one.told_ms < begins_ms]
    assert len(burst) > 0.6 * len(before)
    tried = [call for call in _first_legs(told) if begins_ms <= parse_rfc3339(call["started_at"]) < ends_ms]
    assert Counter(call["disposition"] for call in tried) == {"failed": len(tried)}
    assert len(tried) > 25


def test_a_scenario_begins_and_ends_and_leaves_what_comes_before_it_alone() -> None:
    begins_ms, to_ms = MORNING_MS + HOUR_MS, MORNING_MS + 4 * HOUR_MS
    ends_ms = begins_ms + CARRIER_PRICE.lasts_ms
    told = heard(Simulator(scenario=CARRIER_PRICE, scenario_from_ms=begins_ms), MORNING_MS, to_ms)
    moved = {call["started_at"] for call in _first_legs(told) if call["trunk"] == "carrier-c"}
    assert all(begins_ms <= parse_rfc3339(started) < ends_ms for started in moved)
    assert len(moved) > 100
    as_ever = heard(Simulator(), MORNING_MS, to_ms)
    assert _until(told, begins_ms) == _until(as_ever, begins_ms)
    assert len(events(told)) == len(events(as_ever))


def _first_legs(told: list[Told]) -> list[Event]:
    """Second legs go where their first leg went."""
    return [call for call in calls(told) if not call["call_id"].endswith("-2")]


def _until(told: list[Told], instant_ms: int) -> list[Told]:
    return [one for one in told if one.told_ms < instant_ms]
