"""Every query of every dashboard, as Prometheus can run it: with all chosen that can be chosen.

For tests against a Prometheus that scrapes a real worker:

    for query in queries(Reporting()):
        found = ask(query.expr)          # api/v1/query, or api/v1/series for the selector of a variable
        assert found or query.may_be_empty, query

Owns the values of Grafana's variables, and which queries may find nothing, each with the reason. Another range than the
default, such as one that fits a short scrape interval, is `queries(reporting, {"__rate_interval": "30s"})`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from grafana.dashboards import dashboards
from grafana.panels import KAFKA, PANELS, Place
from grafana.reporting import Reporting

#: Values of variables with which queries find whatever there is.
EVERYTHING = {
    "job": ".+",
    "instance": ".+",
    "window": "1h",
    "__rate_interval": "1m",
    "__interval": "15s",
    "__range": "1h",
}

#: Why panels, or single queries of them (name and refId), may find nothing although all is well.
MAY_BE_EMPTY = {
    "alerts": "no alert fires: that is what is hoped for",
    "lag_bytes": "only where [source] follows a file",
    "source_gap": "only where a file is followed, and on Kafka",
    "webhooks": "only after something was posted since the start",
    "rebalances": "only on Kafka",
    "cost_per_sale": "only where there was an outbound sale in the window",
    "cost_per_lead": "only where there was an outbound lead in the window",
    ("lag", "B"): "only on Kafka",
    ("checkpoints", "A"): "only after the first checkpoint",
    ("checkpoint_duration", "A"): "only after the first checkpoint",
}

#: Dashboards of a home that a worker may not have: all their panels.
OF_A_HOME = {KAFKA: "a worker on a single machine has no partitions"}

_NAME_OF = {place: name for name, place in PANELS.items()}
_LENGTH_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LENGTH = re.compile(r"(\d+)(ms|[smhd])")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
_LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?(\w+)\)")


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and where it is: a panel, a variable or an annotation."""

    dashboard: str  # uid
    kind: Literal["panel", "variable", "annotation"]
    name: str  # of PANELS, of the variable, of the annotation
    ref_id: str
    expr: str
    label: str | None = None  # whose values a variable offers
    may_be_empty: str | None = None  # the reason


def queries(reporting: Reporting | None = None, values: Mapping[str, str] | None = None) -> Iterator[Query]:
    """All of them; variables that are not in `values` match everything."""
    reporting = reporting or Reporting()
    known = EVERYTHING | dict.fromkeys(reporting.dimensions, ".*") | dict(values or {})
    for dashboard in dashboards(reporting).values():
        uid = dashboard["uid"]
        for panel in panels_of(dashboard):
            name = _NAME_OF[Place(uid, panel["id"])]
            for target in panel.get("targets", ()):
                ref_id, expr = target["refId"], substituted(target["expr"], known)
                yield Query(uid, "panel", name, ref_id, expr, may_be_empty=_reason(uid, name, ref_id))
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = _label_values(variable["query"])
                yield Query(uid, "variable", variable["name"], "", substituted(selector, known), label)
        for annotation in dashboard["annotations"].get("list", ()):
            expr = substituted(annotation["target"]["expr"], known)
            yield Query(uid, "annotation", annotation["name"], annotation["target"]["refId"], expr)


def panels_of(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Also those in rows that are folded."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels") or ()


def substituted(expr: str, values: Mapping[str, str]) -> str:
    """With Grafana's variables replaced; one without a value is a KeyError."""
    return _VARIABLE.sub(lambda found: _value(found[1] or found[2], values), expr)


def _value(name: str, values: Mapping[str, str]) -> str:
    """Of each length of time Grafana knows the milliseconds as well: `$__rate_interval`, `$__rate_interval_ms`."""
    if name.startswith("__") and name.endswith("_ms"):
        parts = _LENGTH.findall(values[name.removesuffix("_ms")])
        return str(sum(int(number) * _LENGTH_MS[unit] for number, unit in parts))
    return values[name]


def _label_values(query: str) -> tuple[str, str]:
    found = _LABEL_VALUES.fullmatch(query)
    if found is None or found[1] is None:
        raise ValueError(f"a variable asks for label_values of a metric, not {query!r}")
    return found[1], found[2]


def _reason(uid: str, name: str, ref_id: str) -> str | None:
    return OF_A_HOME.get(uid) or MAY_BE_EMPTY.get(name) or MAY_BE_EMPTY.get((name, ref_id))


def main() -> None:
    """Print them: where each is, tab, the query."""
    for query in queries():
        print(f"{query.dashboard}/{query.name}{query.ref_id and '/' + query.ref_id}\t{query.expr}")


if __name__ == "__main__":
    main()
