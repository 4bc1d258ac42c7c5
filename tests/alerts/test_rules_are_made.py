"""The rule files come from deploy/rules, for any currency and any dimensions."""

import re
from pathlib import Path

import pytest

from deploy.rules.deployment import Deployment
from deploy.rules.files import ALERTS, DIRECTORY, rules, text_of, write
from deploy.rules.rule import seconds, shortened
from tests.alerts.promql import PROMETHEUS, exported, firing_rules, names_in, plain_rules, promtool, recorded

OTHER = Deployment(
    currency="EUR", dimensions=("direction", "team"), job="centre", runbooks="https://wiki/rb/", grafana="https://g"
)


def test_the_files_are_what_the_rules_say() -> None:
    """Otherwise: python -m deploy.rules"""
    for name, plain in rules(Deployment()).items():
        assert (DIRECTORY / name).read_text() == text_of(plain)


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in write(OTHER, tmp_path / "one")}
    assert first == {path.name: path.read_bytes() for path in write(OTHER, tmp_path / "two")}


@pytest.mark.promtool
def test_prometheus_takes_them_and_its_configuration() -> None:
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.promtool
def test_they_can_be_made_for_another_currency_and_other_dimensions(tmp_path: Path) -> None:
    for path in write(OTHER, tmp_path):
        promtool("check", "rules", path)
        assert not re.search(r"usd|USD|\bqueue\b|\bsite\b", path.read_text())
    spike = firing_rules(OTHER)["CallcostCostPerCallSpike"]
    assert "job_window_direction:callcost_cost_per_call_eur:ratio" in spike["expr"]
    assert "EUR %.4f" in spike["annotations"]["summary"]
    assert spike["annotations"]["runbook_url"] == "https://wiki/rb/CallcostCostPerCallSpike.md"
    assert spike["annotations"]["dashboard_url"].startswith("https://g/d/callcost-cost?viewPanel=")
    assert 'up{job="centre"}' in firing_rules(OTHER)["CallcostDown"]["expr"]
    assert "on (job, direction, team)" in firing_rules(OTHER)["CallcostSegmentCostPerCallHigh"]["expr"]


@pytest.mark.parametrize("to", [Deployment(), OTHER], ids=["usual", "other"])
def test_every_metric_is_exported_or_recorded(to: Deployment) -> None:
    known = exported(to.currency) | recorded(to)
    for rule in plain_rules(to):
        # A text may name a setting or a command; what it asks Prometheus for stands between back quotes.
        asked = [
            rule["expr"],
            *(part for text in rule.get("annotations", {}).values() for part in text.split("`")[1::2]),
        ]
        unknown = {name for one in asked for name in names_in(one) - known}
        assert not unknown, (rule.get("alert", rule.get("record")), unknown)


def test_recording_rules_say_what_they_keep_and_leave_the_instance_out() -> None:
    for rule in plain_rules():
        if "record" in rule:
            level, _, operation = rule["record"].split(":")
            assert level.split("_")[0] == "job"
            assert operation
            assert "instance" not in rule["expr"]


def test_a_currency_is_three_letters_and_direction_comes_first() -> None:
    with pytest.raises(ValueError, match="three letters"):
        Deployment(currency="$")
    with pytest.raises(ValueError, match="direction first"):
        Deployment(dimensions=("queue", "direction"))


def test_waits_can_be_shortened_for_a_test_and_nothing_else_changes() -> None:
    plain = rules(Deployment())[ALERTS]
    short = shortened(plain, 60)
    pairs = [
        (one, other)
        for before, after in zip(plain["groups"], short["groups"], strict=True)
        for one, other in zip(before["rules"], after["rules"], strict=True)
    ]
    for one, other in pairs:
        for name in ("for", "keep_firing_for"):
            if name in one:
                assert seconds(other[name]) == max(1, seconds(one[name]) / 60)
        assert {**one, **{name: other[name] for name in ("for", "keep_firing_for") if name in one}} == other
    assert len(pairs) == len(firing_rules())
