"""RFC 3339 in and out, to the millisecond."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.instants import END_MS, FIRST_MS, format_ms, from_ms, parse_rfc3339, to_ms

#: 2026-11-23T10:00:00Z: 20 780 days and 10 hours after 1970.
TEN_MS = 1_795_428_000_000


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T10:00:00Z", TEN_MS),
        ("2026-11-23t10:00:00z", TEN_MS),
        ("2026-11-23 10:00:00Z", TEN_MS),
        ("2026-11-23T12:00:00+02:00", TEN_MS),
        ("2026-11-23T05:00:00-05:00", TEN_MS),
        ("2026-11-23T15:45:00+05:45", TEN_MS),
        ("2026-11-24T09:59:00+23:59", TEN_MS),
        ("2026-11-23T10:00:00-00:00", TEN_MS),
        ("2026-11-23T10:00:00.5Z", TEN_MS + 500),
        ("2026-11-23T10:00:00.05Z", TEN_MS + 50),
        ("2026-11-23T10:00:00.123Z", TEN_MS + 123),
        ("2026-11-23T12:00:00.123456789+02:00", TEN_MS + 123),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T19:00:00-05:00", 0),
        ("1970-01-01T00:00:00.0009Z", 0),
        ("2028-02-29T00:00:00Z", 1_835_395_200_000),  # 21 243 days
        ("2199-12-31T23:59:59.999Z", END_MS - 1),
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str, instant: int) -> None:
    assert parse_rfc3339(text) == instant


@pytest.mark.parametrize("decimals", ["999", "9999", "99999999999999999999"])
def test_time_is_cut_to_the_millisecond_and_never_rounded(decimals: str) -> None:
    assert parse_rfc3339(f"2026-11-23T10:00:00.{decimals}Z") == TEN_MS + 999


@pytest.mark.parametrize(
    "text",
    [
        "", "Z", "now", "1795428000", "2026-11-23", "2026-11-23T10:00Z", "2026-11-23T10:00:00", "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00,5Z", "2026-11-23T10:00:00+0200", "2026-11-23T10:00:00+02", "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+02:60", "2026-11-23T10:00:00 Z", "2026-11-23T10:00:00Z ", " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00Z\n", "2026-11-23T10:00:60Z", "2026-11-23T10:60:00Z", "2026-11-23T24:00:00Z",
        "2026-02-29T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-11-31T10:00:00Z",
        "2026-1-1T10:00:00Z", "26-11-23T10:00:00Z", "20261123T100000Z", "2026-11-23_10:00:00Z", "2026-11-23T1٠:00:00Z",
        "2026-11-23T10:00:0٠Z", "2026-11-23T10:00:00.٠Z", "2026-W48-1T10:00:00Z", "2026-11-23T10:00:00Europe/Athens",
        "0000-01-01T00:00:00Z", "+002026-11-23T10:00:00Z", "2026-11-23T10:00:00.5", "2026-11-23T10:00:-1Z",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected RFC 3339|month|day|hour|minute|year"):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    "text",
    [
        "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00+00:01", "2200-01-01T00:00:00Z", "2199-12-31T23:59:00-00:01",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    ],
)  # fmt: skip
def test_a_year_before_1970_or_after_2199_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a year from 1970 to 2199"):
        parse_rfc3339(text)


def test_a_minute_that_was_refused_for_its_year_is_read_with_another_offset() -> None:
    """The minute is remembered: what is added to it decides. One hour west of 1969-12-31T23:30 is 1970."""
    for _ in range(2):
        with pytest.raises(ValueError, match="1970"):
            parse_rfc3339("1969-12-31T23:30:00Z")
        assert parse_rfc3339("1969-12-31T23:30:00-01:00") == 30 * 60_000


@given(st.integers(FIRST_MS, END_MS - 1))
def test_an_instant_that_is_written_reads_as_itself(instant: int) -> None:
    assert parse_rfc3339(format_ms(instant)) == instant
    assert to_ms(from_ms(instant)) == instant


@given(
    st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 29)),  # noqa: DTZ001 - the zone is drawn
    st.integers(-1439, 1439),
)
def test_python_reads_the_same(moment: datetime, offset: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    expected = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_rfc3339(aware.isoformat()) == expected


@given(st.text(alphabet="0123456789-+:.TZtz ", max_size=30) | st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        assert FIRST_MS <= parse_rfc3339(text) < END_MS
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (TEN_MS + 7, "2026-11-23T10:00:00.007Z"),
        (END_MS - 1, "2199-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_with_three_decimals(instant: int, text: str) -> None:
    assert format_ms(instant) == text
