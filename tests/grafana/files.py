"""The committed dashboards, as Grafana would read them."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "grafana" / "dashboards"
NAMES = ("callcost-cost", "callcost-kafka", "callcost-oncall", "callcost-wallboard")

each = pytest.mark.parametrize("uid", NAMES)


def dashboard(uid: str) -> dict[str, Any]:
    """One of them, to be changed at will."""
    read: dict[str, Any] = json.loads((FOLDER / f"{uid}.json").read_text(encoding="utf-8"))
    return read
