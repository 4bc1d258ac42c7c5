"""What is told: the same again from the same seed, in order of telling, late, twice, and nothing that is rejected."""

import itertools
from collections import Counter, defaultdict

import pytest

from consumer.core.calls import CallVersion, SourceRecord
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_rfc3339
from consumer.platforms.canonical import decode
from consumer.simulator.scenarios import SCENARIOS
from consumer.simulator.simulator import Simulator
from tests.simulator.listening import MORNING_MS, calls, costed, events, heard


@pytest.fixture(scope="module")
def day() -> list:
    return heard(Simulator(), MORNING_MS, MORNING_MS + DAY_MS)


def test_the_same_seed_tells_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (list(itertools.islice(Simulator(seed=seed).told(MORNING_MS), 2_000)) for seed in (1, 1, 2))
    assert first == again
    assert not {one.event for one in first} & {one.event for one in other}


def test_whoever_listens_later_hears_the_same_of_the_same_calls(day: list) -> None:
    later_ms = MORNING_MS + 9 * HOUR_MS  # another shift
    ended_ms = {call["call_id"]: parse_rfc3339(call["ended_at"]) for call in calls(day)}
    expected = [one for one, event in zip(day, events(day), strict=True) if ended_ms[event["call_id"]] >= later_ms]
    assert heard(Simulator(), later_ms, MORNING_MS + DAY_MS) == expected


def test_it_is_told_in_order_and_never_before_the_call_has_ended(day: list) -> None:
    assert day == sorted(day, key=lambda one: one.told_ms)
    for one, event in zip(day, events(day), strict=True):
        if "ended_at" in event:
            assert MORNING_MS <= parse_rfc3339(event["ended_at"]) <= one.told_ms


def test_every_event_is_a_canonical_call_and_no_key_is_unknown(day: list) -> None:
    for offset, one in enumerate(day):
        (decoded,) = decode(SourceRecord(offset, one.event))
        assert isinstance(decoded, CallVersion)
        assert decoded.unknown_keys == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_live_fold_rejects_nothing_leaves_nothing_unrated_and_finds_nothing_late(name: str) -> None:
    told = heard(Simulator(scenario=SCENARIOS[name]), MORNING_MS, MORNING_MS + 2 * HOUR_MS)
    found = costed(told, MORNING_MS, MORNING_MS + 2 * HOUR_MS)
    assert found.rejected == []
    assert found.counts.unrated == {}
    assert found.counts.late == 0
    assert found.counts.received == len(told) > 100


def test_amendments_come_late_and_some_events_twice(day: list) -> None:
    ended_ms = {call["call_id"]: parse_rfc3339(call["ended_at"]) for call in calls(day)}
    versions: dict[int, list[int]] = defaultdict(list)
    seen: Counter[tuple[str, int]] = Counter()
    for one, event in zip(day, events(day), strict=True):
        version = event.get("version", 1)
        seen[event["call_id"], version] += 1
        if seen[event["call_id"], version] == 1:
            versions[version].append(one.told_ms - ended_ms[event["call_id"]])
    assert 10_000 <= min(versions[2]) <= max(versions[2]) <= 120_000
    assert 2 * MINUTE_MS <= min(versions[3]) <= max(versions[3]) <= 12 * MINUTE_MS
    assert max(versions[1]) > 30_000
    assert 0.01 < sum(number - 1 for number in seen.values()) / len(seen) < 0.02
    assert max(seen.values()) == 2


def test_calls_are_told_out_of_order(day: list) -> None:
    ended = [parse_rfc3339(event["ended_at"]) for event in events(day) if "ended_at" in event]
    assert sum(after < before for before, after in itertools.pairwise(ended)) > len(ended) / 100


def test_only_one_carrier_says_what_calls_cost_and_only_of_calls_out(day: list) -> None:
    of = {call["call_id"]: call for call in calls(day)}
    priced = [event for event in events(day) if "reported_price" in event]
    assert {(of[event["call_id"]]["trunk"], of[event["call_id"]]["direction"]) for event in priced} == {
        ("carrier-b", "outbound")
    }
    assert {event["reported_price"]["currency"] for event in priced} == {"EUR"}
    figures = costed(day, MORNING_MS, MORNING_MS + 20 * HOUR_MS).whole
    assert figures.reported_nano == pytest.approx(figures.carrier_of_reported_nano, rel=0.1)
    assert figures.reported_nano != figures.carrier_of_reported_nano


def test_legs_of_a_transfer_share_their_contact_and_callers_call_again(day: list) -> None:
    legs = defaultdict(list)
    for call in calls(day):
        if "contact_id" in call:
            legs[call["contact_id"]].append(call)
    whole = [found for found in legs.values() if len(found) == 2]
    assert len(whole) > 0.9 * len(legs) > 50
    for first, second in whole:
        assert (first.get("transferred"), second.get("transferred")) == (True, None)
        assert first["ended_at"] == second["started_at"]
        assert first["from_number"] == second["from_number"]
    callers = Counter(
        call["from_number"] for call in calls(day) if call["direction"] == "inbound" and "contact_id" not in call
    )
    assert 0.03 < sum(number > 1 for number in callers.values()) / len(callers) < 0.2


def test_how_calls_end(day: list) -> None:
    dispositions = Counter((call["direction"], call["disposition"]) for call in calls(day))
    assert set(dispositions) >= {
        ("inbound", "answered"), ("inbound", "abandoned"), ("inbound", "voicemail"), ("outbound", "answered"),
        ("outbound", "no_answer"), ("outbound", "busy"), ("outbound", "voicemail"), ("outbound", "failed"),
    }  # fmt: skip
    direction_of = {call["call_id"]: call["direction"] for call in calls(day)}
    outcomes = {(direction_of[event["call_id"]], event["outcome"]) for event in events(day) if "outcome" in event}
    assert outcomes == {
        ("inbound", "resolved"), ("inbound", "unresolved"), ("outbound", "sale"), ("outbound", "lead"),
    }  # fmt: skip


def test_callers_wait_longer_when_it_is_busy(day: list) -> None:
    busy, quiet = [], []
    for call in calls(day):
        passed_ms = parse_rfc3339(call["started_at"]) - MORNING_MS
        if call["direction"] == "inbound" and "contact_id" not in call:
            (busy if passed_ms < 3 * HOUR_MS else quiet if passed_ms > 10 * HOUR_MS else []).append(call["wait_s"])
    assert sum(busy) / len(busy) > 1.5 * sum(quiet) / len(quiet)


def test_a_busier_centre_has_more_agents() -> None:
    told = calls(heard(Simulator(peak_calls_per_minute=24), MORNING_MS, MORNING_MS + HOUR_MS // 4))
    assert len({call["agent"] for call in told if "agent" in call}) > 100
