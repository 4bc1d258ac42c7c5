"""A group that cannot be joined: the worker says so, takes calls in all the same, and ends when it is told to."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home.contract import call, post
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WorkerProcess, until

ON_ONE = "offsets.topic.replication.factor=1"

pytestmark = pytest.mark.kafka


@pytest.fixture
def broker_without_groups(tmp_path: Path) -> Iterator[Broker]:
    """One that can never make the topic of its groups, which is to be on three brokers."""
    broker = Broker(tmp_path / "broker")
    properties = broker.folder / "server.properties"
    said = properties.read_text()
    properties.write_text(said.replace(ON_ONE, "offsets.topic.replication.factor=3"))
    with broker:
        yield broker


def mend(broker: Broker) -> None:
    """Start it again, so that there are groups."""
    broker.kill()
    properties = broker.folder / "server.properties"
    said = properties.read_text()
    properties.write_text(said.replace("offsets.topic.replication.factor=3", ON_ONE))
    broker.start()


@pytest.fixture
def worker(broker_without_groups: Broker, tmp_path: Path) -> Iterator[WorkerProcess]:
    company = Company(tmp_path / "company", broker_without_groups.bootstrap, partitions=2)
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] == "waiting for the group to hand out partitions")
    yield worker
    company.dismiss()


def test_a_worker_that_never_joined_ends_when_it_is_told_to(worker: WorkerProcess) -> None:
    post(worker, [call("kept")])
    time.sleep(1)  # it is asking for the group's coordinator by now
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 15
    said = worker.log.read_text()
    assert "joining the group" in said
    assert "Traceback" not in said


def test_it_joins_as_soon_as_it_can(broker_without_groups: Broker, worker: WorkerProcess) -> None:
    post(worker, [call("kept")])
    assert worker.status()["counts"]["received"] == 0
    mend(broker_without_groups)
    until(worker.is_up_to_date)
    assert worker.status()["counts"]["costed"] == 1
    assert worker.stop() == 0
