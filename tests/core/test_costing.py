"""Costing in columns: exact in any currency, and the same whether int64 or Python ints carry it."""

import json
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calls import SourceRecord
from consumer.core.instants import parse_rfc3339
from consumer.core.money import Prices, round_half_up
from consumer.core.replay import Replay
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table

prices = st.fractions(min_value=0, max_value=10**15, max_denominator=10**12)
units = st.integers(0, 1_814_400_000)  # handle time: talk, hold and wrap of a week each, in ms


@given(st.lists(prices, min_size=1, max_size=4), st.lists(units, min_size=1, max_size=5))
def test_prices_scale_as_fractions_do_whatever_their_size(some_prices: list[Fraction], some_units: list[int]) -> None:
    column = np.array([some_units] * len(some_prices), dtype=np.int64).T
    scaled = Prices.of(some_prices, 1_814_400_000).scale(column)
    expected = [[round_half_up(price * number) for price in some_prices] for number in some_units]
    assert scaled.tolist() == expected


def test_plain_prices_are_carried_in_int64() -> None:
    """240 000 a quarter over 30 600 000 s is 400000/51 nano a ms: times a week of handling it stays below 2**62."""
    rate = Fraction(240_000 * 10**9, 30_600_000 * 1000)
    assert Prices.of([rate], 1_814_400_000).whole.dtype == np.int64
    assert Prices.of([rate * 10**12], 1_814_400_000).whole.dtype == object


DONG = """
currency = "VND"
time_zone = "Asia/Ho_Chi_Minh"
[[version]]
id = "v1"
effective_from = 2026-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "7800000000"
per = "month"
driver = "handle_second"
practical_capacity = "7000001"
[[version.fee]]
name = "each"
driver = "call"
price = "9300000000"
"""


def test_a_sum_of_dongs_passes_what_an_int64_holds() -> None:
    """Three calls of 9 300 000 000 dong each are 2.79e19 nano; int64 ends at 9.2e18.

    Pool: 7.8e9 × 60 s ÷ 7 000 001 = 66857.133306123809… dong a call: 66857.133306124.
    """
    table = build_rate_table("rates.toml", DONG.encode(), {}.__getitem__)
    replay = Replay.of(table, decode, parse_rfc3339("2026-08-11T00:00:00Z"))
    call = {
        "direction": "inbound", "started_at": "2026-08-10T10:00:00Z", "answered_at": "2026-08-10T10:00:00Z",
        "ended_at": "2026-08-10T10:01:00Z", "disposition": "answered",
    }  # fmt: skip
    lines = [json.dumps({"call_id": call_id, **call}).encode() for call_id in "abc"]
    replay.pipeline.feed(SourceRecord(offset, line) for offset, line in enumerate(lines))
    whole = replay.read().windows[-1].rows[-1].figures
    pool_nano = round_half_up(Fraction(7_800_000_000 * 60 * 10**9, 7_000_001))
    assert pool_nano == 66_857_133_306_124
    assert whole.components_nano == {"fee": 3 * 9_300_000_000 * 10**9, "labour": 3 * pool_nano}
    assert whole.standard_nano > 2**63
