"""A real broker for tests, and for `make kafka`: Apache Kafka in KRaft mode, on loopback.

Its jars come from Maven Central; without Java and Maven it runs in a container, where Docker runs.

One process that is broker and controller. It listens three times: plain, with TLS (and asks for the client's
certificate), and with SASL over TLS. It can be killed and started again on the same data.
"""

import argparse
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.kafka.container import JARS, InContainer
from tests.needs import docker_runs

ROOT = Path(__file__).parent.parent.parent
POM = Path(__file__).parent / "pom.xml"
USER, PASSWORD = "callcost", "of-the-broker-0123456789"
HOST = "127.0.0.1"

_UP_WITHIN_S = 60
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{plain},TLS://{host}:{tls},SASL://{host}:{sasl},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{plain},TLS://{host}:{tls},SASL://{host}:{sasl}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,SASL:SASL_SSL
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.min.cleanable.ratio=0.1
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.tls.ssl.client.auth=required
listener.name.sasl.ssl.client.auth=none
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={jaas}.plain.PlainLoginModule required user_{user}="{password}";
listener.name.sasl.scram-sha-256.sasl.jaas.config={jaas}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config={jaas}.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config={jaas}.oauthbearer.OAuthBearerLoginModule required;
"""


class Broker:
    """One broker in a folder of its own. `bootstrap` (plain), `tls` and `sasl` are the addresses it listens on."""

    def __init__(self, folder: Path, plain_port: int | None = None) -> None:
        self.folder = folder
        plain, tls, sasl, controller = (free_port() for _ in range(4))
        plain = plain_port or plain
        self.bootstrap, self.tls, self.sasl = f"{HOST}:{plain}", f"{HOST}:{tls}", f"{HOST}:{sasl}"
        self._jars = jars() if has_java() else None  # else in a container
        folder.mkdir(parents=True, exist_ok=True)
        _make_certificates(folder)
        (folder / "server.properties").write_text(
            _PROPERTIES.format(
                host=HOST,
                plain=plain,
                tls=tls,
                sasl=sasl,
                controller=controller,
                folder=folder,
                user=USER,
                password=PASSWORD,
                jaas="org.apache.kafka.common.security",
            )
        )
        self._process: subprocess.Popen[bytes] | InContainer | None = None
        if not (folder / "data").exists():
            self._format()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _format(self) -> None:
        """An empty log that knows the user."""
        scram = [
            argument
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for argument in ("--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]")
        ]
        command = ["format", "-t", "Y2FsbGNvc3QtdGVzdHMtMQ", "-c", self.folder / "server.properties", *scram]
        self._java("kafka.tools.StorageTool", *command).wait(_UP_WITHIN_S)

    def _java(self, main: str, *arguments: str | Path) -> "subprocess.Popen[bytes] | InContainer":
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        said = ["-Xmx512m", quiet, "-cp", f"{self._jars or JARS}/*", main, *map(str, arguments)]
        if self._jars is None:
            return InContainer(said, self.folder)
        with (self.folder / "broker.log").open("ab") as log:
            return subprocess.Popen(["java", *said], stdout=log, stderr=log)

    def start(self) -> None:
        """Returns when it can be connected to on every address."""
        self._process = self._java("kafka.Kafka", self.folder / "server.properties")
        deadline = time.monotonic() + _UP_WITHIN_S
        while not all(map(_listens, (self.bootstrap, self.tls, self.sasl))):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "broker.log").read_text()[-4_000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_UP_WITHIN_S)

    def pause(self) -> None:
        """It answers nothing until `go_on`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `pause`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)


def has_java() -> bool:
    """Whether the broker runs as a process. Raises RuntimeError where it can run in no way."""
    if shutil.which("mvn") is not None and shutil.which("java") is not None:
        return True
    if docker_runs():
        return False
    packages = "openjdk-17-jre-headless maven"
    raise RuntimeError(f"the broker needs Java 17 and Maven, or Docker; Debian: apt-get install {packages}")


def jars() -> Path:
    """The broker's jars, fetched once for each version of the pom."""
    folder = ROOT / ".kafka" / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not folder.exists():
        fetched = folder.with_name(f"{folder.name}.{os.getpid()}")
        subprocess.run(
            ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"], check=True
        )
        fetched.rename(folder)
    return folder


def _make_certificates(folder: Path) -> None:
    """ca.pem, the broker's own, and client.pem with client.key, made anew for each broker."""
    if (folder / "ca.pem").exists():
        return
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    broker, client = authority.issue_cert(HOST, "localhost"), authority.issue_cert("client.callcost.test")
    chain = b"".join(blob.bytes() for blob in broker.cert_chain_pems)
    key = load_pem_private_key(broker.private_key_pem.bytes(), None)
    in_pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # the one form that Kafka reads
    (folder / "broker.pem").write_bytes(in_pkcs8 + chain)
    (folder / "client.pem").write_bytes(b"".join(blob.bytes() for blob in client.cert_chain_pems))
    client.private_key_pem.write_to_path(str(folder / "client.key"))


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 0.5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def main() -> int:
    """`make kafka`: a broker in the foreground, whose data stays."""
    asked = argparse.ArgumentParser(description="A broker on loopback, until Ctrl-C.")
    asked.add_argument("--port", type=int, default=9092)
    asked.add_argument("--folder", type=Path, default=ROOT / ".kafka" / "broker")
    given = asked.parse_args()
    with Broker(given.folder.resolve(), given.port) as broker:
        print(f"Kafka listens on {broker.bootstrap}; TLS {broker.tls}, SASL over TLS {broker.sasl}; Ctrl-C ends it")
        try:
            signal.pause()
        except KeyboardInterrupt:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
