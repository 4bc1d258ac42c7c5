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
_REST = re.compile(r":([0-5][0-9])(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))", re.ASCII)

# Times of calls share their minutes, and their second halves are at most 60 000 per offset: both are worth keeping.
_CACHE_LIMIT = 200_000
_minutes: dict[str, int] = {}
_rests: dict[str, int] = {}


def parse_rfc3339(text: str) -> int:
    """RFC 3339 with a zone, cut to the millisecond. Raises ValueError, also outside 1970 to 2199 and for second 60."""
    minute, rest = text[:16], text[16:]
    try:
        instant = _minutes[minute] + _rests[rest]
    except KeyError:
        instant = _parse_minute(minute) + _parse_rest(rest)
    if FIRST_MS <= instant < END_MS:
        return instant
    raise ValueError("expected a year from 1970 to 2199")


def _parse_minute(text: str) -> int:
    found = _MINUTE.fullmatch(text)
    if found is None:
        raise ValueError("expected RFC 3339 with a zone, such as 2026-11-23T10:00:00.000Z")
    year, month, day, hour, minute = map(int, found.groups())
    instant = to_ms(datetime(year, month, day, hour, minute, tzinfo=UTC))
    if len(_minutes) >= _CACHE_LIMIT:
        _minutes.clear()
    _minutes[text] = instant
    return instant


def _parse_rest(text: str) -> int:
    """Seconds, decimals and zone, as the milliseconds that they add to the minute read as UTC."""
    found = _REST.fullmatch(text)
    if found is None:
        raise ValueError("expected RFC 3339 with a zone, such as 2026-11-23T10:00:00.000Z")
    seconds, decimals, sign, hours, minutes = found.groups()
    added = int(seconds) * SECOND_MS + int(((decimals or "") + "000")[:3])
    if sign is not None:
        offset = int(hours) * HOUR_MS + int(minutes) * MINUTE_MS
        added += offset if sign == "-" else -offset
    if len(_rests) >= _CACHE_LIMIT:
        _rests.clear()
    if len(text) <= 16:  # a text of many decimals is not worth its place
        _rests[text] = added
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
