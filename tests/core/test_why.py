"""The split of a change of cost per call: worked by hand, and as laws."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.money import divide_half_up
from consumer.core.reading import Segment
from consumer.core.usage import ON_THE_LINE, Item, Usage
from consumer.core.why import EFFECTS, Split, split

AGENTS, NIGHT = Item("labour", "agents", "handle_second"), Item("labour", "night", "handle_second")
ANSWERED = Item("software", "desk", "answered_call")
CARRIER = Item("carrier", "carrier", ON_THE_LINE)
A, B = ("inbound", "a"), ("inbound", "b")


def effects(found: Split) -> tuple[int, int, int]:
    return found.effects["price"], found.effects["handle_time"], found.effects["mix"]


def agents(calls: int, units: int, cost_nano: int) -> Usage:
    return Usage(calls, {"handle_second": units}, {AGENTS: cost_nano})


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
    before, after = (Usage(10, {"answered_call": one}, {ANSWERED: 100 * one}) for one in (5, 8))
    found = split({A: before}, {A: after})
    assert (found.change_nano, effects(found)) == (30, (0, 0, 30))


def test_a_new_segment_is_mix_alone_and_so_is_one_that_is_gone() -> None:
    """100 a call; then B comes with as many calls at 300: 200 a call, of which all is mix."""
    came = split({A: agents(5, 5, 500)}, {A: agents(5, 5, 500), B: agents(5, 5, 1_500)})
    assert (came.change_nano, effects(came)) == (100, (0, 0, 100))
    went = split({A: agents(5, 5, 500), B: agents(5, 5, 1_500)}, {A: agents(5, 5, 500)})
    assert (went.change_nano, effects(went)) == (-100, (0, 0, -100))


def test_a_pool_that_the_rate_table_has_more_is_price() -> None:
    """As many seconds as before, and 10 more a call for seats."""
    after = Usage(10, {"handle_second": 1_000}, {AGENTS: 2_000, Item("licence", "seats", "handle_second"): 100})
    assert effects(split({A: agents(10, 1_000, 2_000)}, {A: after})) == (10, 0, 0)


def test_where_one_pool_takes_over_from_another_calls_take_no_longer() -> None:
    """By day 200 a call, by night 250: nobody's calls got longer, a second got dearer by 0.5."""
    night = Usage(10, {"handle_second": 1_000}, {NIGHT: 2_500})
    found = split({A: agents(10, 1_000, 2_000)}, {A: night})
    assert (found.change_nano, effects(found)) == (50, (50, 0, 0))
    assert {part.name: part.nano for part in found.parts} == {"agents": -200, "night": 250}


def test_one_pool_takes_over_and_calls_take_longer() -> None:
    """100 s at 2 by day, 150 s at 4 by night: as with one pool, 125 s · (4 − 2) and 3 · (150 − 100)."""
    night = Usage(10, {"handle_second": 1_500}, {NIGHT: 6_000})
    assert effects(split({A: agents(10, 1_000, 2_000)}, {A: night})) == (250, 150, 0)


def test_time_where_there_was_none_is_handle_time() -> None:
    """Ten calls that nobody answered, then ten of 100 s at 2."""
    before = Usage(10, {"handle_second": 0}, {})
    assert effects(split({A: before}, {A: agents(10, 1_000, 2_000)})) == (0, 200, 0)


def test_money_for_nothing_that_is_counted_is_price() -> None:
    """Attempt fees: nobody was on the line."""
    before, after = (Usage(10, {ON_THE_LINE: 0}, {CARRIER: fees}) for fees in (100, 300))
    assert effects(split({A: before}, {A: after})) == (20, 0, 0)


@pytest.mark.parametrize("side", ["before", "after"])
def test_without_calls_on_one_side_there_is_no_change(side: str) -> None:
    some: Mapping[Segment, Usage] = {A: agents(1, 1, 5)}
    found = split(some, {}) if side == "before" else split({}, some)
    assert (found.change_nano, found.parts) == (None, ())


USAGE = st.builds(
    Usage,
    st.integers(1, 10**6),
    st.fixed_dictionaries(
        {driver: st.integers(0, 10**7) for driver in ("handle_second", "answered_call", ON_THE_LINE)}
    ),
    st.dictionaries(st.sampled_from([AGENTS, NIGHT, ANSWERED, CARRIER]), st.integers(0, 10**13)),
)
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
    allowed = 2 * (9 * len({*before, *after}) + 1)  # a nano-unit for each part
    assert all(abs(there.effects[effect] + back.effects[effect]) <= allowed for effect in EFFECTS)


@given(SIDE)
def test_where_nothing_changed_nothing_moved(side: Mapping[Segment, Usage]) -> None:
    assert split(side, side).parts == ()
