"""Why cost per call moved, and how budgets stand, as JSON. Owns names and their order."""

from collections.abc import Mapping, Sequence
from typing import Any

from consumer.core.budgets import BudgetReading
from consumer.core.comparison import Comparison, Question, Side
from consumer.core.instants import format_ms
from consumer.core.money import format_nano
from consumer.core.outlook import WINDOW, Outlook
from consumer.core.reading import Reading, Segment
from consumer.core.why import EFFECTS, Effect


def why_json(reading: Reading, asked: Question, found: Comparison) -> dict[str, Any]:
    """What moved, by how much of a call's cost, and where; the largest first. Parts add up to the change."""
    split = found.split
    segments = split.by(lambda part: part.segment)
    items = split.by(lambda part: (part.component, part.name))
    return {
        "as_of": format_ms(reading.as_of_ms),
        "currency": reading.currency,
        "rate_table": {"versions": list(reading.versions), "sha256": reading.table_sha256},
        "window": None if asked.stretches else asked.window,
        "against": None if asked.stretches else asked.against,
        "direction": asked.direction,
        "before": _side(found.before, split.before_nano),
        "after": _side(found.after, split.after_nano),
        "before_is_whole": found.before_is_whole,
        "change": {
            "standard": _money(split.change_nano),
            **_effects(split.effects, is_known=split.change_nano is not None),
            "volume": _money(found.volume_nano),
        },
        "segments": [
            {"segment": dict(zip(reading.dimensions, one, strict=True)), **_parts(effects)}
            for one, effects in _largest_first(segments)
        ],
        "items": [
            {"component": one[0] or None, "name": one[1] or None, **_parts(effects)}
            for one, effects in _largest_first(items)
        ],
    }


def usual_json(reading: Reading, outlook: Outlook) -> list[dict[str, Any]]:
    """What a call usually costs at this hour, by direction and of all, and by how much the last hour differs.

    What of it moved is told of directions. Where there were too few hours there is no row.
    """
    of_hour = {row.segment: row.figures for one in reading.windows if one.window == WINDOW for row in one.rows}
    found = []
    for segment, usual in sorted(outlook.usual.items()):
        if len(segment) <= 1:
            figures = of_hour.get(segment)
            now_nano = None if figures is None else figures.per_call(figures.standard_nano)
            effects = outlook.moved.get(segment[0]) if segment else None
            found.append({
                "window": WINDOW,
                "segment": {"direction": segment[0]} if segment else {},
                "hours": usual.hours,
                "calls": usual.calls,
                "cost_per_call": format_nano(usual.per_call_nano),
                "sigma": format_nano(usual.sigma_nano),
                "change": _money(None if now_nano is None else now_nano - usual.per_call_nano),
                **_effects(effects or dict.fromkeys(EFFECTS, 0), is_known=effects is not None),
            })  # fmt: skip
    return found


def budgets_json(reading: Reading, budgets: Sequence[BudgetReading], untracked: Sequence[str]) -> dict[str, Any]:
    """Every budget in its current period."""
    return {
        "as_of": format_ms(reading.as_of_ms),
        "currency": reading.currency,
        "budgets": [
            {
                "budget": one.name,
                "per": one.per,
                "from": format_ms(one.from_ms),
                "to": format_ms(one.to_ms),
                "amount": format_nano(one.amount_nano),
                "spent": format_nano(one.spent_nano),
                "projected": format_nano(one.projected_nano),
                "history_weeks": one.history_weeks,
                "windows": [
                    {"window": name, "cost": format_nano(cost_nano), "allotted": format_nano(allotted_nano)}
                    for name, cost_nano, allotted_nano in one.windows
                ],
            }
            for one in budgets
        ],
        "untracked": list(untracked),
    }


def _side(side: Side, standard_nano: int | None) -> dict[str, Any]:
    return {
        "from": format_ms(side.from_ms),
        "to": format_ms(side.to_ms),
        "calls": side.calls,
        "cost_per_call": {"standard": _money(standard_nano), "absorbed": _money(side.absorbed_nano)},
    }


def _largest_first(
    summed: Mapping[Segment, Mapping[Effect, int]],
) -> list[tuple[Segment, Mapping[Effect, int]]]:
    return sorted(summed.items(), key=lambda one: (-abs(sum(one[1].values())), one[0]))


def _parts(effects: Mapping[Effect, int]) -> dict[str, str | None]:
    return {"change": format_nano(sum(effects.values())), **_effects(effects, is_known=True)}


def _effects(effects: Mapping[Effect, int], *, is_known: bool) -> dict[str, str | None]:
    return {effect: format_nano(nano) if is_known else None for effect, nano in effects.items()}


def _money(nano: int | None) -> str | None:
    return None if nano is None else format_nano(nano)
