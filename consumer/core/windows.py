"""Which spans of time are read: rolling windows and windows to date, as of one instant.

Owns names, lengths and edges (half-open). Knows no call and no money.
"""

from dataclasses import dataclass

from consumer.core.calendar import LocalCalendar, Period
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from consumer.core.slices import grid_start

#: name -> (length, step that its `from` is rounded down to)
ROLLING = {
    "5m": (5 * MINUTE_MS, 10 * SECOND_MS),
    "15m": (15 * MINUTE_MS, 10 * SECOND_MS),
    "1h": (HOUR_MS, MINUTE_MS),
    "8h": (8 * HOUR_MS, 10 * MINUTE_MS),
    "24h": (DAY_MS, 10 * MINUTE_MS),
    "7d": (7 * DAY_MS, HOUR_MS),
    "30d": (30 * DAY_MS, HOUR_MS),
}
TO_DATE: dict[str, Period] = {
    "day-to-date": "day", "week-to-date": "week", "month-to-date": "month", "quarter-to-date": "quarter",
}  # fmt: skip
LIVE_WINDOWS = (*ROLLING, *TO_DATE)


@dataclass(frozen=True, slots=True)
class Span:
    """A named window: calls with from ≤ ended_at < to. A range may end after as_of: then only pools accrue to it."""

    window: str
    from_ms: int
    to_ms: int
    as_of_ms: int | None = None  # where it lies before to_ms

    @property
    def calls_to_ms(self) -> int:
        """Calls that end from here on are in no window."""
        return self.to_ms if self.as_of_ms is None else self.as_of_ms


def spans(calendar: LocalCalendar, as_of_ms: int, names: tuple[str, ...] = LIVE_WINDOWS) -> list[Span]:
    """Rolling windows, which begin on the local day's grid, and the local periods that hold the ms before as_of."""
    found = []
    for name in names:
        if name in ROLLING:
            length, step = ROLLING[name]
            found.append(Span(name, grid_start(calendar, as_of_ms - length, step), as_of_ms))
        else:
            found.append(Span(name, calendar.period(as_of_ms - 1, TO_DATE[name])[0], as_of_ms))
    return found
