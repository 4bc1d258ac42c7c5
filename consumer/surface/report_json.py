"""A reading as JSON: what `replay --format json` prints and `/api` serves.

Owns names, their order and the decimals of exact figures. Rounds nothing: what is rounded was rounded by the reading.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from consumer.core.calls import REASONS
from consumer.core.counts import UNRATED_REASONS, Counts
from consumer.core.instants import format_ms
from consumer.core.money import format_nano, format_thousandths
from consumer.core.reading import DENOMINATORS, Figures, PoolFigures, Reading, Row, WindowReading

_NUMBERS = ("calls", "answered", "abandoned", "transferred", "unrated", "contacts", "resolved", "sales", "leads")
_SECONDS = ("talk", "hold", "wrap", "wait", "ivr")


def reading_json(reading: Reading) -> dict[str, Any]:
    """The whole reading; money is decimal strings, what has no value is null. Without windows `as_of` is null too."""
    return {
        "as_of": format_ms(reading.as_of_ms) if reading.windows else None,
        "known_from": _or_null(reading.known_from_ms, format_ms),
        "currency": reading.currency,
        "time_zone": reading.time_zone,
        "rate_table": {"versions": list(reading.versions), "sha256": reading.table_sha256},
        "counts": counts_json(reading.counts),
        "late_cost": format_nano(reading.counts.late_cost_nano),
        "windows": [
            _row(reading, window, row) for window in reading.windows for row in window.rows
        ],
        "pools": [_pool(reading, window, pool) for window in reading.windows for pool in window.pools],
    }  # fmt: skip


def segment_json(dimensions: Sequence[str], row: Row) -> dict[str, str]:
    """What a row is of: all dimensions, the direction alone, or {} for the whole."""
    return dict(zip(dimensions, row.segment, strict=False))


def counts_json(counts: Counts) -> dict[str, Any]:
    """How many events became what."""
    return {
        "received": counts.received,
        "costed": counts.costed,
        "unrated": _by_reason(counts.unrated, UNRATED_REASONS),
        "rejected": _by_reason(counts.rejected, REASONS),
        "duplicates": counts.duplicates,
        "amended": counts.amended,
        "late": counts.late,
        "pending": counts.pending,
        "unknown_keys": counts.unknown_keys,
        "unconverted_prices": counts.unconverted_prices,
    }


def _by_reason(numbers: Mapping[str, int], reasons: Sequence[str]) -> dict[str, int]:
    return {reason: numbers[reason] for reason in reasons if numbers.get(reason)}


def _row(reading: Reading, window: WindowReading, row: Row) -> dict[str, Any]:
    figures = row.figures
    costs = {"direct": figures.direct_nano, "standard": figures.standard_nano, "absorbed": figures.absorbed_nano}
    return {
        "window": window.window,
        "from": format_ms(window.from_ms),
        "to": format_ms(window.to_ms),
        "whole": reading.is_whole(window),
        "segment": segment_json(reading.dimensions, row),
        **{name: getattr(figures, name) for name in _NUMBERS},
        **{f"{name}_s": format_thousandths(getattr(figures, f"{name}_ms")) for name in _SECONDS},
        "billed_s": str(figures.billed_s),
        **{f"{name}_cost": format_nano(cost) for name, cost in costs.items()},
        "abandoned_cost": format_nano(figures.abandoned_nano),
        "reported_price": format_nano(figures.reported_nano),
        "reported_calls": figures.reported_calls,
        "carrier_cost_of_reported": format_nano(figures.carrier_of_reported_nano),
        "standard_components": {name: format_nano(cost) for name, cost in figures.components_nano.items() if cost},
        "cost_per_call": {name: _or_null(figures.per_call(cost)) for name, cost in costs.items()},
        "standard_cost_per": _ratios(figures, figures.standard_nano),
        "absorbed_cost_per": _ratios(figures, figures.absorbed_nano),
        "p50": _or_null(figures.p50_nano),
        "p95": _or_null(figures.p95_nano),
        "p99": _or_null(figures.p99_nano),
    }


def _ratios(figures: Figures, cost_nano: int) -> dict[str, str | None]:
    return {name: _or_null(figures.per(name, cost_nano)) for name in DENOMINATORS}


def _pool(reading: Reading, window: WindowReading, pool: PoolFigures) -> dict[str, Any]:
    return {
        "window": window.window,
        "whole": reading.is_whole(window),
        "pool": pool.pool,
        "accrued": format_nano(pool.accrued_nano),
        "absorbed": _or_null(pool.absorbed_nano),
        "idle": _or_null(pool.idle_nano),
        "utilisation": _or_null(pool.utilisation_thousandths, format_thousandths),
    }


def _or_null(number: int | None, form: Callable[[int], str] = format_nano) -> str | None:
    return None if number is None else form(number)
