"""A page for each alert, in one form, whose queries work; and links of alerts that lead somewhere."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.rules.deployment import Deployment
from tests.alerts.promql import ROOT, RUNBOOKS, check_expressions, exported, firing_rules, names_in, recorded

SECTIONS = ["Meaning", "Impact", "Look", "Do", "Silence"]
PAGES = sorted(RUNBOOKS.glob("*.md"))
#: What Prometheus and Alertmanager export, as far as pages ask for it.
OTHERS = {
    "up", "scrape_duration_seconds", "prometheus_rule_evaluation_failures_total",
    "prometheus_notifications_alertmanagers_discovered", "alertmanager_notifications_failed_total",
}  # fmt: skip

_QUERY = re.compile(r"```promql\n(.*?)\n```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)]+)\)")


def queries(page: Path) -> list[str]:
    return _QUERY.findall(page.read_text())


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert {page.stem for page in PAGES} == set(firing_rules())


def test_the_runbook_url_of_an_alert_is_its_page() -> None:
    base = Deployment().runbooks
    for name, rule in firing_rules().items():
        url = rule["annotations"]["runbook_url"]
        assert url == f"{base}/{name}.md"
        assert (ROOT / urlsplit(url).path.lstrip("/")).is_file()


def test_the_dashboard_url_of_an_alert_is_a_panel_and_its_variables_are_there() -> None:
    dashboards = {
        one["uid"]: one
        for one in map(json.loads, (path.read_text() for path in (ROOT / "grafana/dashboards").glob("*.json")))
    }
    for name, rule in firing_rules().items():
        url = urlsplit(re.sub(r"\{\{.*?\}\}", "x", rule["annotations"]["dashboard_url"]))
        dashboard = dashboards[url.path.removeprefix("/d/")]
        asked = parse_qs(url.query)
        panels = [*dashboard["panels"], *(inner for one in dashboard["panels"] for inner in one.get("panels", []))]
        assert int(asked.pop("viewPanel")[0]) in {panel["id"] for panel in panels}, name
        variables = {one["name"] for one in dashboard["templating"]["list"]}
        assert {variable.removeprefix("var-") for variable in asked} <= variables, name


def test_a_dashboard_url_takes_its_variables_from_labels_that_the_alert_has() -> None:
    for name, rule in firing_rules().items():
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        assert used <= _labels_of(rule["expr"]), name


def _labels_of(expr: str) -> set[str]:
    """What an expression keeps: by how it is summed, or by the level of what it starts from."""
    levels = re.findall(r"(?<![\w:])([a-z_]+):callcost_", expr)
    kept = set("_".join(levels).split("_")) | set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expr))))
    return kept | ({"direction", "queue", "site"} if "segment" in kept else set())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_have_one_form(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}\n\n## Meaning\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    parts = re.split(r"^## .*\n", text, flags=re.MULTILINE)[1:]
    assert all(part.strip() for part in parts)
    assert len(queries(page)) >= 2
    assert parts[SECTIONS.index("Do")].strip().startswith("- ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_pages_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        path, _, heading = link.partition("#")
        target = page.parent / path
        assert target.is_file(), link
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_ask_for_metrics_that_there_are(page: Path) -> None:
    known = exported() | recorded()
    for query in queries(page):
        assert names_in(query) <= known, query
        left = re.sub(r"\{[^}]*\}|\[[^\]]*\]|(?:by|on|group_left) \([^)]*\)|offset \w+", "", query)
        others = (
            set(re.findall(r"(?<![\w:])[a-z]+_[a-z_]+(?![\w:(])", left)) - names_in(query) - {"group_left", "sort_desc"}
        )
        assert others <= OTHERS, query


@pytest.mark.promtool
def test_queries_of_pages_can_be_asked(tmp_path: Path) -> None:
    check_expressions(
        {f"page:{page.stem}:query{number}": one for page in PAGES for number, one in enumerate(queries(page))}, tmp_path
    )
