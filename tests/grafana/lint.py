"""The 17 rules of grafana/dashboard-linter, written again, each as what it finds wrong with a dashboard.

Owns the rules and the exceptions from them. The linter asks some of certain kinds of panels only; here they hold for
all kinds. Its two rules on LogQL are one thing here: nothing asks Loki.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from grafana.panels import PANELS
from grafana.queries import panels_of
from grafana.reporting import UNITS
from tests.grafana.selectors import Selector, selectors

Dashboard = dict[str, Any]
Rule = Callable[[Dashboard], Iterator[tuple[str, str]]]  # the name of a panel or variable, and what is wrong

SOURCES = ("$datasource", "${datasource}")
_NAMES = {place: name for name, place in PANELS.items()}

_ALERTS = "alerts are of sums over workers, so they have neither job nor instance"
_A_LIST = "a list of alerts asks Grafana's ruler and not a query, and shows no value"
_MOVES = "a partition takes its counts along, so workers are added up before anything is compared: promql.came_in"

#: (rule, panel): why it need not keep to the rule.
EXCEPTIONS = {
    ("target-job-rule", "alerts"): _ALERTS,
    ("target-instance-rule", "alerts"): _ALERTS,
    ("panel-units-rule", "alert_list"): _A_LIST,
    ("panel-no-targets-rule", "alert_list"): _A_LIST,
    ("target-counter-agg-rule", "received"): _MOVES,
    ("target-counter-agg-rule", "unrated"): _MOVES,
    ("target-counter-agg-rule", "rejects"): _MOVES,
    ("target-counter-agg-rule", "late"): _MOVES,
    ("target-counter-agg-rule", "corrections"): _MOVES,
    ("target-counter-agg-rule", "cardinality"): _MOVES,
}


def _panels(dashboard: Dashboard) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels_of(dashboard):
        if panel["type"] != "row":
            yield _NAMES.get((dashboard["uid"], panel["id"]), str(panel["id"])), panel


def _targets(dashboard: Dashboard) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, panel in _panels(dashboard):
        for target in panel.get("targets", ()):
            yield name, target


def _selectors(dashboard: Dashboard) -> Iterator[tuple[str, Selector]]:
    for name, target in _targets(dashboard):
        for selector in selectors(target["expr"]):
            yield name, selector


def _variables(dashboard: Dashboard, kind: str) -> list[dict[str, Any]]:
    return [variable for variable in dashboard["templating"]["list"] if variable["type"] == kind]


def _template_datasource(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    found = [(one["name"], one["label"], one["query"]) for one in _variables(dashboard, "datasource")]
    if found != [("datasource", "Data source", "prometheus")]:
        yield "datasource", f"data sources are {found}"


def _template(label: str) -> Rule:
    def rule(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
        [variable] = [one for one in dashboard["templating"]["list"] if one["name"] == label] or [{}]
        wanted = {"type": "query", "label": label.capitalize(), "multi": True, "allValue": ".+", "includeAll": True}
        wrong = {key: variable.get(key) for key, value in wanted.items() if variable.get(key) != value}
        if wrong:
            yield label, f"is {wrong}, not {wanted}"
        if variable.get("datasource", {}).get("uid") not in SOURCES:
            yield label, "does not ask the chosen data source"

    return rule


def _template_label_promql(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for variable in _variables(dashboard, "query"):
        found = re.fullmatch(r"label_values\((.+), *(\w+)\)", variable["query"])
        if found is None or len(list(selectors(found[1]))) != 1:
            yield variable["name"], f"asks {variable['query']}"


def _template_reload(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for variable in _variables(dashboard, "query"):
        if variable.get("refresh") != 2:
            yield variable["name"], "is not asked again when the time changes"


def _panel_datasource(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, panel in _panels(dashboard):
        sources = [panel.get("datasource"), *(target.get("datasource") for target in panel.get("targets", ()))]
        for source in sources:
            if (source or {}).get("uid") not in SOURCES:
                yield name, f"asks {source}"


def _panel_title_description(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, panel in _panels(dashboard):
        if not panel.get("title") or not panel.get("description"):
            yield name, "has no title or no description"


def _panel_units(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, panel in _panels(dashboard):
        config = panel.get("fieldConfig", {})
        used = [config.get("defaults", {}).get("unit", "")]
        for override in config.get("overrides", ()):
            used += [one["value"] for one in override["properties"] if one["id"] == "unit"]
        for unit in used:
            if unit not in UNITS and not re.fullmatch(r"currency:[A-Z]{3} ", unit):
                yield name, f"has the unit {unit!r}"


def _panel_no_targets(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, panel in _panels(dashboard):
        if not panel.get("targets"):
            yield name, "has no query"


def _nothing_asks_loki(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, target in _targets(dashboard):
        if target["datasource"].get("type") != "prometheus":
            yield name, "does not ask Prometheus"


def _target_promql(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """That it is valid is for promtool to say, in test_queries: here, that there is a query with a series in it."""
    for name, target in _targets(dashboard):
        if not list(selectors(target["expr"])):
            yield name, f"asks {target['expr']!r}"


def _target_rate_interval(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, selector in _selectors(dashboard):
        if selector.function in ("rate", "irate") and selector.range != "$__rate_interval":
            yield name, f"takes the rate of {selector.metric} over {selector.range}"


def _target_matcher(label: str) -> Rule:
    def rule(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
        for name, selector in _selectors(dashboard):
            if selector.matchers.get(label) != ("=~", f"${label}"):
                yield name, f"takes {selector.metric} of any {label}"

    return rule


def _target_counter_agg(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for name, selector in _selectors(dashboard):
        if selector.metric.endswith("_total") and selector.function not in ("rate", "irate", "increase"):
            yield name, f"takes the counter {selector.metric} as it stands"


def _uneditable(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    if dashboard.get("editable") is not False:
        yield dashboard["uid"], "can be edited"


RULES: dict[str, Rule] = {
    "template-datasource-rule": _template_datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": _template_label_promql,
    "template-on-time-change-reload-rule": _template_reload,
    "panel-datasource-rule": _panel_datasource,
    "panel-title-description-rule": _panel_title_description,
    "panel-units-rule": _panel_units,
    "panel-no-targets-rule": _panel_no_targets,
    "target-logql-rule": _nothing_asks_loki,
    "target-logql-auto-rule": _nothing_asks_loki,
    "target-promql-rule": _target_promql,
    "target-rate-interval-rule": _target_rate_interval,
    "target-job-rule": _target_matcher("job"),
    "target-instance-rule": _target_matcher("instance"),
    "target-counter-agg-rule": _target_counter_agg,
    "uneditable-dashboard": _uneditable,
}
