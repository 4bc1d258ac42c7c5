"""What stands in topics of calls: canonical JSON, a vendor's own, CloudEvents in both modes, tombstones, and junk."""

import base64
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

import consumer.samples
from tests.home.contract import call
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WorkerProcess, until

pytestmark = pytest.mark.kafka

KAMAILIO = Path(consumer.samples.__file__).parents[2] / "docs/examples/kamailio/calls.jsonl"
NUMBERS = count()


@pytest.fixture(scope="module")
def company(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    company = Company(tmp_path_factory.mktemp("wire"), broker.bootstrap, partitions=1)
    company.topics = {company.name: "callcost", f"{company.name}-kamailio": "kamailio"}
    yield company
    company.dismiss()


@pytest.fixture(scope="module")
def worker(company: Company) -> WorkerProcess:
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    return worker


class Counted(Counter[str]):
    """What became of some records: costed, duplicates, rejected by reason …"""


def counted(worker: WorkerProcess) -> Counted:
    found = Counted()
    for name, value in worker.status()["counts"].items():
        found.update(value if isinstance(value, dict) else {name: value})
    return found


def told(
    company: Company,
    worker: WorkerProcess,
    values: Sequence[bytes | None],
    *headers: tuple[str, bytes | None],
    topic: str = "",
) -> Counted:
    """What becomes of some records. After them a call is told twice: its duplicate is the end, and in no count here."""
    before = counted(worker)
    last = call(f"last-{next(NUMBERS)}")
    raw.now(raw.write(company.bootstrap, topic or company.name, values, headers))
    raw.now(raw.write(company.bootstrap, topic or company.name, [last, last], [("callcost-platform", b"callcost")]))
    until(lambda: counted(worker)["duplicates"] > before["duplicates"])
    found = counted(worker)
    found.subtract(before)
    found.subtract({"received": 2, "costed": 1, "duplicates": 1})
    return Counted({name: number for name, number in found.items() if number})


def has_everything(worker: WorkerProcess) -> bool:
    """After a kill the group still counts on the one that is gone for a while: its partitions come later."""
    status = worker.status()
    shares = status["shares"]
    return status["not_ready"] is None and len(shares) == 2 and all(one["own"] for one in shares)


def a_call() -> bytes:
    return call(f"call-{next(NUMBERS)}")


def envelope(data: bytes, **more: Any) -> bytes:
    return json.dumps({
        "specversion": "1.0", "id": "1", "source": "/pbx", "type": "call", "data": json.loads(data), **more
    }).encode()  # fmt: skip


def test_a_record_without_headers_is_what_its_topic_is_for(company: Company, worker: WorkerProcess) -> None:
    calls = KAMAILIO.read_bytes().splitlines()[:2]
    assert told(company, worker, calls, topic=f"{company.name}-kamailio") == {"received": 2, "costed": 2}
    assert told(company, worker, calls[:1]) == {"received": 1, "missing_field": 1, "unknown_keys": 10}


def test_vendor_json_may_come_in_any_topic_if_a_header_names_it(company: Company, worker: WorkerProcess) -> None:
    assert told(company, worker, [a_call()]) == {"received": 1, "costed": 1}
    calls = KAMAILIO.read_bytes().splitlines()[:2]
    became = told(company, worker, calls, ("callcost-platform", b"kamailio"))
    assert became == {"received": 2, "late": 2}  # they are of October, and a call of today came before


@pytest.mark.parametrize("name", ["callcost-platform", "Callcost-Platform", "CALLCOST-PLATFORM"])
def test_a_header_of_any_case_names_the_platform(company: Company, worker: WorkerProcess, name: str) -> None:
    became = told(company, worker, [a_call()], (name, b"callcost"), topic=f"{company.name}-kamailio")
    assert became == {"received": 1, "costed": 1}


def test_headers_that_nobody_knows_are_passed_over(company: Company, worker: WorkerProcess) -> None:
    headers = [("traceparent", b"00-4bf92f-00f0-01"), ("x-\N{SNOWMAN}", b"\xff\x00"), ("empty", b"")]
    assert told(company, worker, [a_call()], *headers) == {"received": 1, "costed": 1}


@pytest.mark.parametrize("name", ["content-type", "callcost-platform", "ce_specversion", "of-nobody"])
def test_a_header_with_a_null_value_says_nothing(company: Company, worker: WorkerProcess, name: str) -> None:
    assert told(company, worker, [a_call(), envelope(a_call())], (name, None))["received"] == 2
    assert told(company, worker, [a_call()], (name, None), (name, b"")) == {"received": 1, "costed": 1}


def test_a_header_with_a_null_value_is_an_empty_one_of_a_dead_letter(company: Company, worker: WorkerProcess) -> None:
    before = len(dead_letters(company))
    became = told(company, worker, [b"{"], ("of-nobody", None), ("callcost-platform", None), ("tried-by", b"somebody"))
    assert became == {"received": 1, "bad_json": 1}
    letter = letters(company, before + 1)[-1]
    assert (letter["of-nobody"], letter["callcost-platform"], letter["tried-by"]) == ("", "", "somebody")


def test_a_platform_that_nobody_knows_is_told(company: Company, worker: WorkerProcess) -> None:
    before = len(dead_letters(company))
    assert told(company, worker, [a_call()], ("callcost-platform", b"pigeon")) == {"received": 1, "unknown_value": 1}
    letter = letters(company, before + 1)[-1]
    assert (letter["callcost-dead-field"], letter["callcost-dead-found"]) == ("callcost-platform", "'pigeon'")


def test_cloudevents_in_structured_mode(company: Company, worker: WorkerProcess) -> None:
    header = ("Content-Type", b"application/cloudevents+json; charset=UTF-8")
    some = [envelope(a_call()), b"[" + envelope(a_call()) + b"]"]
    assert told(company, worker, some, header) == {"received": 2, "costed": 2}
    in_base64 = envelope(b"null", data_base64=base64.b64encode(a_call()).decode())
    assert told(company, worker, [in_base64], header) == {"received": 1, "costed": 1}
    assert told(company, worker, [envelope(a_call())]) == {"received": 1, "costed": 1}  # known without the header


@pytest.mark.parametrize("prefix", ["ce_", "CE_", "Ce_"])
def test_cloudevents_in_binary_mode(company: Company, worker: WorkerProcess, prefix: str) -> None:
    attributes = {"specversion": b"1.0", "id": b"1", "source": b"/pbx", "type": b"call"}
    headers = [(prefix + name, value) for name, value in attributes.items()]
    became = told(company, worker, [a_call(), None], *headers, ("CONTENT-TYPE", b"application/json"))
    assert became == {"received": 1, "costed": 1}


def test_a_null_value_is_no_event_and_its_offset_is_passed(company: Company, worker: WorkerProcess) -> None:
    assert told(company, worker, [None, a_call(), None, None]) == {"received": 1, "costed": 1}
    raw.now(raw.write(company.bootstrap, company.name, [None]))
    until(worker.is_up_to_date)
    before = counted(worker)
    worker.kill()
    worker.start()
    until(worker.is_up_to_date)
    assert counted(worker) == before


def test_poison_is_rejected_with_its_place_and_what_follows_is_costed(company: Company, worker: WorkerProcess) -> None:
    junk = [b"\x00\xff\xfe", b"", b"[" * 100_000, b'{"call_id": "\xed\xa0\x80"}', b"NaN"]
    before = len(dead_letters(company))
    became = told(company, worker, junk, ("tried-by", b"somebody"))
    assert became == {"received": len(junk), "bad_json": len(junk)}
    found = letters(company, before + len(junk))[before:]
    offsets = [int(one["callcost-dead-offset"]) for one in found]
    assert offsets == list(range(offsets[0], offsets[0] + len(junk)))
    assert {one["callcost-dead-topic"] for one in found} == {company.name}
    assert {one["tried-by"] for one in found} == {"somebody"}
    assert [record.value for record in dead_letters(company)[before:]] == junk


def test_900_kb_of_a_call_are_costed_and_900_kb_of_junk_are_a_dead_letter(
    company: Company, worker: WorkerProcess
) -> None:
    before = len(dead_letters(company))
    large = json.dumps({**json.loads(a_call()), "attributes": {"note": "x" * 900_000}}).encode()
    assert told(company, worker, [large, b"y" * 900_000]) == {"received": 2, "costed": 1, "bad_json": 1}
    letters(company, before + 1)
    assert dead_letters(company)[-1].value == b"y" * 900_000


def test_what_is_too_large_for_a_dead_letter_is_cut_and_replayed_whole(company: Company, worker: WorkerProcess) -> None:
    """The topic takes as much as a record can have; with what is said of it a dead letter would have more."""
    before = len(dead_letters(company))
    large = json.dumps({**json.loads(a_call()), "attributes": {"note": "x" * 1_047_900}}).encode()
    assert told(company, worker, [large], ("callcost-platform", b"pigeon")) == {"received": 1, "unknown_value": 1}
    letter = letters(company, before + 1)[-1]
    kept = dead_letters(company)[-1].value
    assert len(kept) + int(letter["callcost-dead-cut-bytes"]) == len(large)
    assert large.startswith(kept)


def test_letters_are_cut_to_what_their_topic_takes(broker: Broker, tmp_path: Path) -> None:
    """It takes batches of 20 000 bytes: of 30 letters of 1 000 bytes some at a time, of one of 100 000 a part."""
    company = Company(tmp_path, broker.bootstrap, partitions=1)
    raw.now(raw.make(company.bootstrap, f"{company.name}-dead-letters", 1, {"max.message.bytes": "20000"}))
    try:
        worker = company.hire()
        until(lambda: worker.status()["not_ready"] is None)
        junk = [os.urandom(1_000) for _ in range(30)]
        large = os.urandom(100_000)
        raw.now(raw.write(company.bootstrap, company.name, [*junk, large], [("tried-by", b"somebody")]))
        until(lambda: raw.now(company.stored_up_to(0)) == 31)
        found = {int(dict(one.headers)["callcost-dead-offset"]): one for one in dead_letters(company)}
        assert [found[offset].value for offset in range(30)] == junk
        kept, headers = found[30].value, dict(found[30].headers)
        assert 5_000 < len(kept) < 20_000
        assert large.startswith(kept)
        assert len(kept) + int(headers["callcost-dead-cut-bytes"]) == len(large)
        assert headers["tried-by"] == b"somebody"
        until(lambda: not worker.status()["troubles"])
        assert worker.status()["dead_letters"] == 31
        somebodys = [("callcost-dead-reason", None)]
        raw.now(raw.write(company.bootstrap, f"{company.name}-dead-letters", [b"a note"], somebodys, key=b"a note"))
        listed = [sys.executable, "-m", "consumer", "deadletter", "list", "--format", "json"]
        assert len(subprocess.check_output(listed, cwd=worker.folder).splitlines()) == 31
    finally:
        company.dismiss()


def dead_letters(company: Company) -> list[ConsumerRecord]:
    return raw.now(raw.read(company.bootstrap, f"{company.name}-dead-letters"))


def letters(company: Company, number: int) -> list[dict[str, str]]:
    """Headers of the dead letters, once there are so many."""
    until(lambda: len(dead_letters(company)) >= number)
    return [{name: value.decode() for name, value in record.headers} for record in dead_letters(company)]


def test_calls_of_a_transaction_that_was_given_up_are_none(company: Company, worker: WorkerProcess) -> None:
    """Nor when they are read again after a restart, to know which calls were told before."""
    calls = [a_call() for _ in range(5)]
    raw.now(raw.give_up(company.bootstrap, company.name, calls))
    assert told(company, worker, calls[:2]) == {"received": 2, "costed": 2}
    worker.kill()
    worker.start()
    until(lambda: has_everything(worker))
    assert told(company, worker, calls[2:]) == {"received": 3, "costed": 3}
