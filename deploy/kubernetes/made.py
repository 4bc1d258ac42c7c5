"""Manifests that are made from other files: rules for the Prometheus Operator, the rate table for a volume.

Owns what they look like. Where the files are is `__main__`'s business.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_NOTE = "# Made by `python -m deploy.kubernetes` from {source}: change those and run it again.\n"
_LABELS = {"app.kubernetes.io/name": "callcost", "app.kubernetes.io/part-of": "callcost"}

#: What may stand in the key of a ConfigMap is not what may stand in a path: decks get their folder back in the volume.
DECKS = "decks"

#: The API server takes no more in the values of a ConfigMap: MaxSecretSize in kubernetes/pkg/apis/core/types.go.
MOST_BYTES = 1 << 20


class RatesTooLarge(Exception):
    """A rate table that no ConfigMap holds. The message says where to put it instead."""


def prometheus_rules(rules: Mapping[str, str]) -> str:
    """A PrometheusRule for each file of rules, by its name without suffix; groups as they stand."""
    made = [_prometheus_rule(name, yaml.safe_load(text)) for name, text in sorted(rules.items())]
    return _NOTE.format(source="deploy/prometheus/rules") + str(yaml.dump_all(made, **_AS_WRITTEN))


def _prometheus_rule(name: str, written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": dict(_LABELS)},
        "spec": {"groups": written["groups"]},
    }


def rates_config_map(folder: Path) -> str:
    """A ConfigMap with rates.toml and its decks, byte by byte. Raises RatesTooLarge."""
    files = [folder / "rates.toml", *sorted((folder / DECKS).glob("*.csv"))]
    _need_room(folder, sum(path.stat().st_size for path in files))
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "callcost-rates", "labels": dict(_LABELS)},
        "data": {path.name: path.read_text(encoding="utf-8") for path in files},
    }
    return _NOTE.format(source="deploy/sample") + str(yaml.dump(made, **_AS_WRITTEN))


def _need_room(folder: Path, size_bytes: int) -> None:
    if size_bytes > MOST_BYTES:
        raise RatesTooLarge(
            f"{folder}: rates.toml and its decks have {size_bytes:,} bytes, a ConfigMap takes at most {MOST_BYTES:,}. "
            "On Kafka publish the table (callcost rates publish, [kafka] rates); else mount a volume that has it: "
            "docs/deployment.md, Large decks"
        )


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that they can be read and compared; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    written: yaml.ScalarNode = dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )
    return written


_Dumper.add_representer(str, _text)
_AS_WRITTEN: Any = {"Dumper": _Dumper, "sort_keys": False, "allow_unicode": True, "width": 4096}
