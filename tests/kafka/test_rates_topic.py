"""The rate table in a topic: published, taken over by every worker, refused where it is wrong."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home.contract import dearer, some_hours
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap, partitions=2)
    company.more = f'rates = "{company.name}-rates"'
    yield company
    company.dismiss()


def hired(company: Company) -> WorkerProcess:
    """One whose settings name no file of rates."""
    worker = company.hire(start=False)
    settings = worker.folder / "callcost.toml"
    settings.write_text(settings.read_text().replace('rates = "rates.toml"\n', "", 1))
    return worker


def publish(worker: WorkerProcess) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "consumer", "rates", "publish", "-r", "rates.toml"]
    return subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)


def test_no_call_is_costed_before_a_table_is_published_and_a_new_one_holds_for_all_workers(company: Company) -> None:
    first, second = hired(company), hired(company)
    log = first.folder / "early.log"
    command = [sys.executable, "-m", "consumer", "run"]
    with log.open("wb") as told, subprocess.Popen(command, cwd=first.folder, stderr=told) as early:
        try:
            until(lambda: f"topic {company.name}-rates holds no rate table" in log.read_text())
            published = publish(first)
            assert published.returncode == 0, published.stderr
            assert b"versions" in published.stdout
            until(lambda: "listening on" in log.read_text())
        finally:
            early.kill()
    first.start()
    second.start()
    company.tell(some_hours()[:1_500])
    until(company.are_up_to_date)
    before = company.undisturbed().assert_shown_by(first)
    dearer(first.folder)
    assert publish(first).returncode == 0
    until(lambda: all(worker.get("/api/windows")["rate_table"] != before["rate_table"] for worker in (first, second)))
    until(company.are_up_to_date)
    undisturbed = company.undisturbed()  # under the table of the first worker's folder
    until(lambda: len({worker.status()["rate_table"]["sha256"] for worker in (first, second)}) == 1)
    time.sleep(1.5)  # each has been told of the other's checkpoint under the new table
    for worker in (first, second):
        undisturbed.assert_shown_by(worker)


def test_a_table_with_mistakes_is_not_published(company: Company) -> None:
    worker = hired(company)
    path = worker.folder / "rates.toml"
    path.write_text(path.read_text().replace('currency = "USD"', 'currency = "dollars"', 1))
    refused = publish(worker)
    assert (refused.returncode, b"currency: found" in refused.stderr) == (2, True)


def test_settings_name_either_a_file_or_a_topic(company: Company) -> None:
    worker = company.hire(start=False)
    command = [sys.executable, "-m", "consumer", "run"]
    refused = subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert b"found a file and the topic of [kafka] rates, expected one of the two" in refused.stderr
