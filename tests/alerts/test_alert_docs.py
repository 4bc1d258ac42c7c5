"""docs/alerts.md says what the rules and the routes say."""

import re
from pathlib import Path

from deploy.rules.deployment import Deployment
from deploy.rules.files import alerts
from tests.alerts.promql import ROOT, exported, names_in, recorded

PAGE = ROOT / "docs" / "alerts.md"
_ROW = re.compile(r"^\| \[(\w+)\]\((\S+)\) \| (\w+) \| ([\w ]+) \| (.+) \|$", re.MULTILINE)


def test_the_table_has_every_alert_in_the_order_of_the_file() -> None:
    rows = _ROW.findall(PAGE.read_text())
    shown = [(name, severity, "0s" if lasting == "at once" else lasting) for name, _, severity, lasting, _ in rows]
    assert shown == [(one.name, one.severity, one.lasting) for one in alerts(Deployment())]
    assert all((PAGE.parent / link).is_file() for _, link, *_ in rows)


def test_numbers_of_the_table_are_those_of_the_rules() -> None:
    """A threshold that is changed in a rule alone is found: the numbers of the row stand in the expression."""
    by_name = {one.name: one for one in alerts(Deployment())}
    for name, _, _, _, when in _ROW.findall(PAGE.read_text()):
        given = re.findall(r"(\d+(?: 000)?(?:\.\d+)?)(?:×| %|h\b|d\b| minutes| hours| MB| days)?", when)
        expr = re.sub(r"\s+", "", by_name[name].expr)
        for number in given:
            assert (
                _as_written(number.replace(" ", ""), when) & set(re.findall(r"\d+(?:\.\d+)?", expr)) or name in _BAND
            ), (
                name,
                number,
            )


#: The band is recorded, and the rule for it tested by promtool.
_BAND = {"CallcostCostPerCallSpike"}


def _as_written(number: str, when: str) -> set[str]:
    """The same number in the unit of an expression."""
    value = float(number)
    scales = {" %": 0.01, " MB": 1e6, " hours": 3_600, " minutes": 60}
    found = {number}
    for unit, scale in scales.items():
        if f"{number}{unit}" in when:
            found |= {f"{value * scale:g}", str(int(value * scale))}
    return found


def test_names_on_the_page_are_exported_or_recorded() -> None:
    text = PAGE.read_text()
    known = exported() | recorded()
    unknown = {name for name in names_in(text) - known if not name.endswith("_") and not name.startswith("callcost_")}
    assert not unknown
    for level, name in re.findall(r"`(job\w*):(callcost_\w+:\w+)`", text):
        assert f"{level}:{name}" in known


def test_links_of_the_page_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE.read_text()):
        assert Path(PAGE.parent / link).is_file(), link
