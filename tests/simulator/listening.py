"""Listening to a simulated centre, and costing what is heard as the worker does."""

import itertools
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.counts import Counts
from consumer.core.instants import HOUR_MS, parse_rfc3339
from consumer.core.intake import Rejected
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.reading import Figures, WindowReading
from consumer.core.windows import Span
from consumer.platforms.canonical import decode
from consumer.rates.load import load_rates
from consumer.settings import FoldSection
from consumer.simulator.simulator import Simulator
from consumer.simulator.told import Told

#: A Tuesday morning, in the first shift.
MORNING_MS = parse_rfc3339("2026-11-17T09:00:00+02:00")

Event = dict[str, Any]


def heard(simulator: Simulator, from_ms: int, to_ms: int) -> list[Told]:
    """What is told of calls that end from an instant on, until another instant."""
    return list(itertools.takewhile(lambda one: one.told_ms <= to_ms, simulator.told(from_ms)))


def events(told: Iterable[Told]) -> list[Event]:
    """What was told, as objects."""
    return [msgspec.json.decode(one.event) for one in told]


def calls(told: Iterable[Told]) -> list[Event]:
    """Each call once, without its amendments."""
    return list({event["call_id"]: event for event in events(told) if event.get("version", 1) == 1}.values())


@cache
def sample_rates() -> RateTable:
    """What the centre pays."""
    return load_rates(Path(consumer.samples.__file__).parent / "rates.toml")


class Costed(NamedTuple):
    """What a live fold makes of it."""

    rejected: list[Rejected]
    counts: Counts
    window: WindowReading

    @property
    def whole(self) -> Figures:
        """All calls of the window."""
        return self.window.rows[-1].figures


def costed(told: list[Told], from_ms: int, to_ms: int) -> Costed:
    """The calls that ended in a span, by the sample rate table. Each event is taken when it is told."""
    pipeline = Pipeline(sample_rates(), decode, FoldSection().for_fold())
    records = [SourceRecord(offset, one.event, (), one.told_ms) for offset, one in enumerate(told)]
    rejected = pipeline.feed(records)
    reading = pipeline.read(to_ms + HOUR_MS, [Span("range", from_ms, to_ms)])
    return Costed(rejected, pipeline.counts, reading.windows[0])
