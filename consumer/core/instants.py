"""Instants as integer milliseconds since 1970 in UTC, read from and written as RFC 3339.

Owns the text form. Knows no time zone but an offset, and no clock.
"""

import re
from datetime import UTC, datetime, timedelta

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

#: Outside these years a time is a mistake (a PBX without a clock starts in 1970); inside, every calendar works.
FIRST_MS = 0
END_MS = 7_258_118_400_000  # 2200-01-01

_MINUTE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})", re.ASCII)
_TAIL = re.compile(r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))", re.ASCII)

# Calls share their minutes, and there are few tails of three decimals and a zone: both are worth keeping.
_CACHE_LIMIT = 100_000
_minutes: dict[str, int] = {}
_tails: dict[str, int] = {}
_SECONDS = {f":{second:02d}": second * SECOND_MS for second in range(60)}
_EXPECTED = "expected RFC 3339 with a zone, such as 2026-11-23T10:00:00.000Z"


def parse_rfc3339(text: str) -> int:
    """RFC 3339 with a zone, cut to the millisecond. Raises ValueError, also outside 1970 to 2199 and for second 60."""
    minute, second, tail = text[:16], text[16:19], text[19:]
    try:
        instant = _minutes[minute] + _SECONDS[second] + _tails[tail]
    except KeyError:
        if second not in _SECONDS:
            raise ValueError(_EXPECTED) from None
        instant = _parse_minute(minute) + _SECONDS[second] + _parse_tail(tail)
    if FIRST_MS <= instant < END_MS:
        return instant
    raise ValueError("expected a year from 1970 to 2199")


def _parse_minute(text: str) -> int:
    found = _MINUTE.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    year, month, day, hour, minute = map(int, found.groups())
    instant = to_ms(datetime(year, month, day, hour, minute, tzinfo=UTC))
    if len(_minutes) >= _CACHE_LIMIT:
        _minutes.clear()
    _minutes[text] = instant
    return instant


def _parse_tail(text: str) -> int:
    """Decimals and zone, as the milliseconds that they add to the wall clock read as UTC."""
    found = _TAIL.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    decimals, sign, hours, minutes = found.groups()
    added = int(((decimals or "") + "000")[:3])
    if sign is not None:
        offset = int(hours) * HOUR_MS + int(minutes) * MINUTE_MS
        added += offset if sign == "-" else -offset
    if len(_tails) >= _CACHE_LIMIT:
        _tails.clear()
    if len(text) <= 10:  # longer ones have microseconds, and seldom come again
        _tails[text] = added
    return added


def to_ms(moment: datetime) -> int:
    """An aware datetime, cut to the millisecond."""
    return (moment - EPOCH) // _MILLISECOND


def from_ms(instant_ms: int) -> datetime:
    """The aware datetime, in UTC."""
    return EPOCH + timedelta(milliseconds=instant_ms)


def format_ms(instant_ms: int) -> str:
    """2026-11-23T10:00:00.000Z."""
    return from_ms(instant_ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant_ms % 1000:03d}Z"
