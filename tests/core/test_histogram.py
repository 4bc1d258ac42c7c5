"""Quantiles of cost: nearest rank, within 1 %."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.histogram import BUCKETS, VALUES, bucket_of, quantiles

MOST_NANO = (1 << 62) - 1
#: Of every size: as many below a thousand as above a milliard.
COSTS = st.integers(0, 62).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))


def bucket(cost: int) -> int:
    return int(bucket_of(np.array([cost]))[0])


def counts_of(costs: list[int]) -> np.ndarray:
    return np.bincount([bucket(cost) for cost in costs], minlength=BUCKETS)[None, :]


def within_one_percent(value: int, cost: int) -> bool:
    """A nano-unit of rounding may come on top."""
    return 100 * abs(value - cost) <= cost + 100


@pytest.mark.parametrize("cost", [0, 1, 2, 50, 99, 100])
def test_the_least_costs_are_exact(cost: int) -> None:
    assert VALUES[bucket(cost)] == cost


@given(COSTS)
def test_the_value_of_a_bucket_is_within_one_percent_of_every_cost_in_it(cost: int) -> None:
    assert within_one_percent(VALUES[bucket(cost)], cost)


def test_both_edges_of_every_bucket_are_within_one_percent_of_its_value() -> None:
    """Edges are found by halving: the least cost of bucket n + 1 follows on the greatest of bucket n."""
    low = 0
    for number in range(BUCKETS - 1):
        inside, outside = low, MOST_NANO
        while outside - inside > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if bucket(middle) <= number else (inside, middle)
        assert bucket(low) == bucket(inside) == number
        assert within_one_percent(VALUES[number], low)
        assert within_one_percent(VALUES[number], inside)
        low = outside


@given(COSTS, COSTS)
def test_buckets_are_in_the_order_of_costs(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= bucket(low) <= bucket(high) < BUCKETS


@pytest.mark.parametrize("cost", [MOST_NANO, MOST_NANO + 1, 10**30])
def test_costs_beyond_every_bound_stand_in_the_last_bucket(cost: int) -> None:
    assert bucket_of(np.array([cost], dtype=object)).tolist() == [BUCKETS - 1]


def test_nearest_rank_of_a_hundred_calls() -> None:
    """Costs 1 to 100: the 50th, 95th and 99th are themselves."""
    assert quantiles(counts_of(list(range(1, 101))), (50, 95, 99)) == [(50, 95, 99)]


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([7], (7, 7, 7)),
        ([1, 2], (1, 2, 2)),  # ranks ⌈1⌉, ⌈1.9⌉ and ⌈1.98⌉
        ([1, 2, 3], (2, 3, 3)),  # ranks ⌈1.5⌉, ⌈2.85⌉ and ⌈2.97⌉
        ([0] * 19 + [9], (0, 0, 9)),  # ranks 10, 19 and ⌈19.8⌉
        ([0] * 95 + [5] * 5, (0, 0, 5)),
        ([0] * 94 + [5] * 6, (0, 5, 5)),
    ],
)
def test_a_quantile_is_the_cost_of_the_nearest_rank(costs: list[int], expected: tuple[int, ...]) -> None:
    assert quantiles(counts_of(costs), (50, 95, 99)) == [expected]


def test_a_row_without_calls_has_no_quantiles_and_does_not_disturb_others() -> None:
    rows = np.concatenate([counts_of([]), counts_of([3]), counts_of([])])
    assert quantiles(rows, (50, 99)) == [(None, None), (3, 3), (None, None)]


@given(st.lists(COSTS, min_size=1, max_size=50), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_quantile_is_within_one_percent_of_the_sorted_costs(costs: list[int], percent: int) -> None:
    exact = sorted(costs)[-(-len(costs) * percent // 100) - 1]
    ((found,),) = quantiles(counts_of(costs), (percent,))
    assert found is not None
    assert within_one_percent(found, exact)
