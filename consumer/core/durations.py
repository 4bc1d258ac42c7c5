"""Durations in words, for messages.

Owns the text. Its figures are short: a long one would be taken for a phone number, and masked.
"""

from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from consumer.core.money import format_thousandths

_MOST_DAYS = 100_000  # more than lie between any two instants; a figure of 300 digits is not worth them all


def in_words(duration_ms: int) -> str:
    """30 days 0 h 0 min 10.000 s; what is shorter begins with its largest unit."""
    sign, rest_ms = ("-", -duration_ms) if duration_ms < 0 else ("", duration_ms)
    if rest_ms >= _MOST_DAYS * DAY_MS:
        return f"{sign}{_MOST_DAYS} days and more"
    days, rest_ms = divmod(rest_ms, DAY_MS)
    hours, rest_ms = divmod(rest_ms, HOUR_MS)
    minutes, rest_ms = divmod(rest_ms, MINUTE_MS)
    parts = [f"{format_thousandths(rest_ms)} s"]
    if days or hours or minutes:
        parts.insert(0, f"{minutes} min")
    if days or hours:
        parts.insert(0, f"{hours} h")
    if days:
        parts.insert(0, "1 day" if days == 1 else f"{days} days")
    return sign + " ".join(parts)
