"""What of a rejected event may be read in a log."""

import pytest

from consumer.home.rejections import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("found '2101234567'", "found '21…67'"),
        ("+1 (555) 010-9999", "+15…99"),
        ("210 123 4567", "21…67"),
        ("0049.30.123-45/67", "00…67"),
        ("(030) - 123 45 67", "(03…67"),
        ("210\N{EN DASH}123\N{EN DASH}4567", "21…67"),
        (repr("2\N{NO-BREAK SPACE}10\t123\N{NARROW NO-BREAK SPACE}4567"), "'21…67'"),
        ("'210 123 4567', '+30 694 000 1122'", "'21…67', '+30…22'"),
        ("a time, then a number: 2026-06-01 10:00:00 210 123 4567", "a time, then a number: 2026-06-01 10:00:00 21…67"),
        ("2026-06-012101234567", "20…67"),
        ("3026-06-01", "30…01"),  # no date of our days
    ],
)
def test_of_a_phone_number_however_it_is_written_four_digits_are_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "found '2026-06-01 10:00:00', expected RFC 3339 with a zone, such as 2026-11-23T10:00:00.000Z",
        "2026-06-01T10:00:00.123456789+02:00",
        "2026-06-01T10:00:00.000+0200",
        "'2026-02-30 25:61:00'",
        "'2026-06-01'",
        "Mon, 01 Jun 2026 10:00:00 +0000",
        "YYYY-MM-DD HH:MM:SS in a year from 1970 to 2199",
        "one of 1, 2, 3, 4, 5, 6, 7, 8",
        "extension 123456",
    ],
)
def test_times_and_short_numbers_stay_readable(text: str) -> None:
    assert masked(text) == text
