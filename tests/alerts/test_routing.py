"""Who is told of what, as amtool works it out, and what keeps one alert quiet because of another."""

import math
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.rules.deployment import Deployment
from deploy.rules.files import alerts
from deploy.rules.rule import seconds
from tests.alerts.promql import ROOT

CONFIG = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RECEIVERS = {"critical": "pager-and-chat", "warning": "chat", "info": "digest", "none": "dead-man"}


def configuration() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    return found


def amtool(*arguments: str) -> str:
    ran = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.amtool
def test_the_configuration_and_its_templates_are_valid() -> None:
    assert "1 templates" in amtool("check-config", str(CONFIG))


@pytest.mark.amtool
@pytest.mark.parametrize("alert", alerts(Deployment()), ids=lambda alert: alert.name)
def test_every_alert_goes_to_whom_its_severity_says(alert: Any) -> None:
    amtool(
        "config", "routes", "test", f"--config.file={CONFIG}", f"--verify.receivers={RECEIVERS[alert.severity]}",
        f"alertname={alert.name}", f"severity={alert.severity}", f"area={alert.area}", "job=callcost",
    )  # fmt: skip


@pytest.mark.amtool
def test_what_no_route_knows_is_shown_all_the_same() -> None:
    amtool("config", "routes", "test", f"--config.file={CONFIG}", "--verify.receivers=chat", "alertname=Other")


def test_only_what_can_wait_waits_for_working_hours() -> None:
    waiting = {
        route["receiver"]: route["active_time_intervals"]
        for route in configuration()["route"]["routes"]
        if "active_time_intervals" in route
    }
    assert waiting == {"chat": ["working-hours"], "digest": ["working-hours"]}


def test_the_dead_man_hears_every_minute() -> None:
    """Alertmanager looks at a group every group_interval, and tells again where repeat_interval has passed since it
    noted that it told, a moment after it did. 20 s and 50 s: after 40 s it is too early, after 60 s it is not.
    """
    (route,) = (one for one in configuration()["route"]["routes"] if one["receiver"] == "dead-man")
    looks_s, least_s, moment_s = seconds(route["group_interval"]), seconds(route["repeat_interval"]), 1
    assert looks_s * math.ceil((least_s + moment_s) / looks_s) == 60


def test_no_secret_stands_in_the_configuration() -> None:
    text = CONFIG.read_text()
    given = re.findall(r"(?:routing_key|service_key|api_url|credentials|password|bearer_token|token): *(\S+)", text)
    assert not given
    assert set(re.findall(r"\w+_file: (\S+)", text)) == {
        "secrets/dead-man-token",
        "secrets/pager-key",
        "secrets/chat-url",
    }


def inhibited(target: dict[str, str], source: dict[str, str]) -> bool:
    """Whether Alertmanager keeps one alert quiet while the other fires."""
    return any(
        _matches(rule["target_matchers"], target)
        and _matches(rule["source_matchers"], source)
        and all(target.get(label, "") == source.get(label, "") for label in rule["equal"])
        for rule in configuration()["inhibit_rules"]
    )


def _matches(matchers: list[str], labels: dict[str, str]) -> bool:
    for matcher in matchers:
        found = re.fullmatch(r'(\w+)(=~|!~|!=|=)"(.*)"', matcher)
        assert found, matcher
        name, how, value = found.groups()
        value_is = re.fullmatch(value, labels.get(name, "")) if "~" in how else labels.get(name, "") == value
        if bool(value_is) == how.startswith("!"):
            return False
    return True


def labels_of(name: str, **others: str) -> dict[str, str]:
    alert = next(one for one in alerts(Deployment()) if one.name == name)
    fixed = {"alertname": name, "severity": alert.severity, "area": alert.area, "about": alert.about}
    return {**fixed, "job": "callcost", **others}


@pytest.mark.parametrize("alert", alerts(Deployment()), ids=lambda alert: alert.name)
def test_without_a_worker_nothing_else_is_told_but_that_alerting_works(alert: Any) -> None:
    is_quiet = inhibited(labels_of(alert.name), labels_of("CallcostDown"))
    assert is_quiet == (alert.name not in ("CallcostDown", "Watchdog"))
    assert not inhibited({**labels_of(alert.name), "job": "other"}, labels_of("CallcostDown"))


@pytest.mark.parametrize("alert", alerts(Deployment()), ids=lambda alert: alert.name)
def test_before_a_worker_is_ready_its_figures_are_not_told_of(alert: Any) -> None:
    is_of_figures = alert.area in ("cost", "budget", "quality", "flow")
    assert inhibited(labels_of(alert.name), labels_of("CallcostNotReady", instance="a")) == is_of_figures


def test_a_page_keeps_the_warning_of_the_same_thing_quiet_and_no_other() -> None:
    spike = labels_of("CallcostCostPerCallSpike", direction="inbound")
    segment = labels_of("CallcostSegmentCostPerCallHigh", direction="inbound", queue="support", site="ath")
    assert inhibited(segment, spike)
    assert not inhibited({**segment, "direction": "outbound"}, spike)
    assert not inhibited(labels_of("CallcostCostPerCallDrop", direction="inbound"), spike)
    assert inhibited(labels_of("CallcostUnratedCalls"), labels_of("CallcostUnratedShareHigh"))
    assert inhibited(labels_of("CallcostRejects"), labels_of("CallcostRejectsMany"))
    assert not inhibited(labels_of("CallcostRejects"), labels_of("CallcostUnratedShareHigh"))


def test_of_several_paces_of_one_budget_the_fastest_is_told() -> None:
    fast = labels_of("CallcostBudgetBurnFast", budget="centre")
    high, steady = (labels_of(f"CallcostBudgetBurn{name}", budget="centre") for name in ("High", "Steady"))
    assert inhibited(high, fast)
    assert inhibited(steady, high)
    assert not inhibited(fast, high)
    assert not inhibited({**high, "budget": "sales"}, fast)


def test_no_alert_keeps_itself_quiet() -> None:
    for alert in alerts(Deployment()):
        assert not inhibited(labels_of(alert.name), labels_of(alert.name)), alert.name


def test_templates_are_where_the_configuration_says() -> None:
    (pattern,) = configuration()["templates"]
    assert list(Path(CONFIG.parent).glob(pattern))
