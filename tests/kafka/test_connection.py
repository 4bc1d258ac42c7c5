"""A worker on a cluster that lets nobody in without a certificate, a password or a token; secrets are in files."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.home.contract import some_hours
from tests.kafka.broker import PASSWORD, USER, Broker
from tests.kafka.company import Company
from tests.worker_process import until

pytestmark = pytest.mark.kafka


def token() -> str:
    """One without a signature, as the broker of these tests takes it."""
    parts = [{"alg": "none"}, {"sub": USER, "iat": int(time.time()) - 5, "exp": int(time.time()) + 3_600}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


def secured(broker: Broker, tmp_path: Path, way: str) -> tuple[str, str]:
    """The address, and the lines of [kafka], for a way in."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "token").write_text(token())
    (tmp_path / "wrong").write_text("of-somebody-else-0123456789")
    trust = f'ca_file = "{broker.folder}/ca.pem"\n'
    user = f'username = "{USER}"\npassword_file = "{tmp_path}/password"\n'
    certificate = f'certificate_file = "{broker.folder}/client.pem"\nkey_file = "{broker.folder}/client.key"\n'
    return {
        "mTLS": (broker.tls, trust + certificate),
        "PLAIN": (broker.sasl, f'{trust}sasl = "PLAIN"\n{user}'),
        "SCRAM-SHA-256": (broker.sasl, f'{trust}sasl = "SCRAM-SHA-256"\n{user}'),
        "SCRAM-SHA-512": (broker.sasl, f'{trust}sasl = "SCRAM-SHA-512"\n{user}'),
        "OAUTHBEARER": (broker.sasl, f'{trust}sasl = "OAUTHBEARER"\ntoken_file = "{tmp_path}/token"\n'),
        "no certificate": (broker.tls, trust),
        "another's password": (broker.sasl, f'{trust}sasl = "SCRAM-SHA-512"\n{user.replace("/password", "/wrong")}'),
        "another authority": (broker.tls, "tls = true\n" + certificate),
    }[way]


@pytest.mark.parametrize("way", ["mTLS", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])
def test_calls_go_in_and_figures_come_out_over_a_secured_connection(broker: Broker, tmp_path: Path, way: str) -> None:
    address, more = secured(broker, tmp_path, way)
    company = Company(tmp_path / "company", broker.bootstrap, partitions=1)
    company.bootstrap, company.more = address, more
    try:
        worker = company.hire()
        company.bootstrap = broker.bootstrap
        until(lambda: worker.status()["not_ready"] is None)
        company.tell(some_hours()[:200])
        until(lambda: worker.status()["counts"]["received"] == 200)
        company.undisturbed().assert_shown_by(worker)
        worker.stop()
        assert PASSWORD not in worker.log.read_text()
    finally:
        company.dismiss()


@pytest.mark.parametrize("way", ["another's password", "no certificate", "another authority"])
def test_who_is_not_let_in_is_told_why_and_no_secret_is_shown(broker: Broker, tmp_path: Path, way: str) -> None:
    address, more = secured(broker, tmp_path, way)
    company = Company(tmp_path / "company", address, partitions=1, more=more)
    worker = company.hire(start=False)
    command = [sys.executable, "-m", "consumer", "run"]
    with subprocess.Popen(command, cwd=worker.folder, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = b""
        while b"Kafka at" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.kill()
    assert address.encode() in said
    assert b"of-somebody-else" not in said
    if way == "another's password":
        assert b"uthentication" in said
