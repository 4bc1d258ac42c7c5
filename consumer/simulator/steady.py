"""A steady load for measurements: one call every so many milliseconds, over as many segments as asked for.

Believable in its sizes alone; for a centre that lives see `simulator`. Knows no price and no clock.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consumer.core.instants import format_ms

_DISPOSITIONS = ("answered", "abandoned", "no_answer", "busy", "voicemail")
_SHARES = (82, 8, 5, 3, 2)  # %
_DESTINATIONS = ("3021", "3069", "4420", "4930", "331", "1212", "35722", "3902")


@dataclass(frozen=True, slots=True)
class SteadyLoad:
    """How many of what there are, and how often an event is told twice or amended."""

    queues: tuple[str, ...] = ("sales", "support", "billing")
    sites: tuple[str, ...] = ("ath", "skg")
    agents: int = 50
    outbound_share: float = 0.3
    duplicate_share: float = 0.0
    amended_share: float = 0.0


def _calls(load: SteadyLoad, seed: int, start_ms: int, step_ms: float) -> Iterator[dict[str, Any]]:
    """Calls without end, one ended about every `step_ms` from `start_ms` on."""
    rng = random.Random(seed)  # noqa: S311 - invented calls, no secret
    number = 0
    while True:
        ended_ms = start_ms + int(number * step_ms) + rng.randrange(0, 500)
        yield _call(load, rng, number, ended_ms)
        number += 1


def steady_events(load: SteadyLoad, seed: int, start_ms: int, step_ms: float) -> Iterator[dict[str, Any]]:
    """Canonical calls without end as they are told: some twice, some amended with wrap-up time and outcome."""
    rng = random.Random(seed + 1)  # noqa: S311
    for call in _calls(load, seed, start_ms, step_ms):
        yield call
        if rng.random() < load.duplicate_share:
            yield call
        if rng.random() < load.amended_share:
            outcome = rng.choice(("resolved", "unresolved", "sale"))
            yield {"call_id": call["call_id"], "version": 2, "wrap_s": rng.randrange(5, 90), "outcome": outcome}


def _call(load: SteadyLoad, rng: random.Random, number: int, ended_ms: int) -> dict[str, Any]:
    outbound = rng.random() < load.outbound_share
    disposition = rng.choices(_DISPOSITIONS, _SHARES)[0]
    rings_ms = rng.randrange(2_000, 25_000)
    talks_ms = int(rng.lognormvariate(12, 0.7)) if disposition in ("answered", "voicemail") else 0
    outside = f"+{rng.choice(_DESTINATIONS)}{rng.randrange(10**7):07d}"
    own = f"+302108{rng.randrange(10**6):06d}"
    call: dict[str, Any] = {
        "call_id": f"{rng.getrandbits(40):010x}-{number:07d}",
        "direction": "outbound" if outbound else "inbound",
        "started_at": format_ms(ended_ms - talks_ms - rings_ms),
        "ended_at": format_ms(ended_ms),
        "disposition": disposition,
        "platform": "sample",
        "queue": rng.choice(load.queues),
        "site": rng.choice(load.sites),
        "agent": f"agent-{rng.randrange(load.agents):03d}",
        "trunk": "carrier-a" if rng.random() < 0.7 else "carrier-b",
        "from_number": own if outbound else outside,
        "to_number": outside if outbound else own,
    }
    if disposition in ("answered", "voicemail"):
        call["answered_at"] = format_ms(ended_ms - talks_ms)
    if disposition == "answered":
        call["wait_s"] = rings_ms / 1000
        call["hold_s"] = min(rng.randrange(0, 30), talks_ms // 1000) if rng.random() < 0.2 else 0
    return call
