"""The rule files: which there are, and how they are written.

Owns YAML. The same parameters give the same bytes, so that a difference in a review is a difference of a rule.
"""

from pathlib import Path
from typing import Any

import yaml

from deploy.rules.alerts import alert_groups
from deploy.rules.deployment import Deployment
from deploy.rules.recording import recording_groups
from deploy.rules.rule import Alert

DIRECTORY = Path(__file__).parent.parent / "prometheus" / "rules"
RECORDING, ALERTS = "callcost-recording.yml", "callcost-alerts.yml"

_HEAD = "# Made by `python -m deploy.rules`: change deploy/rules and run it again.\n"


def rules(to: Deployment) -> dict[str, dict[str, Any]]:
    """What Prometheus is to read, by the name of the file."""
    return {
        RECORDING: {"groups": [group.as_plain(to) for group in recording_groups(to)]},
        ALERTS: {"groups": [group.as_plain(to) for group in alert_groups(to)]},
    }


def alerts(to: Deployment) -> list[Alert]:
    """Every alert, in the order of the file."""
    return [rule for group in alert_groups(to) for rule in group.rules if isinstance(rule, Alert)]


def text_of(plain: Any) -> str:
    """A rule file."""
    return _HEAD + yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)


def write(to: Deployment, directory: Path = DIRECTORY) -> list[Path]:
    """Both files; where they are."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, plain in rules(to).items():
        path = directory / name
        path.write_text(text_of(plain), encoding="utf-8")
        written.append(path)
    return written


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines as they are; lists indented below what they belong to."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
