"""A reading as CSV: the rows of its windows, with the columns of the JSON.

Owns the flattening and the fixed set of columns: every component and every dimension has one, also where no row of this
reading has a value in it. Pools and counts are in the JSON alone.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

from consumer.core.costing import COMPONENTS
from consumer.core.reading import Reading
from consumer.surface.report_json import reading_json


def reading_csv(reading: Reading) -> str:
    """A header, then a row a window and segment. A dimension that a row is not of, and what has no value, is empty.

    Nothing at all without windows.
    """
    rows = [_flat(_filled(row, reading.dimensions)) for row in reading_json(reading)["windows"]]
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _filled(row: dict[str, Any], dimensions: Sequence[str]) -> dict[str, Any]:
    segment = dict.fromkeys(dimensions, "") | row["segment"]
    components = dict.fromkeys(COMPONENTS, "0") | row["standard_components"]
    return row | {"segment": segment, "standard_components": components}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The names of an inner value behind that of the outer one: cost_per_call_direct. Yes and no as in JSON."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{inner}": part for inner, part in value.items()}
        elif isinstance(value, bool):
            flat[name] = str(value).lower()
        else:
            flat[name] = value
    return flat
