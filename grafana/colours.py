"""Colours, and the words that go with them: nobody has to tell one colour from another to know how things stand.

Owns the palette (Okabe and Ito's, which people with any colour blindness can tell apart: blue is well, orange wants to
be looked at, vermilion to be acted on) and levels, each a bound with a colour and a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana.sdk import (
    DashboardRangeMapOptions,
    RangeMap,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMappingResult,
)

BLUE, ORANGE, VERMILION = "#0072B2", "#E69F00", "#D55E00"
SKY, GREEN, YELLOW, PURPLE, GREY = "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#999999"
WELL, LOOK, ACT = BLUE, ORANGE, VERMILION

#: What has one colour on every dashboard: values of labels.
OF_VALUES = {
    "direction": {"inbound": BLUE, "outbound": ORANGE, "internal": GREY},
    "component": {
        "carrier": ORANGE, "fee": YELLOW, "labour": BLUE, "licence": SKY, "hardware": VERMILION, "software": PURPLE,
        "facility": GREEN, "utilities": "#B8860B", "telecom": "#6A5ACD", "other": GREY,
    },
    "effect": {"price": VERMILION, "handle_time": BLUE, "mix": SKY},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """From this value on (the first of several: whatever is below), things stand so."""

    text: str
    colour: str
    at: float | None = None


def thresholds(levels: Sequence[Level]) -> ThresholdsConfig:
    """The levels' colours."""
    steps = [Threshold(value=level.at, color=level.colour) for level in levels]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def words(levels: Sequence[Level]) -> list[RangeMap]:
    """The levels' words instead of the number, in their colours. A bound belongs to the level that begins there."""
    bounds = [*(level.at for level in levels[1:]), None]
    return [
        RangeMap(
            options=DashboardRangeMapOptions(
                from_val=level.at,
                to=None if end is None else _just_below(end),
                result=ValueMappingResult(text=level.text, color=level.colour, index=index),
            )
        )
        for index, (level, end) in enumerate(zip(levels, bounds, strict=True))
    ]


def _just_below(bound: float) -> float:
    """Grafana takes the first range that a value is in, both ends included."""
    return round(bound - 1e-9, 9)
