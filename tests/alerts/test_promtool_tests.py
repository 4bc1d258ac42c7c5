"""promtool runs deploy/prometheus/tests, and those leave no alert out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.rules.deployment import Deployment
from deploy.rules.files import rules
from tests.alerts.promql import PROMETHEUS, firing_rules, names_in, plain_rules, promtool

FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))
#: Always fires, so nothing keeps it quiet.
ALWAYS = {"Watchdog"}


@pytest.mark.promtool
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_as_written_down(file: Path) -> None:
    promtool("test", "rules", file)


def cases() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test with each of its looks at an alert."""
    for file in FILES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for look in test.get("alert_rule_test", []):
                yield test, look


def test_every_alert_is_seen_firing_with_all_that_it_says() -> None:
    fired = {look["alertname"] for _, look in cases() if look["exp_alerts"]}
    assert fired == set(firing_rules())
    for _, look in cases():
        for alert in look["exp_alerts"]:
            assert set(alert["exp_annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
            assert "?" not in alert["exp_annotations"]["description"].replace("/api/why?", ""), look  # a failed lookup
            assert "error" not in str(alert["exp_annotations"]).lower()  # of a template


def test_every_alert_is_seen_quiet_on_data_of_its_own() -> None:
    """Quiet without any series is no proof: the test gives series that the alert's expression comes from."""
    quiet = {
        look["alertname"]
        for test, look in cases()
        if not look["exp_alerts"] and sources(look["alertname"]) & {_metric(one) for one in test["input_series"]}
    }
    assert quiet == set(firing_rules()) - ALWAYS


def sources(alert: str) -> set[str]:
    """What an alert asks for, and what the rules that record it ask for."""
    records = {rule["record"]: rule["expr"] for rule in plain_rules() if "record" in rule}
    found, wanted = {"up"} if "up{" in firing_rules()[alert]["expr"] else set(), [firing_rules()[alert]["expr"]]
    while wanted:
        for name in names_in(wanted.pop()) - found:
            found.add(name)
            wanted += [records[name]] if name in records else []
    return found


def _metric(series: dict[str, str]) -> str:
    return series["series"].partition("{")[0]


def test_every_alert_that_fires_is_seen_to_end() -> None:
    ended = set()
    for file in FILES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            fired: set[str] = set()
            for look in sorted(test.get("alert_rule_test", []), key=lambda look: _seconds(look["eval_time"])):
                if look["exp_alerts"]:
                    fired.add(look["alertname"])
                elif look["alertname"] in fired:
                    ended.add(look["alertname"])
    assert ended == set(firing_rules()) - ALWAYS


def test_groups_are_evaluated_in_the_order_in_which_one_needs_the_other() -> None:
    """Without it promtool takes them in any order, and a test fails now and then."""
    order = [group["name"] for plain in rules(Deployment()).values() for group in plain["groups"]]
    for file in FILES:
        found = yaml.safe_load(file.read_text())
        if len(found["rule_files"]) > 1:
            assert found["group_eval_order"] == order, file


def _seconds(duration: str) -> int:
    """Of 7d10h30m."""
    units, number, total = {"d": 86_400, "h": 3_600, "m": 60}, "", 0
    for letter in duration:
        if letter.isdigit():
            number += letter
        else:
            total, number = total + int(number) * units[letter], ""
    return total
