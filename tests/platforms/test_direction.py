import pytest

from consumer.platforms.direction import DirectionRule


@pytest.mark.parametrize(
    ("from_number", "to_number", "direction"),
    [
        ("2104", "2310555666", "outbound"),
        ("2104", "+302310555666", "outbound"),
        ("2104", "00302310555666", "outbound"),
        ("2104", "0044", "outbound"),  # 00 is dialled outside however short
        ("2310555666", "2104", "inbound"),
        ("+30 231-055(5666)", "210456", "inbound"),
        ("2104", "2105", "internal"),
        ("reception", "2104", "internal"),
        ("reception", "2310555666", "outbound"),  # a name is an extension
        ("2310555666", "2310777888", "internal"),  # two outside numbers do not tell
        ("", "2104", "internal"),
        ("210456", "2104567", "outbound"),  # six digits and seven
    ],
)
def test_length_of_numbers_tells_direction(from_number: str, to_number: str, direction: str) -> None:
    assert DirectionRule().direction(from_number, to_number) == direction


def test_context_decides_before_numbers() -> None:
    rule = DirectionRule(
        inbound=frozenset(("carriers",)), outbound=frozenset(("dial-out",)), internal=frozenset(("intercom",))
    )
    assert rule.direction("2104", "2310555666", "carriers") == "inbound"
    assert rule.direction("2310555666", "2104", "dial-out") == "outbound"
    assert rule.direction("2104", "2310555666", "intercom") == "internal"
    assert rule.direction("2104", "2310555666", "default") == "outbound"


def test_contexts_of_freepbx_are_known() -> None:
    assert DirectionRule().direction("anonymous", "2104", "from-pstn") == "inbound"


def test_longest_extension_can_be_set() -> None:
    assert DirectionRule(longest_extension=8).direction("21045678", "21045679") == "internal"
    assert DirectionRule(longest_extension=3).direction("104", "2104") == "outbound"
