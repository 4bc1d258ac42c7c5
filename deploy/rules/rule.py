"""A rule of Prometheus: a recorded expression or an alert, and groups of them.

Owns the shape of rules and which fields they have. Knows no metric.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from deploy.rules.deployment import Deployment

Severity = Literal["critical", "warning", "info", "none"]
Area = Literal["cost", "budget", "quality", "flow", "process", "watchdog"]

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that is worked out once, named level:metric:operation."""

    record: str
    expr: str

    def as_plain(self, _: Deployment) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {"record": self.record, "expr": tidy(self.expr)}


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that somebody should know of, and what they are told.

    Alerts with the same `about` tell of the same thing: of these a critical one silences a warning.
    """

    name: str
    severity: Severity
    area: Area
    about: str
    expr: str
    summary: str
    description: str
    panel: str
    lasting: str = "0s"
    keep: str = "0s"
    variables: tuple[str, ...] = ("job",)  # of the dashboard, taken from labels

    def as_plain(self, to: Deployment) -> dict[str, Any]:
        """As Prometheus reads it."""
        plain: dict[str, Any] = {"alert": self.name, "expr": tidy(self.expr)}
        if self.lasting != "0s":
            plain["for"] = self.lasting
        if self.keep != "0s":
            plain["keep_firing_for"] = self.keep
        plain["labels"] = {"severity": self.severity, "area": self.area, "about": self.about}
        plain["annotations"] = {
            "summary": one_line(self.summary),
            "description": one_line(self.description),
            "runbook_url": to.runbook_url(self.name),
            "dashboard_url": to.dashboard_url(self.panel, self.variables),
        }
        return plain


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, at one instant."""

    name: str
    rules: tuple[Recording | Alert, ...]

    def as_plain(self, to: Deployment) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {"name": self.name, "rules": [rule.as_plain(to) for rule in self.rules]}


def tidy(expr: str) -> str:
    """An expression without the indentation that it has in Python."""
    return textwrap.dedent(expr).strip()


def one_line(text: str) -> str:
    """A text without the line breaks that it has in Python: templates, pagers and chats make their own."""
    return " ".join(text.split())


def shortened(rules: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """The same rules with every `for` and `keep_firing_for` divided by a factor, for a test that cannot wait hours.

    Nothing becomes 0: a condition still has to hold for a second.
    """
    return {
        "groups": [{**group, "rules": [_shorter(rule, factor) for rule in group["rules"]]} for group in rules["groups"]]
    }


def _shorter(rule: Mapping[str, Any], factor: float) -> dict[str, Any]:
    times = {name: rule[name] for name in ("for", "keep_firing_for") if name in rule}
    return {**rule, **{name: f"{max(1, round(seconds(time) / factor))}s" for name, time in times.items()}}


def seconds(duration: str) -> int:
    """Of a duration as Prometheus writes it, in one unit."""
    return int(duration[:-1]) * SECONDS[duration[-1]]
