"""Two workers on Kafka, scraped by a real Prometheus: the Kafka dashboard, and the alerts on what workers share."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumer.core.instants import DAY_MS
from consumer.simulator.simulator import Simulator
from deploy.rules.deployment import Deployment
from grafana.panels import KAFKA
from grafana.queries import queries
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.stack.servers import Prometheus
from tests.stack.soon import write_soon
from tests.worker_process import until

pytestmark = [pytest.mark.prometheus, pytest.mark.kafka]


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path / "company", broker.bootstrap, partitions=4)
    yield company
    company.dismiss()


def test_every_query_of_the_kafka_dashboard_finds_data_and_the_figures_are_the_company_s(
    company: Company, tmp_path: Path
) -> None:
    workers = [company.hire() for _ in range(2)]
    now_ms = time.time_ns() // 1_000_000
    told = []
    for one in Simulator(peak_calls_per_minute=6.0).told(now_ms - DAY_MS):
        if one.told_ms > now_ms:
            break
        told.append(one.event)
    company.tell(told)
    until(company.are_up_to_date, 60)
    rules = write_soon(Deployment(), tmp_path / "rules")
    targets = {"callcost": [worker.url.removeprefix("http://") for worker in workers]}
    with Prometheus(tmp_path / "prometheus", targets, rules) as prometheus:
        asked = list(queries(values={"__rate_interval": "20s", "__range": "1m"}))
        of_kafka = [query for query in asked if query.dashboard == KAFKA]
        until(lambda: all(prometheus.query(query.expr) for query in of_kafka), 60)  # rates need two scrapes
        for query in asked:
            assert not any(math.isnan(float(one["value"][1])) for one in prometheus.query(query.expr)), query
        assert [rule["lastError"] for rule in prometheus.rules() if rule["health"] != "ok"] == []
        for window in ("24h", "month-to-date"):
            calls = prometheus.value(f'job_window:callcost_calls:sum{{window="{window}"}}')
            for worker in workers:
                whole = worker.get(f"/api/windows?window={window}&by=direction")["windows"][-1]
                assert (whole["segment"], whole["calls"]) == ({}, calls)
        workers[0].kill()
        until(lambda: "CallcostWorkerDown" in prometheus.alerts())
        assert "CallcostDown" not in prometheus.alerts()
