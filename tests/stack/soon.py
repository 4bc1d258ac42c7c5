"""The rules as they are, but for how long things take: a test has seconds, where a floor has an hour.

Looks back are shortened to two seconds, and so is how long an alert waits and is kept. promtool proves the real
timings (deploy/prometheus/tests).
"""

import re
from pathlib import Path
from typing import Any

from deploy.rules.deployment import Deployment
from deploy.rules.files import rules, text_of

_LOOK_BACK = re.compile(r"\[\d+[mhd]\] offset \d+[mhd]")
_RANGE = re.compile(r"\[\d+[mhd]\]")


def write_soon(to: Deployment, directory: Path) -> list[Path]:
    """Both rule files; where they are."""
    directory.mkdir(parents=True)
    written = []
    for name, plain in rules(to).items():
        for group in plain["groups"]:
            group["rules"] = list(map(_soon, group["rules"]))
        written.append(directory / name)
        written[-1].write_text(text_of(plain))
    return written


def _soon(rule: dict[str, Any]) -> dict[str, Any]:
    expr = _RANGE.sub("[5s]", _LOOK_BACK.sub("[2s] offset 2s", rule["expr"]))
    waits = {name: "1s" for name in ("for", "keep_firing_for") if name in rule}
    return {**rule, "expr": expr, **waits}
