"""What a reading of the fold says: windows, their rows, and the pools, all in integers.

Owns the figures and their ratios. How they are summed is `windows`; how they are shown is `consumer.surface`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consumer.core.calls import IDLE
from consumer.core.counts import Counts
from consumer.core.money import divide_half_up

Segment = tuple[str, ...]  # values in the order of the reading's dimensions; fewer for a direction's row and the whole

DENOMINATORS = ("answered", "handle_minute", "contact", "resolved", "sale", "lead")


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of one row. Money is nano-units of the reporting currency, durations are milliseconds."""

    calls: int = 0  # the first 16 are the columns that are counted: columns.COUNTED
    answered: int = 0
    abandoned: int = 0
    transferred: int = 0
    unrated: int = 0
    contacts: int = 0
    resolved: int = 0
    sales: int = 0
    leads: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_ms: int = 0
    wait_ms: int = 0
    ivr_ms: int = 0
    billed_s: int = 0
    reported_calls: int = 0
    abandoned_nano: int = 0
    reported_nano: int = 0
    carrier_of_reported_nano: int = 0
    components_nano: Mapping[str, int] = field(default_factory=dict)  # standard cost: carrier, fee, pool categories
    absorbed_nano: int = 0
    p50_nano: int | None = None
    p95_nano: int | None = None
    p99_nano: int | None = None

    @property
    def direct_nano(self) -> int:
        """Tariff charges and fees."""
        return self.components_nano.get("carrier", 0) + self.components_nano.get("fee", 0)

    @property
    def standard_nano(self) -> int:
        """Direct cost and every pool at its capacity cost rate."""
        return sum(self.components_nano.values())

    @property
    def handle_ms(self) -> int:
        """talk + hold + wrap."""
        return self.talk_ms + self.hold_ms + self.wrap_ms

    def per_call(self, cost_nano: int) -> int | None:
        """Cost per call, half-up to the nano; None without a call."""
        return divide_half_up(cost_nano, self.calls) if self.calls else None

    def per(self, denominator: str, cost_nano: int) -> int | None:
        """The row's whole cost ÷ one of DENOMINATORS, half-up to the nano; None where there is none of it."""
        if denominator == "handle_minute":
            return divide_half_up(cost_nano * 60_000, self.handle_ms) if self.handle_ms else None
        number = {
            "answered": self.answered, "contact": self.contacts, "resolved": self.resolved,
            "sale": self.sales, "lead": self.leads,
        }[denominator]  # fmt: skip
        return divide_half_up(cost_nano, number) if number else None


@dataclass(frozen=True, slots=True)
class Row:
    """One segment of one window: all dimensions, the direction alone, or () for the whole."""

    segment: Segment
    figures: Figures

    @property
    def is_idle(self) -> bool:
        """Whether this is what accrued while nobody called."""
        return bool(self.segment) and all(value == IDLE for value in self.segment)


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """One pool in one window, all versions of it together. absorbed, idle: None if a version of it has no capacity."""

    pool: str
    accrued_nano: int
    absorbed_nano: int | None

    @property
    def idle_nano(self) -> int | None:
        """accrued − absorbed at standard; negative when more was used than practical capacity."""
        return None if self.absorbed_nano is None else self.accrued_nano - self.absorbed_nano

    @property
    def utilisation_thousandths(self) -> int | None:
        """absorbed ÷ accrued, half-up; None when nothing accrued."""
        if self.absorbed_nano is None or not self.accrued_nano:
            return None
        return divide_half_up(self.absorbed_nano * 1000, self.accrued_nano)


@dataclass(frozen=True, slots=True)
class WindowReading:
    """One window: calls with from ≤ ended_at < to. Rows: segments, directions, __idle__ if any, the whole last."""

    window: str
    from_ms: int
    to_ms: int
    rows: tuple[Row, ...]
    pools: tuple[PoolFigures, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All windows as of one instant, and the counts."""

    as_of_ms: int
    currency: str
    versions: tuple[str, ...]
    table_sha256: str
    dimensions: tuple[str, ...]
    counts: Counts
    windows: tuple[WindowReading, ...]
    known_from_ms: int | None = None  # no call is known that ended before this; None: no call at all
    time_zone: str = "UTC"  # of local days

    def is_whole(self, window: WindowReading) -> bool:
        """Whether calls are known from the window's begin on. Where not, the others bear all that pools accrued."""
        return self.known_from_ms is not None and self.known_from_ms <= window.from_ms
