"""Calls that are posted while the broker is busy, away, or will not have them."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread

import pytest

from consumer.core.calls import SourceRecord
from consumer.core.counts import Counts
from tests.home.contract import call, post, some_hours
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company, Undisturbed
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """One that these tests may freeze and kill."""
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def company(own_broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path / "company", own_broker.bootstrap, partitions=2)
    company.more = "answer_s = 1.0\nmost_waiting_mb = 1"
    yield company
    company.dismiss()


@pytest.fixture
def worker(company: Company) -> WorkerProcess:
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    return worker


def refused(worker: WorkerProcess, body: bytes) -> tuple[int, str | None, str]:
    """Status, Retry-After and message."""
    asked = urllib.request.Request(f"{worker.url}/ingest/callcost", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, None, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], json.load(error)["error"]


def test_what_is_posted_is_keyed_by_its_contact(company: Company, worker: WorkerProcess) -> None:
    post(worker, [call("first", contact_id="a contact"), call("second", contact_id="a contact"), call("third")])
    records = raw.now(raw.read(company.bootstrap, company.name))
    keys = {json.loads(record.value)["call_id"]: record.key for record in records}
    assert keys == {"first": b"a contact", "second": b"a contact", "third": b"third"}


def test_while_the_broker_is_away_posts_are_answered_503_and_afterwards_each_call_counts_once(
    own_broker: Broker, company: Company, worker: WorkerProcess
) -> None:
    events = some_hours()[:300]
    post(worker, events[:100])
    own_broker.kill()
    status, retry_after, why = refused(worker, events[100])
    assert (status, retry_after is not None) == (503, True)
    assert "the broker did not acknowledge within 1 s; try again" in why
    assert any(one.startswith("calls are refused: ") for one in worker.status()["troubles"])
    assert worker.metrics()["callcost_store_writable"] == 0
    own_broker.start()
    until(lambda: refused(worker, events[100])[0] == 200)
    post(worker, events[101:])
    until(company.are_up_to_date)
    undisturbed = company.undisturbed()
    undisturbed.assert_shown_by(worker)
    assert undisturbed.counts.received >= len(events)  # what was not acknowledged may stand there twice
    told, in_topic = folded(undisturbed, events), undisturbed.counts
    assert (in_topic.costed, in_topic.amended, in_topic.pending) == (told.costed, told.amended, told.pending)


def folded(undisturbed: Undisturbed, events: Sequence[bytes]) -> Counts:
    """What some events come to by themselves, in one partition."""
    now_ms = time.time_ns() // 1_000_000
    return undisturbed.folded([SourceRecord(at, event, (), now_ms) for at, event in enumerate(events)]).counts


def test_a_broker_that_says_nothing_is_told_of_and_does_not_keep_the_worker_from_ending(
    own_broker: Broker, worker: WorkerProcess
) -> None:
    """Figures stay as they are, which nobody is to take for that no calls come."""
    assert worker.status()["troubles"] == []
    own_broker.pause()
    until(lambda: any("its broker has said nothing for" in one for one in worker.status()["troubles"]))
    shares = worker.status()["shares"]
    assert all(one["own"] and one["as_of"] < worker.status()["as_of"] for one in shares)
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 15
    said = worker.log.read_text()
    assert "the next start reads further back" in said
    assert "Traceback" not in said


def test_more_than_may_wait_is_refused_at_once(own_broker: Broker, worker: WorkerProcess) -> None:
    large = [call(f"large-{number}", attributes={"note": "x" * 400_000}) for number in range(6)]
    own_broker.pause()
    answers: list[tuple[int, str | None, str]] = []
    posts = [Thread(target=lambda body=body: answers.append(refused(worker, body))) for body in large]
    for one in posts:
        one.start()
    for one in posts:
        one.join()
    own_broker.go_on()
    assert {status for status, _, _ in answers} == {503}
    assert any("bytes are waiting for the broker" in why for _, _, why in answers)
    assert any("did not acknowledge" in why for _, _, why in answers)
    until(lambda: refused(worker, large[0])[0] == 200)


def test_a_call_too_large_for_a_record_is_refused_for_good(worker: WorkerProcess) -> None:
    too_large = call("too-large", attributes={"note": "x" * 1_047_600})
    status, retry_after, why = refused(worker, too_large)
    assert (status, retry_after) == (413, None)
    assert "expected at most 1046576" in why
    post(worker, [call("fits")])


def test_a_call_too_large_for_the_topic_is_refused_for_good_and_the_next_is_taken(company: Company) -> None:
    """Somebody made it for records of at most 50 000 bytes."""
    raw.now(raw.make(company.bootstrap, company.name, 1, {"max.message.bytes": "50000"}))
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    post(worker, [call("first")])
    status, retry_after, why = refused(worker, call("too-large", attributes={"note": "x" * 60_000}))
    assert (status, retry_after) == (413, None)
    assert "the broker refuses a record of 60" in why
    post(worker, [call("fits")])


def test_that_only_the_state_cannot_be_stored_is_told_while_calls_are_taken(company: Company) -> None:
    """Dead letters may have 100 bytes: not even what is said of them goes in."""
    letters = f"{company.name}-dead-letters"
    raw.now(raw.make(company.bootstrap, letters, 1, {"max.message.bytes": "100"}))
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    post(worker, [b"{"], 400)
    until(lambda: worker.status()["troubles"] != [])
    post(worker, [call("taken")])
    (trouble,) = worker.status()["troubles"]
    assert trouble.startswith(
        f"the state is not stored: topic {letters}: expected max.message.bytes of 1048588 or more"
    )
    assert worker.metrics()["callcost_store_writable"] == 0
    raw.now(raw.alter(company.bootstrap, letters, {"max.message.bytes": "1048588"}))
    until(lambda: worker.status()["troubles"] == [])
    assert worker.metrics()["callcost_store_writable"] == 1
    assert worker.status()["counts"]["costed"] == 1
    said = worker.log.read_text()
    assert "calls are refused" not in said
    assert said.count("the state cannot be stored") == said.count("the state is stored again") == 1


def test_posts_are_taken_while_the_partitions_are_elsewhere(company: Company, worker: WorkerProcess) -> None:
    """A worker that has no partition of its own takes calls in as well."""
    others = [company.hire() for _ in range(2)]
    until(lambda: all(one.status()["not_ready"] is None for one in others))
    for one in (worker, *others):
        post(one, [call(f"by-{one.folder.name}")])
    until(lambda: all(one.status()["counts"]["costed"] == 3 for one in (worker, *others)))
