"""What was written and is not there any more, or is not what was written: checkpoints, records, whole topics."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import TopicPartition

from consumer.home.kafka.records import HeadKey, PartKey, open_head, read_key
from consumer.kafka.parts import sealed
from tests.home.contract import some_hours
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap, partitions=2)
    yield company
    company.dismiss()


@pytest.fixture
def worker(company: Company) -> WorkerProcess:
    """One that has stored what a thousand events come to."""
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    company.tell(some_hours()[:1_000])
    until(company.are_up_to_date)
    return worker


def checkpoints(company: Company) -> str:
    return f"{company.name}-checkpoints"


def refused(worker: WorkerProcess) -> str:
    """What it says when it does not go on."""
    command = [sys.executable, "-m", "consumer", "run"]
    ended = subprocess.run(command, cwd=worker.folder, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 1, ended.stderr.decode()
    return ended.stderr.decode()


def ended(worker: WorkerProcess) -> str:
    """What it says when it ends by itself."""
    assert worker.process.wait(60) == 1
    return worker.log.read_text()


def assert_whole(company: Company, worker: WorkerProcess) -> None:
    until(company.are_up_to_date)
    company.undisturbed().assert_shown_by(worker)


def test_checkpoints_deleted_while_nothing_runs_are_made_again_from_the_calls(
    company: Company, worker: WorkerProcess
) -> None:
    assert worker.stop() == 0
    raw.now(raw.delete(company.bootstrap, checkpoints(company)))
    worker.start()
    assert_whole(company, worker)
    assert f"{company.name}/0: no checkpoint: it is folded from its first record on, 0" in worker.log.read_text()


def test_checkpoints_deleted_under_a_worker_are_written_again(company: Company, worker: WorkerProcess) -> None:
    raw.now(raw.delete(company.bootstrap, checkpoints(company)))
    until(lambda: "was deleted: it is made again" in worker.log.read_text(), 60)
    company.tell(some_hours()[1_000:1_200])
    assert_whole(company, worker)
    until(lambda: not worker.status()["troubles"])
    assert worker.stop() == 0
    worker.start()
    assert_whole(company, worker)
    assert "no checkpoint" not in worker.log.read_text()


def heads(company: Company) -> list[tuple[bytes, bytes]]:
    """The last of each writer, by its key."""
    records = raw.now(raw.read(company.bootstrap, checkpoints(company)))
    found = {record.key: record.value for record in records if isinstance(read_key(record.key), HeadKey)}
    return [(key, value) for key, value in found.items() if value is not None]


def test_a_checkpoint_of_a_newer_format_stops_the_worker_and_stays(company: Company, worker: WorkerProcess) -> None:
    assert worker.stop() == 0
    key, value = heads(company)[0]
    newer = msgspec.structs.replace(open_head(value), format=99)
    raw.now(raw.write(company.bootstrap, checkpoints(company), [sealed(newer)], key=key))
    said = refused(worker)
    assert "it has format 99 and this version reads format 1" in said
    assert "Run the version that wrote it" in said
    assert (key, sealed(newer)) in heads(company)
    raw.now(raw.write(company.bootstrap, checkpoints(company), [value], key=key))
    worker.start()
    assert_whole(company, worker)


def test_a_damaged_checkpoint_stops_the_worker(company: Company, worker: WorkerProcess) -> None:
    assert worker.stop() == 0
    key, value = heads(company)[0]
    damaged = value[:20] + bytes([value[20] ^ 1]) + value[21:]
    raw.now(raw.write(company.bootstrap, checkpoints(company), [damaged], key=key))
    said = refused(worker)
    assert "its checksum differs" in said
    assert f"{checkpoints(company)}, partition 0, offset" in said


def standing(company: Company) -> dict[bytes, bytes]:
    """The head and the blocks of partition 0."""
    records = raw.now(raw.read(company.bootstrap, checkpoints(company)))
    found = {record.key: record.value for record in records if is_of_partition_0(record.key)}
    return {key: value for key, value in found.items() if value is not None}


def is_of_partition_0(key: bytes) -> bool:
    found = read_key(key)
    return isinstance(found, HeadKey | PartKey) and found.partition.partition == 0


@pytest.mark.parametrize("is_missing", [False, True])
def test_a_checkpoint_with_a_block_that_is_damaged_or_gone_stops_the_worker_and_stays(
    company: Company, worker: WorkerProcess, is_missing: bool
) -> None:
    assert worker.stop() == 0
    key, value = next(one for one in standing(company).items() if isinstance(read_key(one[0]), PartKey))
    damaged = None if is_missing else value[:20] + bytes([value[20] ^ 1]) + value[21:]
    raw.now(raw.write(company.bootstrap, checkpoints(company), [damaged], key=key))
    before = standing(company)
    said = refused(worker)
    assert f"the checkpoint of {company.name}/0 that " in said
    if is_missing:
        assert f"is not all there: records are missing in {checkpoints(company)}" in said
    else:
        assert f"cannot be read: {checkpoints(company)}, partition 0, offset" in said
        assert "its checksum differs, of block" in said
    assert standing(company) == before
    raw.now(raw.write(company.bootstrap, checkpoints(company), [value], key=key))
    worker.start()
    assert_whole(company, worker)


def test_what_is_in_the_topic_of_checkpoints_and_not_ours_is_passed_over(
    company: Company, worker: WorkerProcess
) -> None:
    assert worker.stop() == 0
    for key in (b"", b"\xff", b"head", b"head/a/b/c/d", b"block/x/0/1/n/b/zero"):
        raw.now(raw.write(company.bootstrap, checkpoints(company), [b"junk"], key=key))
    worker.start()
    assert_whole(company, worker)


def test_a_topic_of_calls_made_anew_stops_the_worker_that_follows_it(company: Company, worker: WorkerProcess) -> None:
    raw.now(raw.delete(company.bootstrap, company.name))
    raw.now(raw.make(company.bootstrap, company.name, 2))
    company.tell(some_hours()[:100])
    assert "the topic was made anew, or lost its end" in ended(worker)
    assert "name another [kafka] checkpoints topic and another group" in refused(worker)


def test_a_topic_of_calls_made_anew_while_nothing_ran_is_noticed(company: Company, worker: WorkerProcess) -> None:
    assert worker.stop() == 0
    raw.now(raw.delete(company.bootstrap, company.name))
    raw.now(raw.make(company.bootstrap, company.name, 2))
    assert "the topic was made anew, or lost its end" in refused(worker)
    company.tell(some_hours()[1_000:])  # and beyond where it was before
    assert "records changed" in refused(worker)


def test_records_removed_before_they_were_read_are_told_for_as_long_as_it_runs(
    company: Company, worker: WorkerProcess
) -> None:
    assert worker.stop() == 0
    company.tell(some_hours()[1_000:2_000])
    partition = TopicPartition(company.name, 0)
    at = raw.now(company.stored_up_to(0))
    raw.now(raw.cut(company.bootstrap, partition, at + 100))
    worker.start()
    until(worker.is_up_to_date)
    lost = [
        one for one in worker.status()["troubles"] if one.startswith(f"{company.name}/0: records {at} to {at + 99}")
    ]
    assert lost and "were removed before they were read: their calls are in no figure" in lost[0]
    assert worker.metrics()[f'callcost_source_gap{{source="{company.name}/0"}}'] == 1
    assert worker.metrics()[f'callcost_source_gap{{source="{company.name}/1"}}'] == 0
    assert worker.status()["counts"]["received"] == 1_900


def test_records_removed_up_to_the_end_under_a_worker_are_told(company: Company, worker: WorkerProcess) -> None:
    """It is frozen, and retention takes all but what the broker had sent by then: the first of a hundred, or none."""
    partition = TopicPartition(company.name, 0)
    read_to = len(raw.now(company.records())[partition])
    worker.process.send_signal(signal.SIGSTOP)
    raw.now(raw.write(company.bootstrap, company.name, some_hours()[1_000:1_100], partition=0))
    raw.now(raw.cut(company.bootstrap, partition, read_to + 100))
    worker.process.send_signal(signal.SIGCONT)
    gone = f" to {read_to + 99} were removed before they were read: their calls are in no figure"
    until(lambda: any(gone in one for one in worker.status()["troubles"]))
    assert worker.metrics()[f'callcost_source_gap{{source="{company.name}/0"}}'] == 1
    until(worker.is_up_to_date)


def test_an_index_that_cannot_be_made_again_whole_is_told(company: Company, worker: WorkerProcess) -> None:
    """Retention is shorter than the horizon: figures stand, and calls told again may count twice."""
    assert worker.stop() == 0
    partition = TopicPartition(company.name, 0)
    raw.now(raw.cut(company.bootstrap, partition, raw.now(company.stored_up_to(0)) - 10))
    worker.start()
    until(worker.is_up_to_date)
    (told,) = worker.status()["troubles"]
    assert "is needed: calls before may count twice; keep the topic for longer than the horizon" in told
    assert worker.status()["counts"]["received"] == 1_000
