"""The centre itself: kinds of calls, carriers, shifts, and how much work its calls are.

Owns every number that makes the centre believable. Knows no instant: when it is busy is `curve`, who sits there when
is `roster`.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

#: What is planned with: of the calls of a direction so many are answered, and who is held is held for so long.
ANSWERED_SHARE = {"inbound": 0.95, "outbound": 0.62}
MEAN_HELD_S = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """Calls of one direction and queue: how many of all they are, how long they take and how they end."""

    direction: str
    queue: str
    share: float
    talk_s: float  # mean
    wrap_s: float  # mean; between 0.4 and 1.6 of it
    campaign: str | None = None
    held_share: float = 0.0
    transfer_share: float = 0.0
    outcomes: tuple[tuple[str, float], ...] = ()  # with their shares; the rest has none

    @property
    def handle_s(self) -> float:
        """Mean talk, hold and wrap-up of an answered call."""
        return self.talk_s + self.held_share * MEAN_HELD_S + self.wrap_s


@dataclass(frozen=True, slots=True)
class Carrier:
    """A trunk, its share of the calls, and what it says later that an outbound call costs, if it does.

    That is the carrier's own word, by the started minute and in 0.0001 EUR; it need not agree with any contract.
    """

    name: str
    share: float
    says_minute_home: int | None = None
    says_minute_abroad: int = 0
    says_connection: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """A team that begins at an hour of the wall clock and stays until the next one begins."""

    name: str
    begins_hour: int
    agents: int
    weekend_agents: int
    weekend_days: tuple[int, ...] = (5, 6)  # of the day that it begins on; 0 is Monday


_RESOLVED = (("resolved", 0.78), ("unresolved", 0.22))
_KINDS = (
    Kind("inbound", "support", 0.33, 380, 45, None, 0.30, 0.08, _RESOLVED),
    Kind("inbound", "billing", 0.16, 250, 40, None, 0.20, 0.05, (("resolved", 0.86), ("unresolved", 0.14))),
    Kind("inbound", "sales", 0.13, 320, 50, None, 0.15, 0.04, (("resolved", 0.90), ("unresolved", 0.10))),
    Kind("inbound", "technical", 0.05, 780, 70, None, 0.40, 0.0, (("resolved", 0.70), ("unresolved", 0.30))),
    Kind("outbound", "sales", 0.20, 240, 45, "autumn-offer", 0.0, 0.0, (("sale", 0.12), ("lead", 0.20))),
    Kind("outbound", "billing", 0.08, 150, 25, "reminders"),
    Kind("outbound", "support", 0.05, 280, 40, "call-backs", 0.1, 0.0, (("lead", 0.05),)),
)
_CARRIERS = (Carrier("carrier-a", 0.75), Carrier("carrier-b", 0.25, 113, 465, 20))
_SHIFTS = (
    Shift("early", 7, 50, 30),
    Shift("late", 15, 40, 24),
    Shift("night", 23, 20, 12, (4, 5)),
)


@dataclass(frozen=True)
class Centre:
    """50 seats in Athens and Thessaloniki, open day and night, built for six calls a minute at the peak."""

    zone: str = "Europe/Athens"
    seats: int = 50
    built_for_calls_per_minute: float = 6.0
    present_share: float = 0.82  # of the agents on a shift; the others have a break, are ill or in training
    kinds: tuple[Kind, ...] = _KINDS
    transfers_to: str = "technical"  # queue; from there nobody is transferred
    carriers: tuple[Carrier, ...] = _CARRIERS
    sites: tuple[tuple[str, float], ...] = (("ath", 0.6), ("skg", 0.4))
    shifts: tuple[Shift, ...] = _SHIFTS  # in the order of the day
    repeat_share: float = 0.12  # inbound calls of somebody whose last call was of no avail
    duplicate_share: float = 0.015  # events that are told twice
    delayed_share: float = 0.03  # calls that are told late, up to 45 s, and so out of order

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        if abs(sum(kind.share for kind in self.kinds) - 1) > 1e-9:
            raise ValueError("the shares of the kinds of calls add up to 1")
        if not any(kind.direction == "inbound" and kind.queue == self.transfers_to for kind in self.kinds):
            raise ValueError(f"calls are transferred to {self.transfers_to!r}, and no inbound kind is of that queue")

    @property
    def second_leg(self) -> Kind:
        """What a transferred call becomes."""
        return next(kind for kind in self.kinds if kind.direction == "inbound" and kind.queue == self.transfers_to)

    @property
    def legs_per_arrival(self) -> float:
        """1, and a second leg for each call that is transferred."""
        return 1 + sum(kind.share * ANSWERED_SHARE[kind.direction] * kind.transfer_share for kind in self.kinds)

    @property
    def handle_s_per_call(self) -> float:
        """Mean talk, hold and wrap-up of a call, second legs and unanswered calls included."""
        first = sum(kind.share * ANSWERED_SHARE[kind.direction] * kind.handle_s for kind in self.kinds)
        second = (self.legs_per_arrival - 1) * ANSWERED_SHARE["inbound"] * self.second_leg.handle_s
        return (first + second) / self.legs_per_arrival

    def busy_agents(self, calls_per_minute: float) -> float:
        """Agents that so many calls keep busy at a time: calls a minute × handle seconds ÷ 60."""
        return calls_per_minute * self.handle_s_per_call / 60
