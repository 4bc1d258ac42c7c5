"""The split of a change of cost per call: worked by hand, and as laws."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.money import divide_half_up
from consumer.core.reading import Segment
from consumer.core.usage import Item, Usage, Used
from consumer.core.why import EFFECTS, Split, split

AGENTS = Item("labour", "agents", "time", "handle_second")
ANSWERED = Item("software", "desk", "calls", "answered_call")
CARRIER = Item("carrier", "carrier", "time")
A, B = ("inbound", "a"), ("inbound", "b")


def effects(found: Split) -> tuple[int, int, int]:
    return found.effects["price"], found.effects["handle_time"], found.effects["mix"]


def agents(calls: int, units: int, cost_nano: int) -> Usage:
    return Usage(calls, {AGENTS: Used(units, cost_nano)})


def test_a_dearer_second_is_price() -> None:
    """10 calls of 100 s at 2, then at 3 a second: 200 and 300 a call."""
    found = split({A: agents(10, 1_000, 2_000)}, {A: agents(10, 1_000, 3_000)})
    assert (found.change_nano, effects(found)) == (100, (100, 0, 0))


def test_longer_calls_are_handle_time() -> None:
    """100 s, then 150 s a call, at 2 a second."""
    found = split({A: agents(10, 1_000, 2_000)}, {A: agents(10, 1_500, 3_000)})
    assert (found.change_nano, effects(found)) == (100, (0, 100, 0))


def test_longer_and_dearer_is_shared_by_the_means_of_both_sides() -> None:
    """100 s at 2, then 150 s at 4: 600 − 200 = 400 = 125 s · (4 − 2) + 3 · (150 − 100)."""
    found = split({A: agents(10, 1_000, 2_000)}, {A: agents(10, 1_500, 6_000)})
    assert (found.change_nano, effects(found)) == (400, (250, 150, 0))


def test_more_of_the_dearer_calls_is_mix() -> None:
    """A costs 100 and B 300 a call. Of 10 calls 5 each cost 200; 2 and 8 cost 260.

    A: (0.2 − 0.5) · (100 − 230) = 39; B: (0.8 − 0.5) · (300 − 230) = 21. Fewer cheap calls add to the cost as well.
    """
    found = split({A: agents(5, 5, 500), B: agents(5, 5, 1_500)}, {A: agents(2, 2, 200), B: agents(8, 8, 2_400)})
    assert (found.change_nano, effects(found)) == (60, (0, 0, 60))
    assert {part.segment: part.nano for part in found.parts} == {A: 39, B: 21}


def test_more_answered_calls_are_mix() -> None:
    """10 calls, of which 5 and then 8 are answered at 100 each: 50 and 80 a call."""
    found = split({A: Usage(10, {ANSWERED: Used(5, 500)})}, {A: Usage(10, {ANSWERED: Used(8, 800)})})
    assert (found.change_nano, effects(found)) == (30, (0, 0, 30))


def test_a_new_segment_is_mix_alone_and_so_is_one_that_is_gone() -> None:
    """100 a call; then B comes with as many calls at 300: 200 a call, of which all is mix."""
    came = split({A: agents(5, 5, 500)}, {A: agents(5, 5, 500), B: agents(5, 5, 1_500)})
    assert (came.change_nano, effects(came)) == (100, (0, 0, 100))
    went = split({A: agents(5, 5, 500), B: agents(5, 5, 1_500)}, {A: agents(5, 5, 500)})
    assert (went.change_nano, effects(went)) == (-100, (0, 0, -100))


def test_a_pool_that_nobody_used_before_is_price() -> None:
    """The rate table has a pool more: 10 more a call."""
    after = Usage(10, {AGENTS: Used(1_000, 2_000), Item("licence", "seats", "time", "handle_second"): Used(1_000, 100)})
    assert effects(split({A: agents(10, 1_000, 2_000)}, {A: after})) == (10, 0, 0)


def test_a_pool_that_this_segment_did_not_use_before_is_quantity() -> None:
    """B always paid the carrier, A begins to: seconds that were not billed before."""
    before = {A: Usage(10, {}), B: Usage(10, {CARRIER: Used(600, 6_000)})}
    after = {A: Usage(10, {CARRIER: Used(600, 6_000)}), B: Usage(10, {CARRIER: Used(600, 6_000)})}
    assert effects(split(before, after)) == (0, 300, 0)


def test_money_for_nothing_that_is_counted_is_price() -> None:
    """Attempt fees: no second is billed."""
    found = split({A: Usage(10, {CARRIER: Used(0, 100)})}, {A: Usage(10, {CARRIER: Used(0, 300)})})
    assert effects(found) == (20, 0, 0)


@pytest.mark.parametrize("side", ["before", "after"])
def test_without_calls_on_one_side_there_is_no_change(side: str) -> None:
    some: Mapping[Segment, Usage] = {A: agents(1, 1, 5)}
    found = split(some, {}) if side == "before" else split({}, some)
    assert (found.change_nano, found.parts) == (None, ())


USED = st.builds(Used, st.integers(0, 10**7), st.integers(0, 10**13))
USAGE = st.builds(Usage, st.integers(1, 10**6), st.dictionaries(st.sampled_from([AGENTS, ANSWERED, CARRIER]), USED))
SIDE = st.dictionaries(st.sampled_from([A, B, ("outbound", "a"), ("outbound", "c")]), USAGE, min_size=1)


def per_call(side: Mapping[Segment, Usage]) -> int:
    return divide_half_up(sum(one.cost_nano for one in side.values()), sum(one.calls for one in side.values()))


@given(SIDE, SIDE)
def test_the_parts_add_up_to_the_nano_unit(before: Mapping[Segment, Usage], after: Mapping[Segment, Usage]) -> None:
    found = split(before, after)
    assert sum(part.nano for part in found.parts) == found.change_nano == per_call(after) - per_call(before)
    assert sum(found.effects.values()) == found.change_nano


@given(SIDE, SIDE)
def test_the_way_back_is_the_way_there_but_for_rounding(
    before: Mapping[Segment, Usage], after: Mapping[Segment, Usage]
) -> None:
    there, back = split(before, after), split(after, before)
    allowed = 2 * (7 * len({*before, *after}) + 1)  # a nano-unit for each part
    assert all(abs(there.effects[effect] + back.effects[effect]) <= allowed for effect in EFFECTS)


@given(SIDE)
def test_where_nothing_changed_nothing_moved(side: Mapping[Segment, Usage]) -> None:
    assert split(side, side).parts == ()
