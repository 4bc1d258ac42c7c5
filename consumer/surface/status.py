"""How far the figures can be trusted now: what is missing, what is in the way, how old what is."""

from dataclasses import dataclass
from typing import Any

from consumer.core.counts import Counts
from consumer.core.instants import format_ms
from consumer.core.money import format_nano
from consumer.surface.report_json import counts_json


class NoFigures(Exception):
    """There are no figures at all yet. The message says what is being done first."""


@dataclass(frozen=True, slots=True)
class ShareStatus:
    """One part of the source, where it has several, and how old the figures of it are."""

    source: str
    is_own: bool  # folded by the worker that says this
    as_of_ms: int | None
    behind: int


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a worker at one instant."""

    version: str
    as_of_ms: int
    not_ready: str | None  # why the figures are not to be relied on yet
    troubles: tuple[str, ...]  # what an operator should act on now
    last_event_ms: int | None  # the latest end of a call that was seen
    watermark_ms: int | None
    events_behind: int  # durable and not folded yet
    checkpoint_ms: int | None
    table_sha256: str
    table_versions: tuple[str, ...]
    table_loaded_ms: int
    table_problems: tuple[str, ...]  # of a newer file that was refused; empty when the file is in use
    dead_letters: int
    counts: Counts
    shares: tuple[ShareStatus, ...] = ()


def status_json(status: Status) -> dict[str, Any]:
    """What `/api/status` serves."""
    return {
        "version": status.version,
        "as_of": format_ms(status.as_of_ms),
        "not_ready": status.not_ready,
        "troubles": list(status.troubles),
        "last_event": _instant(status.last_event_ms),
        "watermark": _instant(status.watermark_ms),
        "events_behind": status.events_behind,
        "checkpoint": _instant(status.checkpoint_ms),
        "rate_table": {
            "versions": list(status.table_versions),
            "sha256": status.table_sha256,
            "loaded": format_ms(status.table_loaded_ms),
            "problems": list(status.table_problems),
        },
        "dead_letters": status.dead_letters,
        "counts": counts_json(status.counts),
        "shares": [
            {"source": one.source, "own": one.is_own, "as_of": _instant(one.as_of_ms), "behind": one.behind}
            for one in status.shares
        ],
        "late_cost": format_nano(status.counts.late_cost_nano),
    }


def _instant(instant_ms: int | None) -> str | None:
    return None if instant_ms is None else format_ms(instant_ms)
