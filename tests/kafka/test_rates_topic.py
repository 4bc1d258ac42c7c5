"""The rate table in a topic: published, taken over by every worker, refused where it is wrong."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.structs import ConsumerRecord

from consumer.kafka.connection import Connection
from consumer.kafka.parts import in_parts
from consumer.kafka.rates_topic import RatesTopic, publish
from consumer.rates.load import WrittenRates, load_written_rates
from tests.home.contract import SAMPLES, dearer, some_hours
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WITHIN_S, WorkerProcess, until

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


def published(worker: WorkerProcess) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "consumer", "rates", "publish", "-r", "rates.toml"]
    return subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)


def test_no_call_is_costed_before_a_table_is_published_and_a_new_one_holds_for_all_workers(company: Company) -> None:
    first, second = hired(company), hired(company)
    log = first.folder / "early.log"
    command = [sys.executable, "-m", "consumer", "run"]
    with log.open("wb") as told, subprocess.Popen(command, cwd=first.folder, stderr=told) as early:
        try:
            until(lambda: f"topic {company.name}-rates holds no rate table" in log.read_text())
            said = published(first)
            assert said.returncode == 0, said.stderr
            assert b"versions" in said.stdout
            until(lambda: "listening on" in log.read_text())
        finally:
            early.kill()
    first.start()
    second.start()
    company.tell(some_hours()[:1_500])
    until(company.are_up_to_date)
    before = company.undisturbed().assert_shown_by(first)
    dearer(first.folder)
    assert published(first).returncode == 0
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
    refused = published(worker)
    assert (refused.returncode, b"currency: found" in refused.stderr) == (2, True)


def test_settings_name_either_a_file_or_a_topic(company: Company) -> None:
    worker = company.hire(start=False)
    command = [sys.executable, "-m", "consumer", "run"]
    refused = subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert b"found a file and the topic of [kafka] rates, expected one of the two" in refused.stderr


def named(name: str) -> WrittenRates:
    """The sample's, under another name, and so with other bytes."""
    written, _ = load_written_rates(SAMPLES / "rates.toml")
    return WrittenRates(name, written.text, written.decks)


async def standing(broker: Broker, topic: str) -> set[bytes]:
    """Names of what has any part in the topic."""
    last: dict[bytes, ConsumerRecord] = {one.key: one for one in await raw.read(broker.bootstrap, topic)}
    keys = [key for key, record in last.items() if record.value is not None and key.startswith(b"part/")]
    return {key.split(b"/")[1] for key in keys}


async def test_in_the_topic_stay_the_table_in_force_and_the_one_before(broker: Broker) -> None:
    topic, connection = "rates-of-days", Connection(broker.bootstrap)
    await raw.make(broker.bootstrap, topic, config={"cleanup.policy": "compact"})
    after: list[set[bytes]] = []
    for day in range(1, 5):
        await publish(connection, topic, named(f"day-{day}"), 10.0)
        after.append(await standing(broker, topic))
    assert list(map(len, after)) == [1, 2, 2, 2]
    assert len(after[1] & after[2]) == len(after[2] & after[3]) == 1
    assert not after[1] & after[3]
    await publish(connection, topic, named("day-1"), 10.0)
    assert after[0] < await standing(broker, topic)  # it is whole again
    found = await RatesTopic.begin(connection, topic)
    assert found.load()[0].name == f"{topic}: day-1"
    await found.stop()


async def test_what_somebody_else_is_writing_meanwhile_is_left_alone(broker: Broker) -> None:
    """Its parts came after the table in force; of the next one published they came before, and nobody told of them."""
    topic, connection = "rates-of-two", Connection(broker.bootstrap)
    await raw.make(broker.bootstrap, topic, config={"cleanup.policy": "compact"})
    await publish(connection, topic, named("first"), 10.0)
    await raw.write(broker.bootstrap, topic, in_parts(b"of another"), partition=0, key=b"part/another/0")
    await publish(connection, topic, named("second"), 10.0)
    assert b"another" in await standing(broker, topic)
    await publish(connection, topic, named("third"), 10.0)
    assert b"another" not in await standing(broker, topic)


async def test_a_worker_holds_the_table_in_force_and_none_of_those_before(broker: Broker) -> None:
    topic, connection = "rates-followed", Connection(broker.bootstrap)
    await raw.make(broker.bootstrap, topic, config={"cleanup.policy": "compact"})
    await publish(connection, topic, named("day-1"), 10.0)
    followed = await RatesTopic.begin(connection, topic)
    following = asyncio.create_task(followed.run())
    followed.load()
    for day in range(2, 5):
        await publish(connection, topic, named(f"day-{day}"), 10.0)
        async with asyncio.timeout(WITHIN_S):
            while not followed.has_changed():
                await asyncio.sleep(0.02)
        assert followed.load()[0].name == f"{topic}: day-{day}"
        assert len(followed._standing.parts) == 1
    following.cancel()
    await asyncio.wait([following])
    await followed.stop()
