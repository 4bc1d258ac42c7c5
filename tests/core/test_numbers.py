"""Numbers as they are dialled, to the digits that decks are matched on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.numbers import NumberPlan

PLAIN = NumberPlan()
GREECE = NumberPlan("30")  # no trunk prefix: every number without + or 00 is national
GERMANY = NumberPlan("49", "0")
AMERICA = NumberPlan("1", "1", "011")
NO_PREFIX_ABROAD = NumberPlan("49", "0", "")


@pytest.mark.parametrize(
    ("plan", "number", "digits"),
    [
        (PLAIN, "+302310555666", "302310555666"),
        (PLAIN, "00302310555666", "302310555666"),
        (PLAIN, "302310555666", "302310555666"),
        (PLAIN, "+30 (2310) 555-666", "302310555666"),
        (PLAIN, "30.2310/555 666", "302310555666"),
        (PLAIN, "30\u00a02310\t555666", "302310555666"),
        (PLAIN, " +30 2310", "302310"),
        (PLAIN, "(00) 30 2310", "302310"),
        (PLAIN, "0 0302310", "302310"),
        (PLAIN, "+0030", "0030"),  # + is stripped, and nothing else then
        (PLAIN, "2104", "2104"),
        (GREECE, "2310555666", "302310555666"),
        (GREECE, "+2310555666", "2310555666"),
        (GREECE, "004930123", "4930123"),
        (GREECE, "0301", "300301"),
        (GERMANY, "030123456", "4930123456"),
        (GERMANY, "0030123", "30123"),  # the international prefix comes first
        (GERMANY, "30123456", "30123456"),  # without the national prefix taken as E.164
        (GERMANY, "+49 30 123456", "4930123456"),
        (AMERICA, "12125550100", "12125550100"),
        (AMERICA, "2125550100", "2125550100"),
        (AMERICA, "011302310555666", "302310555666"),
        (AMERICA, "+302310555666", "302310555666"),
        (NO_PREFIX_ABROAD, "0030", "49030"),
    ],
)
def test_numbers_become_e_164_digits(plan: NumberPlan, number: str, digits: str) -> None:
    assert plan.digits(number) == digits


@pytest.mark.parametrize(
    "number",
    [None, "", "+", "00", " ", "()", "anonymous", "sip:30@pbx", "+30abc", "30#", "*21", "++30", "30+", "+٣٠", "٣٠",
     "30,31", "+30²", "30\n", "3\u200b0"],
)  # fmt: skip
def test_anything_but_digits_is_no_number(number: str | None) -> None:
    assert PLAIN.digits(number) == ""


@given(st.text(max_size=20) | st.text("+0123 ()-./", max_size=20), st.sampled_from([PLAIN, GREECE, GERMANY, AMERICA]))
def test_digits_are_digits_or_nothing(number: str, plan: NumberPlan) -> None:
    assert set(plan.digits(number)) <= set("0123456789")


@given(st.text("0123456789", min_size=1, max_size=15), st.sampled_from([PLAIN, GREECE, GERMANY, AMERICA]))
def test_every_way_to_write_an_international_number_gives_its_digits(digits: str, plan: NumberPlan) -> None:
    ways = [
        "+" + digits,
        plan.international_prefix + digits,
        "+ " + "-".join(digits),
        f"({plan.international_prefix}) {digits}",
    ]
    assert {plan.digits(way) for way in ways} == {digits}
