"""The whole of it for real: a worker, a centre's calls, Prometheus with the rules as shipped, Alertmanager, a webhook.

For four days calls went out by the usual carriers; for the last hour by one that is far dearer. In the order of the
file: every query finds data, the figures are those of the worker, somebody is told of the spike, of its end, of a
broken rate table and of a dead worker.
"""

import contextlib
import math
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import consumer.samples
from consumer.core.instants import DAY_MS, HOUR_MS
from consumer.simulator.scenarios import CARRIER_PRICE
from consumer.simulator.simulator import Simulator
from deploy.rules.deployment import Deployment
from grafana.queries import Query, queries
from tests.home.contract import post
from tests.stack.servers import Alertmanager, Prometheus
from tests.stack.sink import Sink
from tests.stack.soon import write_soon
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.prometheus
SAMPLES = Path(consumer.samples.__file__).parent
DAYS, CALLS_A_MINUTE = 4, 45.0  # so many that an hour of the night does not page by chance
TOLD_WITHIN_S = 60.0
DEAR, USUAL = 'trunk = ["carrier-a"]', 'trunk = ["carrier-a", "carrier-c"]'


@dataclass
class Stack:
    worker: WorkerProcess
    prometheus: Prometheus
    sink: Sink

    def told(self, name: str, status: str = "firing") -> dict[str, Any]:
        """The first alert of a name that the webhook was told of; waits for it."""
        until(lambda: bool(self.sink.alerts("/told", name, status)), TOLD_WITHIN_S)
        return self.sink.alerts("/told", name, status)[0]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    shutil.copytree(SAMPLES / "decks", folder / "decks")
    shutil.copy(SAMPLES / "rates.toml", folder)
    worker = WorkerProcess(folder, "rates_poll_s = 0.2\n")
    rules = write_soon(Deployment(), folder / "rules")
    with Sink() as sink, Alertmanager(folder / "alertmanager", telling(f"{sink.url}/told")) as alertmanager:
        target = worker.url.removeprefix("http://")
        with Prometheus(
            folder / "prometheus", {"callcost": [target]}, rules, f"127.0.0.1:{alertmanager.port}"
        ) as prometheus:
            worker.start()
            tell_of_four_days(worker)
            yield Stack(worker, prometheus, sink)
            worker.kill()


def telling(url: str) -> dict[str, Any]:
    """Every alert at once, by itself."""
    at_once = {"group_by": ["..."], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    webhook = {"url": url, "send_resolved": True}
    return {"route": {"receiver": "sink", **at_once}, "receivers": [{"name": "sink", "webhook_configs": [webhook]}]}


def tell_of_four_days(worker: WorkerProcess) -> None:
    now_ms = time.time_ns() // 1_000_000
    simulator = Simulator(
        peak_calls_per_minute=CALLS_A_MINUTE, scenario=CARRIER_PRICE, scenario_from_ms=now_ms - HOUR_MS
    )
    batch: list[bytes] = []
    for one in simulator.told(now_ms - DAYS * DAY_MS):
        if one.told_ms > now_ms:
            break
        batch.append(one.event)
        if len(batch) == 1_000:
            post(worker, batch)
            batch = []
    post(worker, batch)
    until(worker.is_up_to_date, TOLD_WITHIN_S)


def values(found: list[dict[str, Any]]) -> list[float]:
    return [float(sample["value"][1]) for sample in found]


def test_every_query_of_every_dashboard_finds_data_and_none_is_nan(stack: Stack) -> None:
    """Panels of Kafka are looked at in tests/kafka/test_prometheus.py."""
    asked = list(queries(values={"__rate_interval": "20s", "__range": "1m"}))
    assert len(asked) > 50
    with contextlib.suppress(AssertionError):
        until(lambda: not without_data(stack.prometheus, asked), TOLD_WITHIN_S)  # rates of counters need two scrapes
    assert [(one.dashboard, one.name, one.expr) for one in without_data(stack.prometheus, asked)] == []
    for query in asked:
        assert not any(map(math.isnan, values(stack.prometheus.query(query.expr)))), query


def without_data(prometheus: Prometheus, asked: list[Query]) -> list[Query]:
    """Those of them that find nothing, or no value for a variable, and have no reason for it."""
    return [
        query
        for query in asked
        if query.may_be_empty is None
        and not any(query.label is None or one["metric"].get(query.label) for one in prometheus.query(query.expr))
    ]


def test_every_rule_is_evaluated_without_a_fault(stack: Stack) -> None:
    rules = stack.prometheus.rules()
    assert {
        (rule["name"], rule["health"], rule.get("lastError", "")) for rule in rules if rule["health"] != "ok"
    } == set()


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "month-to-date"])
def test_the_figures_are_those_of_the_worker(stack: Stack, window: str) -> None:
    """To nine digits: a sample is a float. Windows roll on, so the worker is asked before and after."""

    def read() -> dict[str, dict[str, Any]]:
        rows = stack.worker.get(f"/api/windows?window={window}&by=direction")["windows"]
        return {row["segment"].get("direction", ""): row for row in rows}

    def rules(name: str) -> dict[str, float]:
        found = stack.prometheus.query(f'job_window_direction:{name}{{window="{window}"}}')
        return {sample["metric"]["direction"]: float(sample["value"][1]) for sample in found}

    def agree() -> bool:
        before = read()
        time.sleep(2.5)
        calls, per_call = rules("callcost_calls:sum"), rules("callcost_cost_per_call_usd:ratio")
        after = read()
        if any(before[one]["calls"] != after[one]["calls"] for one in before if one in after):
            return False  # the window rolled on meanwhile
        for direction in ("inbound", "outbound"):
            assert calls[direction] == before[direction]["calls"]
            assert math.isclose(
                per_call[direction], float(before[direction]["cost_per_call"]["standard"]), rel_tol=1e-8
            )
        return True

    until(agree)


def test_absorbed_and_idle_are_what_accrued(stack: Stack) -> None:
    """For every pool and window: idle = accrued − absorbed at standard, as rules have it and as the worker does."""
    found = stack.prometheus.query('job_window_pool:callcost_idle_usd:difference{window="month-to-date"}')
    pools = {row["pool"]: row for row in stack.worker.get("/api/pools?window=month-to-date")["pools"]}
    assert {sample["metric"]["pool"] for sample in found} == {name for name, row in pools.items() if row["idle"]}
    for sample in found:
        row = pools[sample["metric"]["pool"]]
        scale = float(row["accrued"])
        assert math.isclose(float(sample["value"][1]), float(row["idle"]), abs_tol=1e-3 * scale), row


def test_somebody_is_told_of_the_spike_and_what_moved(stack: Stack) -> None:
    alert = stack.told("CallcostCostPerCallSpike")
    assert alert["labels"]["direction"] == "outbound"
    text = alert["annotations"]["description"]
    said = {effect: float(amount) for effect, amount in re.findall(r"(price|handle time|mix) ([+-]\d+\.\d{4})", text)}
    assert list(said.values()) == sorted(said.values(), reverse=True), text
    assert said["price"] > max(abs(said["handle time"]), abs(said["mix"])), text
    for effect, amount in said.items():
        least, most = (had(stack, effect, which) for which in ("min", "max"))
        assert least - 0.00005 <= amount <= most + 0.00005, text
    why = stack.worker.get("/api/why?window=1h&against=baseline&direction=outbound")
    assert why["items"][0]["component"] == "carrier"


def had(stack: Stack, effect: str, which: str) -> float:
    """The least or the most that a part of the outbound calls' move has been; it goes on while calls leave the hour."""
    moved = f'callcost_moved_usd{{direction="outbound", effect="{effect.replace(" ", "_")}"}}'
    (sample,) = stack.prometheus.query(f"{which}_over_time({moved}[10m])")
    return float(sample["value"][1])


def test_somebody_is_told_when_it_is_over(stack: Stack) -> None:
    """It was carrier-a's contract after all: the rate table is corrected, and the day's calls are costed again."""
    rates = stack.worker.folder / "rates.toml"
    dear = rates.read_text()
    assert DEAR in dear
    rates.write_text(dear.replace(DEAR, USUAL))
    resolved = stack.told("CallcostCostPerCallSpike", "resolved")
    assert resolved["labels"]["direction"] == "outbound"
    assert "CallcostCostPerCallSpike" not in stack.prometheus.alerts()


def test_somebody_is_told_of_a_broken_rate_table(stack: Stack) -> None:
    rates = stack.worker.folder / "rates.toml"
    right = rates.read_text()
    rates.write_text(right.replace('currency = "USD"', 'currency = "dollars"', 1))
    assert stack.told("CallcostRateTableRefused")["labels"]["severity"] in ("warning", "critical")
    rates.write_text(right)
    stack.told("CallcostRateTableRefused", "resolved")


def test_the_dead_man_hears_that_all_is_well(stack: Stack) -> None:
    stack.told("Watchdog")


def test_somebody_is_told_of_a_dead_worker(stack: Stack) -> None:
    stack.worker.kill()
    assert stack.told("CallcostDown")["labels"]["severity"] == "critical"
