"""Topics: made with sound settings where they are absent; those that are there are checked, and never altered."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import until

pytestmark = pytest.mark.kafka


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap, partitions=3)
    yield company
    company.dismiss()


def refused(company: Company) -> str:
    """What a worker says that does not start."""
    worker = company.hire(start=False)
    command = [sys.executable, "-m", "consumer", "run"]
    ended = subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 1
    return ended.stderr.decode()


def test_topics_that_are_absent_are_made_with_sound_settings(company: Company) -> None:
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    calls = raw.now(raw.config_of(company.bootstrap, company.name))
    assert calls["cleanup.policy"] == "delete"
    assert calls["message.timestamp.type"] == "LogAppendTime"
    assert int(calls["retention.ms"]) >= 2 * 172_800_000  # twice the horizon of these tests
    checkpoints = raw.now(raw.config_of(company.bootstrap, f"{company.name}-checkpoints"))
    assert checkpoints["cleanup.policy"] == "compact"
    dead = raw.now(raw.config_of(company.bootstrap, f"{company.name}-dead-letters"))
    assert dead["cleanup.policy"] in ("compact,delete", "delete,compact")
    assert len(worker.status()["shares"]) == 3


def test_topics_that_are_there_stay_as_they_are_and_what_is_doubtful_is_said(company: Company) -> None:
    config = {"message.timestamp.type": "CreateTime", "retention.ms": "3600000", "retention.bytes": "1000000"}
    raw.now(raw.make(company.bootstrap, company.name, 2, config))
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    assert worker.status()["troubles"] == [
        f"topic {company.name}: message.timestamp.type: found CreateTime, expected LogAppendTime: which calls end in "
        "the future is judged by the clocks of producers",
        f"topic {company.name}: retention.bytes: found 1000000, expected -1: records may be removed before the horizon "
        "has passed, and calls may count twice",
        f"topic {company.name}: retention.ms: found 3600000, expected 172800000 or more: after a restart calls of the "
        "horizon would not all be known, and may count twice",
    ]
    after = raw.now(raw.config_of(company.bootstrap, company.name))
    assert after | config == after
    assert len(worker.status()["shares"]) == 2


def test_calls_that_compaction_would_remove_are_refused(company: Company) -> None:
    raw.now(raw.make(company.bootstrap, company.name, 1, {"cleanup.policy": "compact"}))
    assert (
        f"topic {company.name}: cleanup.policy: found compact, expected delete: calls of one contact have one key: all "
        "but the newest would be removed"
    ) in refused(company)


def test_checkpoints_that_age_would_remove_are_refused(company: Company) -> None:
    raw.now(raw.make(company.bootstrap, f"{company.name}-checkpoints", 1, {"cleanup.policy": "delete"}))
    assert (
        f"topic {company.name}-checkpoints: cleanup.policy: found delete, expected compact: a checkpoint that is "
        "removed by age takes all figures before it with it"
    ) in refused(company)


def test_more_replicas_than_there_are_brokers_is_said(company: Company) -> None:
    company.more = "replication = 3"
    said = refused(company)
    assert f"topic {company.name} cannot be made" in said
    assert "set [kafka] replication" in said
