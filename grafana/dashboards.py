"""All dashboards, as the files that Grafana reads.

Owns which there are, their names and their bytes: sorted keys, so that the same Python makes the same file.
"""

import json
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.cost import cost
from grafana.kafka import kafka
from grafana.oncall import oncall
from grafana.reporting import Reporting
from grafana.wallboard import wallboard

MADE_BY = (wallboard, cost, oncall, kafka)


def dashboards(reporting: Reporting | None = None) -> dict[str, dict[str, Any]]:
    """By the name of its file, which is its uid: classic JSON, as it would be read from the file."""
    reporting = reporting or Reporting()
    built = (make(reporting).build() for make in MADE_BY)
    return {f"{dashboard.uid}.json": json.loads(json.dumps(dashboard, cls=JSONEncoder)) for dashboard in built}


def text(dashboard: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
