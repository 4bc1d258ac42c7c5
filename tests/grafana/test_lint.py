"""Dashboards keep to the rules of grafana/dashboard-linter; and each rule finds what it is there to find."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.grafana.files import NAMES, dashboard, each
from tests.grafana.lint import EXCEPTIONS, RULES

Change = Callable[[dict[str, Any]], object]


def test_there_are_seventeen_rules() -> None:
    assert len(RULES) == 17


@each
@pytest.mark.parametrize("rule", RULES)
def test_dashboards_keep_to_the_rule(rule: str, uid: str) -> None:
    wrong = [(name, what) for name, what in RULES[rule](dashboard(uid)) if (rule, name) not in EXCEPTIONS]
    assert wrong == []


def test_every_exception_is_needed() -> None:
    needed = {(rule, name) for rule, find in RULES.items() for uid in NAMES for name, _ in find(dashboard(uid))}
    assert set(EXCEPTIONS) == needed


def _variable(of: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [variable for variable in of["templating"]["list"] if variable["name"] == name]
    return found  # type: ignore[no-any-return]


def _target(of: dict[str, Any]) -> dict[str, Any]:
    return of["panels"][0]["targets"][0]  # type: ignore[no-any-return]


def _asks(expr: str) -> Change:
    return lambda of: _target(of).update(expr=expr)


_MATCHERS = 'job=~"$job", instance=~"$instance"'

BROKEN: dict[str, tuple[Change, ...]] = {
    "template-datasource-rule": (
        lambda of: _variable(of, "datasource").update(name="prometheus"),
        lambda of: _variable(of, "datasource").update(query="loki"),
        lambda of: of["templating"].update(list=[]),
    ),
    "template-job-rule": (
        lambda of: _variable(of, "job").update(name="jobs"),
        lambda of: _variable(of, "job").update(multi=False),
        lambda of: _variable(of, "job")["datasource"].update(uid="abc"),
    ),
    "template-instance-rule": (lambda of: _variable(of, "instance").update(allValue=".*"),),
    "template-label-promql-rule": (
        lambda of: _variable(of, "job").update(query="label_values(job)"),
        lambda of: _variable(of, "job").update(query="values(up, job)"),
    ),
    "template-on-time-change-reload-rule": (lambda of: _variable(of, "job").update(refresh=1),),
    "panel-datasource-rule": (
        lambda of: of["panels"][0]["datasource"].update(uid="abc"),
        lambda of: _target(of)["datasource"].update(uid="abc"),
        lambda of: of["panels"][0].pop("datasource"),
    ),
    "panel-title-description-rule": (
        lambda of: of["panels"][0].update(title=""),
        lambda of: of["panels"][0].pop("description"),
    ),
    "panel-units-rule": (
        lambda of: of["panels"][0]["fieldConfig"]["defaults"].update(unit="dollars"),
        lambda of: of["panels"][0]["fieldConfig"]["defaults"].pop("unit"),
    ),
    "panel-no-targets-rule": (lambda of: of["panels"][0].update(targets=[]),),
    "target-logql-rule": (lambda of: _target(of)["datasource"].update(type="loki"),),
    "target-logql-auto-rule": (lambda of: _target(of)["datasource"].update(type="loki"),),
    "target-promql-rule": (_asks(""), _asks("1 + 1")),
    "target-rate-interval-rule": (_asks(f"rate(callcost_calls_total{{{_MATCHERS}}}[5m])"),),
    "target-job-rule": (_asks('up{instance=~"$instance"}'), _asks('up{job="callcost"}'), _asks("up")),
    "target-instance-rule": (_asks('up{job=~"$job"}'),),
    "target-counter-agg-rule": (
        _asks(f"sum(callcost_calls_total{{{_MATCHERS}}})"),
        _asks(f"max_over_time(callcost_calls_total{{{_MATCHERS}}}[1h])"),
    ),
    "uneditable-dashboard": (lambda of: of.update(editable=True), lambda of: of.pop("editable")),
}


@pytest.mark.parametrize(("rule", "change"), [(rule, change) for rule in RULES for change in BROKEN[rule]])
def test_a_rule_finds_what_it_is_there_for(rule: str, change: Change) -> None:
    broken = dashboard("callcost-wallboard")
    change(broken)
    assert list(RULES[rule](broken))
