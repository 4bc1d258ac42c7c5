"""How busy a centre is when: a daily and a weekly curve in its local time, 1 at the peak.

Owns the shape. Knows no number of calls.
"""

from functools import lru_cache
from zoneinfo import ZoneInfo

from consumer.core.instants import MINUTE_MS, from_ms

#: What volume is forecast by. Every zone's offset is a multiple of it, and so intervals are the same in each.
INTERVAL_MS = 15 * MINUTE_MS

#: Volume at each full hour of the wall clock, against the peak; in between it goes straight from one to the next.
BY_HOUR = (
    0.27, 0.25, 0.25, 0.25, 0.25, 0.27, 0.30, 0.40, 0.60, 0.85, 1.00, 1.00,
    0.92, 0.85, 0.85, 0.82, 0.78, 0.70, 0.58, 0.48, 0.42, 0.38, 0.33, 0.29,
)  # fmt: skip
#: From Monday on.
BY_WEEKDAY = (1.00, 0.97, 0.95, 0.95, 0.93, 0.60, 0.45)


class Curve:
    """The level of volume in each quarter of an hour: constant within it, as at its middle."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.level = lru_cache(4_096)(self._level)

    def _level(self, interval: int) -> float:
        """Level of the interval that begins at `interval` × INTERVAL_MS."""
        local = from_ms(interval * INTERVAL_MS + INTERVAL_MS // 2).astimezone(self.zone)
        part = (local.minute * 60 + local.second) / 3600
        here, next_hour = BY_HOUR[local.hour], BY_HOUR[(local.hour + 1) % 24]
        return (here + (next_hour - here) * part) * BY_WEEKDAY[local.weekday()]
