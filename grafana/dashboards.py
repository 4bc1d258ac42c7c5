"""All dashboards, as the files that Grafana reads.

Owns which there are, their names and their bytes: sorted keys, so that the same Python makes the same file.
"""

import json
from typing import Any

from grafana.cost import cost
from grafana.kafka import kafka
from grafana.oncall import oncall
from grafana.reporting import Reporting
from grafana.sdk import JSONEncoder
from grafana.wallboard import wallboard

MADE_BY = (wallboard, cost, oncall, kafka)


def dashboards(reporting: Reporting | None = None) -> dict[str, dict[str, Any]]:
    """By the name of its file, which is its uid: classic JSON, as it would be read from the file."""
    reporting = reporting or Reporting()
    built = (json.loads(json.dumps(make(reporting).build(), cls=JSONEncoder)) for make in MADE_BY)
    return {f"{dashboard['uid']}.json": _in_sight(dashboard) for dashboard in built}


def text(dashboard: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _in_sight(dashboard: dict[str, Any]) -> dict[str, Any]:
    """Links and annotations beside the time picker. The SDK puts them all into a menu, and that is its only choice."""
    for one in (*dashboard["links"], *dashboard["annotations"].get("list", ())):
        del one["placement"]
    return dashboard
