"""Commands that speak to the cluster: simulate, deadletter, check."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home.contract import call
from tests.kafka import raw
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import WorkerProcess, free_port, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap, partitions=3)
    yield company
    company.dismiss()


@pytest.fixture
def worker(company: Company) -> WorkerProcess:
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    return worker


def callcost(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "consumer", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)


def test_the_simulator_writes_to_the_topic_and_makes_it_where_it_is_absent(company: Company) -> None:
    """Before there is any worker."""
    worker = company.hire(start=False)
    told = callcost(worker.folder, "simulate", "--to", "kafka", "--past", "2h", "--for", "0s")
    assert told.returncode == 0, told.stderr
    records = raw.now(raw.read(company.bootstrap, company.name))
    assert f"{len(records):,} events told, 0 refused".encode() in told.stderr
    assert len({record.partition for record in records}) == 3
    contacts: dict[str, set[int]] = {}
    for record in records:
        event = json.loads(record.value)
        contacts.setdefault(event.get("contact_id") or event["call_id"], set()).add(record.partition)
    assert all(len(partitions) == 1 for partitions in contacts.values())
    worker.start()
    until(lambda: worker.status()["counts"]["received"] == len(records))
    company.undisturbed().assert_shown_by(worker)


def test_the_simulator_says_that_there_is_no_broker(company: Company) -> None:
    worker = company.hire(start=False)
    settings = worker.folder / "callcost.toml"
    nowhere = f"127.0.0.1:{free_port()}"
    settings.write_text(settings.read_text().replace(company.bootstrap, nowhere))
    told = callcost(worker.folder, "simulate", "--to", "kafka", "--for", "0s")
    assert told.returncode == 1
    assert f"Kafka at {nowhere}: ".encode() in told.stderr


def test_dead_letters_are_listed_shown_and_replayed_once_each_after_a_fix(
    company: Company, worker: WorkerProcess
) -> None:
    """The fix is a topic that is said to be of the platform that its records are of."""
    platform = [("callcost-platform", b"kamailio")]
    good = call("not-of-kamailio")
    raw.now(raw.write(company.bootstrap, company.name, [good, b"junk"], platform, key=b"a contact"))
    until(lambda: worker.status()["dead_letters"] == 2)
    listed = [
        json.loads(line)
        for line in callcost(worker.folder, "deadletter", "list", "--format", "json").stdout.splitlines()
    ]
    assert [(one["reason"], one["platform"]) for one in listed] == [
        ("missing_field", "kamailio"),
        ("bad_json", "kamailio"),
    ]
    number = str(listed[0]["number"])
    assert callcost(worker.folder, "deadletter", "show", number, "--raw").stdout == good
    shown = callcost(worker.folder, "deadletter", "show", number).stdout.decode()
    assert f"{company.name}/" in shown
    replayed = callcost(worker.folder, "deadletter", "replay", "--all")
    assert b"2 replayed: 2 records written to their topics again" in replayed.stdout
    until(lambda: worker.status()["counts"]["received"] == 4)
    assert worker.status()["counts"]["rejected"] == {"missing_field": 2, "bad_json": 2}
    records = raw.now(raw.read(company.bootstrap, company.name))
    assert [record.key for record in records] == [b"a contact"] * 4
    assert [record.headers for record in records[2:]] == [record.headers for record in records[:2]]
    again = callcost(worker.folder, "deadletter", "replay", number)
    assert b"0 replayed" in again.stdout  # each once
    assert callcost(worker.folder, "deadletter", "replay", "999").returncode == 1


def test_what_was_cut_for_its_size_is_replayed_whole(company: Company, worker: WorkerProcess) -> None:
    large = call("large", attributes={"note": "x" * 1_047_900})
    platform = [("callcost-platform", b"pigeon")]
    raw.now(raw.write(company.bootstrap, company.name, [large], platform))
    until(lambda: worker.status()["dead_letters"] == 1)
    assert callcost(worker.folder, "deadletter", "replay", "--all").returncode == 0
    first, second = raw.now(raw.read(company.bootstrap, company.name))
    assert first.value == second.value == large


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('certificate_file = "c.pem"', "certificate_file and key_file: expected both or neither"),
        ('sasl = "SCRAM-SHA-512"', "sasl: SCRAM-SHA-512 needs username and password_file"),
        ('sasl = "PLAIN"\nusername = "u"\npassword_file = "p"', "without TLS anybody on the way can read the password"),
        ('ca_file = "rates.toml"', "expected certificates in PEM"),
        ('ca_file = "missing.pem"', "No such file or directory; expected certificates in PEM"),
        ('tls = true\nsasl = "OAUTHBEARER"\ntoken_file = "missing"', "expected a file with a secret"),
        ('ingest_topic = "elsewhere"', "ingest_topic: found elsewhere, expected one of topics"),
    ],
)
def test_settings_certificates_and_secrets_are_checked_without_a_broker(tmp_path: Path, more: str, why: str) -> None:
    company = Company(tmp_path, "127.0.0.1:1", more=more)
    worker = company.hire(start=False)
    said = callcost(worker.folder, "check", "-c", "callcost.toml")
    assert said.returncode == 2
    assert why in said.stderr.decode()
