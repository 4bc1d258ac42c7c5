"""Money is exact: parsed, scaled, rounded and written without a float."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.money import (
    NANO,
    Prices,
    divide_half_up,
    format_nano,
    format_thousandths,
    int_column,
    parse_decimal,
    round_half_up,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("007", Fraction(7)),
        ("12.50", Fraction(25, 2)),
        ("0.1", Fraction(1, 10)),
        ("0.000000000000000001", Fraction(1, 10**18)),
        ("999999999999999", Fraction(10**15 - 1)),
        ("240000", Fraction(240_000)),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, value: Fraction) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "1\n", "-1", "+1", "1e3", ".5", "5.", "1,5", "1_000", "0x1", "nan", "inf", "٣", "1.2.3",
        "1" * 16, "0." + "1" * 19,
    ],
)  # fmt: skip
def test_anything_else_is_no_plain_decimal(text: str) -> None:
    with pytest.raises(ValueError, match="expected a plain decimal"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),  # half-even would say 2
        (Fraction(49, 100), 0),
        (Fraction(51, 100), 1),
        (Fraction(-1, 2), 0),  # ties go upwards
        (Fraction(-3, 2), -1),
        (Fraction(-51, 100), -1),
        (Fraction(10**30 + 1, 2), (10**30 + 2) // 2),
    ],
)
def test_ties_are_rounded_upwards(value: Fraction, rounded: int) -> None:
    assert round_half_up(value) == rounded


@given(st.integers(0, 10**40), st.integers(1, 10**20))
def test_rounding_agrees_with_decimal(numerator: int, denominator: int) -> None:
    """Of a denominator of ten thousand, where Decimal is exact; and never more than half away."""
    decimal = Decimal(numerator % 10**20).scaleb(-4)
    assert divide_half_up(numerator % 10**20, 10_000) == int(decimal.quantize(Decimal(1), ROUND_HALF_UP))
    rounded = divide_half_up(numerator, denominator)
    assert -Fraction(1, 2) < rounded - Fraction(numerator, denominator) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0"),
        (1, "0.000000001"),
        (2_352_941_176, "2.352941176"),
        (1_500_000_000, "1.5"),
        (100 * NANO, "100"),
        (-1, "-0.000000001"),
        (-2_500_000_000, "-2.5"),
        (10**30, "1" + "0" * 21),
    ],
)
def test_money_is_written_without_trailing_zeros(nano: int, text: str) -> None:
    assert format_nano(nano) == text


@given(st.integers(0, 10**23))
def test_money_that_is_written_reads_as_itself(nano: int) -> None:
    assert parse_decimal(format_nano(nano)) * NANO == nano


@given(st.integers(-(10**30), 10**30))
def test_money_that_is_written_keeps_its_sign_and_value(nano: int) -> None:
    assert Fraction(format_nano(nano)) * NANO == nano


@pytest.mark.parametrize(
    ("thousandths", "text"),
    [(0, "0.000"), (1, "0.001"), (1_250, "1.250"), (-1, "-0.001"), (-1_250, "-1.250"), (604_800_000, "604800.000")],
)
def test_thousandths_keep_their_three_decimals(thousandths: int, text: str) -> None:
    assert format_thousandths(thousandths) == text


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([], np.int64), ([0, 2**60 - 1], np.int64), ([0, 2**60], np.object_), ([10**30, 1], np.object_)],
)
def test_a_column_is_int64_where_carrier_fees_and_pools_can_be_added(values: list[int], dtype: type) -> None:
    column = int_column(values)
    assert column.dtype == dtype
    assert (column + column + column).tolist() == [3 * value for value in values]


def test_prices_scale_units_column_by_column() -> None:
    """3 × 0.5 is 1.5, so 2; 7 × 1/3 is 2.33, so 2; a column without a price scales to nothing."""
    prices = Prices.of([Fraction(1, 2), Fraction(1, 3), None, Fraction(5)], 1_000)
    assert prices.missing == (2,)
    assert prices.scale(np.array([3, 7, 9, 2])).tolist() == [2, 2, 0, 10]


fractions = st.builds(Fraction, st.integers(0, 10**24), st.integers(1, 10**12))


@given(st.data(), st.lists(st.none() | fractions, min_size=1, max_size=5), st.sampled_from([10, 10**6, 10**9]))
def test_prices_scale_exactly_in_int64_and_beyond(
    data: st.DataObject, prices: list[Fraction | None], most: int
) -> None:
    units = data.draw(st.lists(st.integers(0, most), min_size=len(prices), max_size=len(prices)))
    expected = [0 if price is None else round_half_up(unit * price) for unit, price in zip(units, prices, strict=True)]
    assert Prices.of(prices, most).scale(np.array(units, dtype=np.int64)).tolist() == expected


@given(st.integers(1, 10**10), st.integers(0, 1000))
def test_prices_at_the_edge_of_int64_do_not_overflow(whole: int, below: int) -> None:
    """The most units that still fit, a few less, and a few more."""
    edge = (1 << 62) // whole
    for most in (max(edge - below, 1), edge + below):
        price = Fraction(2 * whole + 1, 2)
        if most < 1 << 63:
            scaled = Prices.of([price], most).scale(np.array([most], dtype=np.int64))
            assert scaled.tolist() == [round_half_up(most * price)]
