"""Which metrics an expression or a template asks for, as far as they are ours."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from consumer.surface.metric_families import FAMILIES
from deploy.rules.deployment import Deployment
from deploy.rules.files import rules

ROOT = Path(__file__).parent.parent.parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
USUAL = Deployment()

#: callcost_calls_total, job_window:callcost_calls:sum
_NAME = re.compile(r"(?<![\w:/-])(?:[a-z_]+:)?callcost_[a-z0-9_]+(?::[a-z0-9]+)?")
_BEHIND = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def names_in(text: str) -> set[str]:
    """The metrics of callcost that a text names."""
    return set(_NAME.findall(text))


def exported(currency: str = "usd") -> set[str]:
    """The names that a worker exports."""
    return {f"{one.name_in(currency)}{end}" for one in FAMILIES for end in _BEHIND.get(one.kind, ("",))}


def plain_rules(to: Deployment = USUAL) -> list[dict[str, Any]]:
    """Every rule as Prometheus reads it."""
    return [rule for plain in rules(to).values() for group in plain["groups"] for rule in group["rules"]]


def recorded(to: Deployment = USUAL) -> set[str]:
    """The names that rules record."""
    return {rule["record"] for rule in plain_rules(to) if "record" in rule}


def firing_rules(to: Deployment = USUAL) -> dict[str, dict[str, Any]]:
    """Every alert by its name."""
    return {rule["alert"]: rule for rule in plain_rules(to) if "alert" in rule}


def promtool(*arguments: str | Path) -> None:
    """Run it; what it says is the failure."""
    ran = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def check_expressions(found: dict[str, str], folder: Path) -> None:
    """Have promtool parse expressions, by a name for each."""
    made = [{"record": name, "expr": expr} for name, expr in found.items()]
    path = folder / "expressions.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": made}]}))
    promtool("check", "rules", path)
