"""Queries: they are PromQL, they take series that are exported, and those that may be empty are known by name."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import ProcessCollector

from consumer.surface.metric_families import FAMILIES, Family
from grafana.panels import PANELS
from grafana.queries import EVERYTHING, MAY_BE_EMPTY, Query, queries, substituted
from grafana.reporting import Reporting
from tests.grafana.files import NAMES
from tests.grafana.selectors import selectors

#: What Prometheus itself adds to a scrape, and its rules; and what its client tells of the process.
BUILT_IN = {"up", "scrape_samples_scraped", "scrape_duration_seconds", "ALERTS"} | {
    sample.name for family in ProcessCollector(registry=None).collect() for sample in family.samples
}
ADDED_LABELS = {"job", "instance"}
LABELS_OF_ALERTS = {"alertname", "alertstate", "area", "severity", "about"}

REPORTINGS = (Reporting(), Reporting("chf", ("direction", "campaign")), Reporting("eur", ("direction",)))

each_reporting = pytest.mark.parametrize("reporting", REPORTINGS, ids=lambda one: "-".join(one.dimensions))


def exported(reporting: Reporting) -> dict[str, set[str]]:
    """Labels by the name of a sample."""
    return {
        name: {*family.labels_in(reporting.dimensions), *more}
        for family in FAMILIES
        for name, more in _samples(family, reporting.currency)
    }


def _samples(family: Family, currency: str) -> Iterator[tuple[str, set[str]]]:
    name = family.name_in(currency)
    if family.kind == "counter":
        yield f"{name}_total", set()
    elif family.kind == "histogram":
        yield from ((f"{name}_bucket", {"le"}), (f"{name}_sum", set()), (f"{name}_count", set()))
    else:
        yield name, set()


@each_reporting
def test_every_metric_is_exported_and_has_the_labels_that_are_asked_for(reporting: Reporting) -> None:
    known = exported(reporting)
    for query in queries(reporting):
        for selector in selectors(query.expr):
            labels = LABELS_OF_ALERTS if selector.metric == "ALERTS" else known.get(selector.metric, set())
            assert selector.metric in known.keys() | BUILT_IN, query
            assert selector.matchers.keys() <= labels | ADDED_LABELS, query


@each_reporting
@pytest.mark.promtool
def test_prometheus_takes_every_query(reporting: Reporting, tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query.expr} for number, query in enumerate(queries(reporting))]
    file = tmp_path / "rules.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    ran = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert f"SUCCESS: {len(rules)} rules found" in ran.stdout


@pytest.mark.promtool
def test_promtool_does_find_a_query_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(
        json.dumps({"groups": [{"name": "q", "rules": [{"record": "q", "expr": "sum(up"}]}]}), encoding="utf-8"
    )
    assert subprocess.run(["promtool", "check", "rules", file], capture_output=True, check=False).returncode != 0


def test_every_query_of_every_dashboard_is_there() -> None:
    found = list(queries())
    assert {query.dashboard for query in found} == set(NAMES)
    assert {query.kind for query in found} == {"panel", "variable", "annotation"}
    without = {"alert_list", *(name for name in PANELS if name.startswith("row_"))}
    assert {query.name for query in found if query.kind == "panel"} == PANELS.keys() - without


def test_no_variable_is_left() -> None:
    assert [query for query in queries() if "$" in query.expr] == []


def test_a_variable_without_a_value_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="campaign"):
        substituted('calls{campaign=~"$campaign"}', EVERYTHING)


def test_both_ways_of_writing_a_variable_are_known() -> None:
    assert substituted("${job:regex} ${window} $job", {"job": "a", "window": "1h"}) == "a 1h a"


def test_the_range_can_be_another_one() -> None:
    [shorter] = [query.expr for query in queries(values={"__rate_interval": "20s"}) if query.name == "processor"]
    assert "[20s]" in shorter
    assert "[1m]" not in shorter


def test_a_length_of_time_is_known_in_milliseconds_too() -> None:
    """As Grafana writes them: 1 × 60 000 + 15 × 1 000."""
    values = {"__rate_interval": "1m15s", "__range": "2h", "__interval": "500ms"}
    assert substituted("$__rate_interval_ms ${__range_ms} $__interval_ms", values) == "75000 7200000 500"
    assert substituted("$__rate_interval", values) == "1m15s"


def test_what_may_be_empty_is_there_and_says_why() -> None:
    asked = {query.name for query in queries()} | {(query.name, query.ref_id) for query in queries()}
    assert MAY_BE_EMPTY.keys() <= asked
    assert all(reason for reason in MAY_BE_EMPTY.values())


def test_money_comes_from_gauges_of_windows_and_budgets() -> None:
    """Counters of money begin anew with what was restored: only the histogram and changes of closed days are shown."""
    allowed = ("callcost_late_cost_", "callcost_closed_cost_", "callcost_call_cost_usd_bucket")
    counters = {
        selector.metric
        for query in queries()
        for selector in selectors(query.expr)
        if "_usd" in selector.metric and re.search(r"_(total|bucket|sum|count)$", selector.metric)
    }
    assert {name for name in counters if not name.startswith(allowed)} == set()


def test_what_all_workers_know_alike_is_never_added_up_over_them() -> None:
    """Of these the largest is taken over the instances of a job first: every selector stands directly in such a max.

    Sigmas of two jobs, and hours of their past, cannot be added up either: the larger one is taken.
    """
    alike = re.compile(
        r"callcost_(?:window_accrued|window_absorbed_cost|company|baseline|direction_baseline|moved|budget|share_timestamp)\w*"
    )
    for query in queries():
        if query.kind == "panel":
            for found in alike.finditer(query.expr):
                if not found[0].startswith("callcost_window_absorbed_at_standard"):
                    largest = re.search("sigma|samples", found[0])
                    first = r"max(?: by \(direction\) )?\($" if largest else r"max by \(job\b[^)]*\) \($"
                    assert re.search(first, query.expr[: found.start()]), query


def _sample() -> Query:
    return next(queries())


def test_a_query_says_where_it_is() -> None:
    first = _sample()
    assert (first.dashboard, first.kind, first.name, first.ref_id) == ("callcost-wallboard", "panel", "wall_cost", "A")
