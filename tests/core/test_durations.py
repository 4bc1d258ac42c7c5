"""Durations in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.calls import CallVersion
from consumer.core.durations import in_words
from consumer.core.instants import END_MS, FIRST_MS, format_ms
from consumer.core.intake import fault_alone
from consumer.platforms.canonical import decode
from tests.core.test_fault_alone import record


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [
        (0, "0.000 s"),
        (59_999, "59.999 s"),
        (60_000, "1 min 0.000 s"),
        (3_599_999, "59 min 59.999 s"),
        (3_600_000, "1 h 0 min 0.000 s"),
        (86_400_000, "1 day 0 h 0 min 0.000 s"),
        (604_800_001, "7 days 0 h 0 min 0.001 s"),
        (2_592_010_000, "30 days 0 h 0 min 10.000 s"),  # 30 × 86 400 s + 10 s
        (-1_000, "-1.000 s"),
        (-93_784_005, "-1 day 2 h 3 min 4.005 s"),  # 86 400 + 7 200 + 180 + 4.005 s
        (8_639_999_999_999, "99999 days 23 h 59 min 59.999 s"),
        (8_640_000_000_000, "100000 days and more"),
        (-(10**323), "-100000 days and more"),
    ],
)
def test_a_duration_begins_with_its_largest_unit(duration_ms: int, words: str) -> None:
    assert in_words(duration_ms) == words


@given(st.integers(FIRST_MS, END_MS - 1), st.integers(FIRST_MS, END_MS - 1), st.integers(-(10**9), 10**9))
def test_no_message_has_a_figure_that_may_be_a_phone_number(started_ms: int, ended_ms: int, hold_s: int) -> None:
    told = record(0, {
        "call_id": "a", "direction": "inbound", "disposition": "answered", "hold_s": hold_s,
        "started_at": format_ms(started_ms), "answered_at": format_ms(started_ms), "ended_at": format_ms(ended_ms),
    })  # fmt: skip
    (event,) = decode(told)
    assert isinstance(event, CallVersion)
    fault = fault_alone(event, told)
    assert fault is None or re.search(r"\d(?:[\s().\-/]*\d){6}", str(fault)) is None
