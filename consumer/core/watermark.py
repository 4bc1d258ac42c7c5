"""How far event time has come in one source, and what is too late for it.

Owns out-of-orderness and lateness: two different things. Knows no clock: it moves with the events alone.
"""

from dataclasses import dataclass

NEVER_MS = -(1 << 62)


@dataclass
class Watermark:
    """The highest end of a call that any event told, less how far out of order calls may come."""

    out_of_orderness_ms: int = 0
    allowed_lateness_ms: int | None = None  # None: nothing is late
    highest_ms: int = NEVER_MS

    @property
    def instant_ms(self) -> int:
        """Event time has come this far; before the first event it is the beginning of time."""
        return self.highest_ms - self.out_of_orderness_ms

    @property
    def has_begun(self) -> bool:
        """Whether any end of a call was told."""
        return self.highest_ms != NEVER_MS

    @property
    def late_before_ms(self) -> int:
        """What ended before this is further behind the watermark than is allowed."""
        return NEVER_MS if self.allowed_lateness_ms is None else self.instant_ms - self.allowed_lateness_ms
