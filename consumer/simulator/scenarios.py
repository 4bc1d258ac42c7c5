"""What may happen to a centre for a while, each thing by itself.

Owns the names, how long each lasts and how strong it is. Knows neither calls nor money.
"""

from dataclasses import dataclass

from consumer.core.instants import HOUR_MS, MINUTE_MS


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different for the calls that start while it lasts."""

    name: str
    about: str
    lasts_ms: int = 0
    volume: float = 1.0  # of the calls, so many come at all
    falls_for_ms: int = 0  # volume does not fall at once: else what ends first would be the long calls of before
    handling: float = 1.0  # talk and wrap-up times are multiplied by it
    more_of: tuple[str, float] | None = None  # inbound calls of a queue, and how many times as many of all calls
    falls_over: tuple[str, str] | None = None  # from one carrier to another
    is_cut_off: bool = False  # no call gets through, and nothing is told until it is over

    def volume_after(self, passed_ms: int) -> float:
        """Volume so long after it began."""
        if not self.falls_for_ms or passed_ms >= self.falls_for_ms:
            return self.volume
        return 1 - (1 - self.volume) * passed_ms / self.falls_for_ms


NORMAL = Scenario("normal", "nothing out of the ordinary")
CARRIER_PRICE = Scenario(
    "carrier-price",
    "carrier-a's calls fall over to carrier-c, which is far more expensive",
    lasts_ms=HOUR_MS,
    falls_over=("carrier-a", "carrier-c"),
)
HANDLE_TIME = Scenario("handle-time", "talk and wrap-up take twice as long", lasts_ms=HOUR_MS, handling=2.0)
MIX = Scenario(
    "mix",
    "five times as many of the calls are technical, which take longest",
    lasts_ms=HOUR_MS,
    more_of=("technical", 5.0),
)
OUTAGE = Scenario(
    "outage",
    "no call gets through, and what was to be told comes in a burst afterwards",
    lasts_ms=8 * MINUTE_MS,
    is_cut_off=True,
)
NIGHT = Scenario(
    "night",
    "one call in twenty comes, and everybody is paid all the same",
    lasts_ms=4 * HOUR_MS,
    volume=0.05,
    falls_for_ms=40 * MINUTE_MS,
)

SCENARIOS = {one.name: one for one in (NORMAL, CARRIER_PRICE, HANDLE_TIME, MIX, OUTAGE, NIGHT)}
