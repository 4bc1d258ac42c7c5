"""What becomes of one attempt: a leg with its times, its agent and how it ended.

Owns how long things take and who gives up. Knows no JSON, and not when it is told.
"""

from bisect import bisect_right
from itertools import accumulate

import msgspec

from consumer.core.instants import MINUTE_MS, SECOND_MS
from consumer.simulator.centre import ANSWERED_SHARE, MEAN_HELD_S, Carrier, Centre, Kind
from consumer.simulator.chance import Draws, exponential_ms, lognormal_ms
from consumer.simulator.numbers import RepeatCallers, outside, own
from consumer.simulator.roster import Agents
from consumer.simulator.scenarios import NORMAL, Scenario

#: From the start of a call to the end of its last leg, at the very most.
LONGEST_MS = 180 * MINUTE_MS

_LONGEST_TALK_MS, _LONGEST_WAIT_MS, _LONGEST_HOLD_MS = 30 * MINUTE_MS, 15 * MINUTE_MS, 5 * MINUTE_MS
_MEAN_PATIENCE_MS = 150 * SECOND_MS
_BUSIEST = 0.95  # with more load than this nobody waits longer
#: How calls out end that nobody answers, with shares of them; the rest is voicemail.
_UNANSWERED = (("no_answer", 0.58), ("busy", 0.16), ("failed", 0.02))


class Leg(msgspec.Struct, gc=False):
    """One call as it was. Durations are milliseconds."""

    call_id: str
    contact_id: str | None  # of transferred calls
    kind: Kind
    carrier: Carrier
    from_number: str
    to_number: str
    site: str
    team: str
    started_ms: int
    ended_ms: int
    disposition: str
    connected_ms: int | None = None
    answered_ms: int | None = None
    agent: str | None = None
    ivr_ms: int = 0
    wait_ms: int = 0
    hold_ms: int = 0
    wrap_ms: int = 0
    transferred: bool = False
    outcome: str | None = None


class Desk:
    """The centre during one turn: its agents, and those who will call again."""

    def __init__(self, centre: Centre, team: str, agents: Agents) -> None:
        self.centre, self.team, self.agents = centre, team, agents
        self.again = RepeatCallers()
        self._second = centre.second_leg
        self._carriers = {carrier.name: carrier for carrier in centre.carriers}
        self._carriers_up_to = tuple(accumulate(carrier.share for carrier in centre.carriers))
        self._sites_up_to = tuple(accumulate(share for _, share in centre.sites))
        self._kinds_up_to = {NORMAL.name: tuple(accumulate(kind.share for kind in centre.kinds))}

    def first_leg(self, call_id: str, started_ms: int, draws: Draws, load: float, scenario: Scenario) -> Leg:
        """Somebody calls, or is called."""
        up_to = self._kinds_up_to.get(scenario.name) or self._mixed(scenario)
        kind = self.centre.kinds[min(bisect_right(up_to, draws.kind), len(up_to) - 1)]
        if kind.direction == "inbound":
            again = self.again.pick(draws.number) if draws.repeats < self.centre.repeat_share else None
            caller, called = again or outside(draws.destination, draws.number), own(kind.queue)
        else:
            caller, called = own(kind.queue), outside(draws.destination, draws.number)
        carrier = self._carrier(draws, scenario)
        leg = Leg(
            call_id, None, kind, carrier, caller, called, self._site(draws.site), self.team, started_ms, started_ms,
            "failed",
        )  # fmt: skip
        if scenario.is_cut_off:
            leg.ended_ms += 1_000 + int(4_000 * draws.rings)
        elif kind.direction == "inbound":
            leg.connected_ms = started_ms + 1_000
            leg.ivr_ms = 8_000 + int(25_000 * draws.menu)
            self._queue(leg, draws, load, scenario)
            leg.transferred = leg.disposition == "answered" and draws.transfers < kind.transfer_share
        else:
            self._dial(leg, draws, scenario)
        if leg.transferred:
            leg.contact_id, leg.outcome = call_id, None
        return leg

    def second_leg(self, first: Leg, draws: Draws, load: float, scenario: Scenario) -> Leg:
        """The same contact, from where the first agent hands it over."""
        leg = Leg(
            f"{first.call_id}-2", first.contact_id, self._second, first.carrier, first.from_number,
            first.to_number, first.site, self.team, first.ended_ms, first.ended_ms, "failed", first.ended_ms,
        )  # fmt: skip
        self._queue(leg, draws, load, scenario)
        return leg

    def _queue(self, leg: Leg, draws: Draws, load: float, scenario: Scenario) -> None:
        """Inbound: the caller waits until somebody is there, or gives up."""
        queued_ms = (leg.connected_ms or leg.started_ms) + leg.ivr_ms
        waits_ms = 2_000 + int(4_000 * draws.rings) + _queueing_ms(draws, load)
        patience_ms = exponential_ms(_MEAN_PATIENCE_MS, draws.patience)
        if waits_ms <= patience_ms:
            leg.wait_ms, leg.answered_ms, leg.disposition = waits_ms, queued_ms + waits_ms, "answered"
            self._talk(leg, leg.answered_ms, draws, scenario)
            if leg.outcome == "unresolved":
                self.again.remember(leg.from_number)
            return
        leg.wait_ms = patience_ms
        leg.ended_ms = queued_ms + patience_ms
        leg.disposition = "abandoned"
        self.again.remember(leg.from_number)
        if draws.ending < 0.1:  # some leave a message instead
            leg.answered_ms, leg.disposition = leg.ended_ms, "voicemail"
            leg.ended_ms += 10_000 + int(50_000 * draws.hold)

    def _dial(self, leg: Leg, draws: Draws, scenario: Scenario) -> None:
        """Outbound: an agent dials and listens to it ring."""
        rings_ms = 5_000 + int(20_000 * draws.rings)
        answered = ANSWERED_SHARE["outbound"]
        if draws.ending < answered:
            leg.answered_ms, leg.disposition = leg.started_ms + rings_ms, "answered"
            self._talk(leg, leg.started_ms, draws, scenario)
            return
        leg.disposition = _unanswered((draws.ending - answered) / (1 - answered))
        if leg.disposition == "voicemail":
            leg.answered_ms = leg.started_ms + rings_ms + 15_000
            leg.ended_ms = leg.answered_ms + 5_000 + int(25_000 * draws.hold)
        else:
            leg.ended_ms = leg.started_ms + (rings_ms + 15_000 if leg.disposition == "no_answer" else 3_000)
        self._assign(leg, leg.started_ms)

    def _talk(self, leg: Leg, agent_from_ms: int, draws: Draws, scenario: Scenario) -> None:
        """Somebody answered: talk, hold, and the agent's wrap-up."""
        kind = leg.kind
        talks_ms = min(lognormal_ms(kind.talk_s * SECOND_MS, draws.talk), _LONGEST_TALK_MS) * scenario.handling
        if draws.held < kind.held_share:
            leg.hold_ms = min(exponential_ms(MEAN_HELD_S * SECOND_MS, draws.hold), _LONGEST_HOLD_MS)
        leg.wrap_ms = int(kind.wrap_s * SECOND_MS * (0.4 + 1.2 * draws.wrap) * scenario.handling)
        leg.ended_ms = (leg.answered_ms or 0) + int(talks_ms) + leg.hold_ms
        leg.outcome = _outcome(kind, draws.outcome)
        self._assign(leg, agent_from_ms)

    def _assign(self, leg: Leg, from_ms: int) -> None:
        number = self.agents.take(from_ms, leg.ended_ms + leg.wrap_ms)
        leg.agent = f"{self.team}-{number:02d}"
        leg.site = self._site(number * 0.618_034 % 1)  # an agent always sits at the same site

    def _site(self, place: float) -> str:
        return self.centre.sites[min(bisect_right(self._sites_up_to, place), len(self._sites_up_to) - 1)][0]

    def _carrier(self, draws: Draws, scenario: Scenario) -> Carrier:
        place = min(bisect_right(self._carriers_up_to, draws.carrier), len(self._carriers_up_to) - 1)
        carrier = self.centre.carriers[place]
        if scenario.falls_over and scenario.falls_over[0] == carrier.name:
            return Carrier(scenario.falls_over[1], 0.0)
        return carrier

    def _mixed(self, scenario: Scenario) -> tuple[float, ...]:
        """Shares of the kinds, added up, with more of one queue's inbound calls and less of all others."""
        shares = [kind.share for kind in self.centre.kinds]
        if scenario.more_of:
            queue, factor = scenario.more_of
            more = [kind.direction == "inbound" and kind.queue == queue for kind in self.centre.kinds]
            grown = sum(share for share, is_more in zip(shares, more, strict=True) if is_more)
            others = (1 - grown * factor) / (1 - grown)
            shares = [share * (factor if is_more else others) for share, is_more in zip(shares, more, strict=True)]
        found = self._kinds_up_to[scenario.name] = tuple(accumulate(shares))
        return found


def _queueing_ms(draws: Draws, load: float) -> int:
    """Beyond the ringing: the busier the agents, the more callers wait, and the longer."""
    busy = min(load, _BUSIEST)
    if draws.queues >= busy**8:
        return 0
    return min(exponential_ms(12 * SECOND_MS / (1 - busy), draws.waits), _LONGEST_WAIT_MS)


def _unanswered(place: float) -> str:
    for disposition, share in _UNANSWERED:
        if place < share:
            return disposition
        place -= share
    return "voicemail"


def _outcome(kind: Kind, place: float) -> str | None:
    for outcome, share in kind.outcomes:
        if place < share:
            return outcome
        place -= share
    return None
