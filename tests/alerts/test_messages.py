"""What people read: the shipped configuration in a real Alertmanager, its receivers pointed at a sink.

Only addresses, files of secrets and waits are changed. The alerts are those that promtool proves (deploy/prometheus).
"""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.promql import PROMETHEUS
from tests.alerts.test_routing import CONFIG, configuration
from tests.stack.servers import Alertmanager
from tests.stack.sink import Sink
from tests.worker_process import until

pytestmark = pytest.mark.prometheus

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=95)
SINCE = f"{BEGAN:%a} {BEGAN.day} {BEGAN:%b %H:%M} UTC"
ALWAYS = [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as one:
        yield one


def pointed_at(sink: Sink, folder: Path, hours: list[dict[str, Any]]) -> dict[str, Any]:
    config = configuration()
    config["templates"] = [str(CONFIG.parent / "templates" / "*.tmpl")]
    config["global"]["pagerduty_url"] = f"{sink.url}/pager"
    config["time_intervals"][0]["time_intervals"] = hours
    for name, secret in (("pager-key", "key-of-the-pager"), ("chat-url", f"{sink.url}/chat"), ("dead-man-token", "t")):
        (folder / name).write_text(secret)
    for receiver in config["receivers"]:
        for one in receiver.get("slack_configs", []):
            one["api_url_file"] = str(folder / "chat-url")
        for one in receiver.get("pagerduty_configs", []):
            one["routing_key_file"] = str(folder / "pager-key")
        for one in receiver.get("webhook_configs", []):
            one["url"] = f"{sink.url}/dead-man"
            one["http_config"]["authorization"]["credentials_file"] = str(folder / "dead-man-token")
    for route in (config["route"], *config["route"]["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
    return config


def as_proved(alertname: str) -> dict[str, Any]:
    """The first alert of the name that promtool's tests see firing, as Prometheus sends it."""
    for file in sorted((PROMETHEUS / "tests").glob("*.yml")):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for look in test.get("alert_rule_test", []):
                if look["alertname"] == alertname and look["exp_alerts"]:
                    found = look["exp_alerts"][0]
                    return {
                        "labels": {"alertname": alertname, **found["exp_labels"]},
                        "annotations": found["exp_annotations"],
                        "startsAt": BEGAN.isoformat(),
                    }
    raise AssertionError(alertname)


def tell(alertmanager: Alertmanager, *alerts: dict[str, Any]) -> None:
    body = json.dumps(alerts).encode()
    request = urllib.request.Request(
        f"{alertmanager.url}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_a_spike_as_pager_and_chat_tell_it_and_as_it_ends(tmp_path: Path, sink: Sink) -> None:
    spike = as_proved("CallcostCostPerCallSpike")
    headline = "inbound calls cost USD 1.5000 each, usual is USD 1.2000: USD 36.00 more in the last hour"
    text = (
        "120 inbound calls of the last hour cost USD 1.5000 each at standard; at this hour USD 1.2000 ± USD 0.2000 is"
        " usual. At this volume that is USD 36.00 an hour too much. What moved, USD a call: price +0.2500, handle time"
        " +0.0400, mix +0.0100. Where: support / ath USD +40.50 an hour.\n"
        f"Since {SINCE}.\n"
        "What to do: https://callcost.example/docs/runbooks/CallcostCostPerCallSpike.md\n"
        f"Look: {spike['annotations']['dashboard_url']}"
    )
    with Alertmanager(tmp_path / "alertmanager", pointed_at(sink, tmp_path, ALWAYS)) as alertmanager:
        tell(alertmanager, spike)
        until(lambda: {"/pager", "/chat"} <= sink.told.keys())
        tell(alertmanager, as_proved("CallcostSegmentCostPerCallHigh"), as_proved("Watchdog"))
        until(lambda: "/dead-man" in sink.told)

        (page,) = sink.told["/pager"]
        assert page["routing_key"] == "key-of-the-pager"
        assert page["event_action"] == "trigger"
        assert page["payload"]["summary"] == f"callcost: {headline}"
        assert page["payload"]["severity"] == "critical"
        assert page["payload"]["custom_details"]["what"] == text
        assert page["client_url"] == spike["annotations"]["dashboard_url"]
        assert page["links"] == [{"href": spike["annotations"]["runbook_url"], "text": "What to do"}]

        (said,) = [one["attachments"][0] for one in sink.told["/chat"]]  # the segment's warning is the same thing
        assert said["title"] == f"Now: {headline}"
        assert said["text"] == text
        assert said["color"] == "#d55e00"
        assert said["title_link"] == spike["annotations"]["dashboard_url"]

        assert sink.told["/dead-man"][0]["alerts"][0]["labels"]["alertname"] == "Watchdog"

        ended = datetime.now(UTC).replace(microsecond=0)
        tell(alertmanager, {**spike, "endsAt": ended.isoformat()})
        until(lambda: len(sink.told["/pager"]) > 1 and bool(_titles(sink, "Over")))
        assert sink.told["/pager"][-1]["event_action"] == "resolve"
        (over,) = [one["attachments"][0] for one in sink.told["/chat"] if one["attachments"][0]["color"] == "#0072b2"]
        assert over["title"] == f"Over: {headline}"
        assert over["text"].startswith(
            f"Over since {ended:%a} {ended.day} {ended:%b %H:%M} UTC; it began {SINCE}.\nWhat to do: https://callcost."
        )


def test_several_of_a_kind_are_one_message_and_what_is_not_urgent_says_so(tmp_path: Path, sink: Sink) -> None:
    """They have just begun: what began before its group's wait is told at once, and by itself."""
    now = datetime.now(UTC)
    refused, letters, old, down = (
        {**as_proved(name), "startsAt": now.isoformat()}
        for name in (
            "CallcostRateTableRefused", "CallcostDeadLetters", "CallcostRateTableOld", "CallcostWorkerDown",
        )
    )  # fmt: skip
    other = {**down, "labels": {**down["labels"], "instance": "c"}}
    other["annotations"] = {**down["annotations"], "summary": "Worker c does not answer"}
    with Alertmanager(tmp_path / "alertmanager", pointed_at(sink, tmp_path, ALWAYS)) as alertmanager:
        tell(alertmanager, refused, letters, old, down, other)
        until(lambda: len(sink.told.get("/chat", [])) == 3)
    said = {one["attachments"][0]["title"]: one["attachments"][0] for one in sink.told["/chat"]}
    assert set(said) == {
        "Today: A newer rate table is refused; prices of the one before it stay in force",
        "Today: Worker b does not answer (the first of 2)",
        "callcost: to look at when there is time",
    }
    workers = said["Today: Worker b does not answer (the first of 2)"]
    assert workers["color"] == "#e69f00"
    assert workers["text"].startswith(
        "*Worker b does not answer*\nThe others take its partitions after session_timeout_s and have the more to do.\n"
        f"Since {now:%a} {now.day} {now:%b %H:%M} UTC.\n"
        "What to do: https://callcost.example/docs/runbooks/CallcostWorkerDown.md\nLook: https://grafana"
    )
    assert "\n\n*Worker c does not answer*\n" in workers["text"]
    digest = said["callcost: to look at when there is time"]["text"]
    assert "*12 dead letters more than a day ago*" in digest
    assert "*The newest prices took effect 95d 3h 56m 40s ago: are they still right?*" in digest
    assert "/pager" not in sink.told


def test_outside_working_hours_pages_are_told_and_warnings_wait(tmp_path: Path, sink: Sink) -> None:
    another_day = f"{datetime.now(UTC) + timedelta(days=3):%A}".lower()
    config = pointed_at(sink, tmp_path, [{"weekdays": [another_day]}])
    with Alertmanager(tmp_path / "alertmanager", config) as alertmanager:
        tell(alertmanager, as_proved("CallcostRateTableRefused"), as_proved("CallcostRateTableOld"))
        _tell_pages(alertmanager, sink, "CallcostStoreNotWritable", "CallcostShareStale")
    assert _titles(sink) == [
        "Now: Worker a cannot store: calls are refused, or no checkpoint is stored",
        "Now: The figures of calls/3 are 15m 0s old: nobody folds it",
    ]


def test_without_a_worker_figures_are_not_told_of(tmp_path: Path, sink: Sink) -> None:
    with Alertmanager(tmp_path / "alertmanager", pointed_at(sink, tmp_path, ALWAYS)) as alertmanager:
        down = as_proved("CallcostDown")
        tell(alertmanager, down)
        until(lambda: len(_titles(sink)) == 1)
        tell(alertmanager, as_proved("CallcostCostPerCallSpike"), as_proved("CallcostBehind"))
        tell(alertmanager, {**down, "labels": {**down["labels"], "job": "other"}})
        until(lambda: len(_titles(sink)) > 1)
    assert _titles(sink) == ["Now: No callcost worker answers: there are no figures"] * 2


def _tell_pages(alertmanager: Alertmanager, sink: Sink, *names: str) -> None:
    """One after the other: when the last is told, all groups before it were looked at."""
    for number, name in enumerate(names, start=1):
        tell(alertmanager, as_proved(name))
        until(lambda wanted=number: len(sink.told.get("/pager", [])) == wanted == len(_titles(sink)))  # type: ignore[misc]


def _titles(sink: Sink, start: str = "") -> list[str]:
    titles = [one["attachments"][0]["title"] for one in sink.told.get("/chat", [])]
    return [title for title in titles if title.startswith(start)]
