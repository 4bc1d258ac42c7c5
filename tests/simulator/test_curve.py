"""The curve of volume, by hand."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from consumer.core.instants import DAY_MS, parse_rfc3339
from consumer.simulator.curve import INTERVAL_MS, Curve
from consumer.simulator.simulator import Simulator
from tests.simulator.listening import calls, heard

ATHENS = ZoneInfo("Europe/Athens")


@pytest.mark.parametrize(
    ("instant", "level"),
    [
        ("2026-11-16T10:00:00+02:00", 1.0),  # Monday: 1.00 at ten and at eleven
        ("2026-11-16T10:59:59+02:00", 1.0),
        ("2026-11-17T09:00:00+02:00", (0.85 + 0.15 * 0.125) * 0.97),  # Tuesday, at 9:07:30: an eighth of an hour
        ("2026-11-21T03:30:00+02:00", 0.25 * 0.60),  # Saturday night
        ("2026-11-22T23:45:00+02:00", (0.29 - 0.02 * 0.875) * 0.45),  # Sunday, at 23:52:30 on the way to 0.27
        ("2026-07-06T10:00:00+03:00", 1.0),  # the wall clock counts, not the offset
    ],
)
def test_the_level_is_that_of_the_middle_of_the_quarter_hour_on_the_wall_clock(instant: str, level: float) -> None:
    assert Curve(ATHENS).level(parse_rfc3339(instant) // INTERVAL_MS) == pytest.approx(level)


def test_the_day_on_which_the_clock_goes_back_has_an_hour_more() -> None:
    first = parse_rfc3339("2026-10-25T00:00:00+03:00") // INTERVAL_MS
    curve = Curve(ATHENS)
    levels = [curve.level(first + number) for number in range(timedelta(hours=25) // timedelta(minutes=15))]
    assert levels[-1] == pytest.approx((0.29 - 0.02 * 0.875) * 0.45)
    assert curve.level(first + len(levels)) == pytest.approx((0.27 - 0.02 * 0.125) * 1.00)  # Monday has begun


def test_volume_follows_the_curve() -> None:
    monday = parse_rfc3339("2026-11-16T00:00:00+02:00")
    told = calls(heard(Simulator(), monday, monday + 7 * DAY_MS))
    by_day = [0] * 8
    night = peak = 0
    for call in told:
        passed = parse_rfc3339(call["started_at"]) - monday
        by_day[max(passed, 0) // DAY_MS] += 1
        hour = passed // 3_600_000
        night += hour in range(5)
        peak += hour in range(9, 14)
    # The hours add up to 13.07 at the middles, × 60 × 6 calls = 4 705 on a Monday; the rest by weekday.
    for calls_of_day, weekday in zip(by_day, (1.00, 0.97, 0.95, 0.95, 0.93, 0.60, 0.45), strict=False):
        assert calls_of_day == pytest.approx(4_705 * weekday, rel=0.06)
    assert 0.22 < night / peak < 0.34
