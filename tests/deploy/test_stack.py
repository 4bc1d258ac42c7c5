"""The compose stack without containers: settings of its broker and worker, its commands and health checks, at work."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.commands import ROOT, ask
from tests.deploy.compose import seen_at, services
from tests.kafka.broker import free_port, jars
from tests.worker_process import until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(
        shutil.which("java") is None or shutil.which("mvn") is None, reason="the broker is started as a process"
    ),
]


def properties(folder: Path, plain: int, controller: int) -> str:
    """Variables as the image makes server.properties of them: KAFKA_LOG_DIRS is log.dirs. On other ports."""
    found = []
    for name, value in services()["kafka"]["environment"].items():
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS":
            here = value.replace("0.0.0.0:9092", f"127.0.0.1:{plain}").replace("kafka:9092", f"127.0.0.1:{plain}")
            here = here.replace("127.0.0.1:9093", f"127.0.0.1:{controller}").replace("/var/lib/kafka", str(folder))
            found.append(f"{name.removeprefix('KAFKA_').replace('_', '.').lower()}={here}")
    return "\n".join(found)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker with the settings of the service kafka."""
    folder, plain = tmp_path_factory.mktemp("kafka"), free_port()
    written = folder / "server.properties"
    written.write_text(properties(folder, plain, free_port()))
    heap = services()["kafka"]["environment"]["KAFKA_HEAP_OPTS"].split()
    java = ["java", *heap, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars()}/*"]
    cluster = services()["kafka"]["environment"]["CLUSTER_ID"]
    formatted = ask(*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", written)
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", written], stdout=log, stderr=log)
    try:
        until(lambda: listens(process, plain, folder / "log"), within_s=60)
        yield f"127.0.0.1:{plain}"
    finally:
        process.kill()
        process.wait()


def listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    return ask("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}").returncode == 0


class Stack:
    """The worker of the stack, and whatever else of it is run beside it."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.port, self.settings = free_port(), folder / "etc" / "callcost.toml"
        self.settings.parent.mkdir()
        shutil.copy(seen_at("worker", "/etc/callcost/callcost.toml"), self.settings)
        shutil.copytree(seen_at("worker", "/etc/callcost/rates"), self.settings.parent / "rates")
        (folder / "tokens").write_text("of-the-stack-0123456789\n")
        self.environment = {
            **os.environ,
            "CALLCOST_KAFKA__BOOTSTRAP": broker,
            "CALLCOST_INGEST__TOKEN_FILE": str(folder / "tokens"),
            "CALLCOST_HTTP__HOST": "127.0.0.1",
            "CALLCOST_HTTP__PORT": str(self.port),
        }
        self.log = folder / "log"

    def here(self, command: str) -> str:
        """A command of a container, with the paths and addresses that things have here."""
        command = command.replace("/opt/callcost/bin/python", sys.executable).replace("worker:8080", self.address)
        command = command.replace("127.0.0.1:8080", self.address).replace("/var/lib/callcost", str(self.log.parent))
        command = command.replace("/calls_arrive.py", str(seen_at("simulator", "/calls_arrive.py")))
        return command.replace("/etc/callcost/callcost.toml", str(self.settings))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return ask(*map(self.here, command), environment=self.environment)

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=10) as answer:
            found: str = answer.read().decode()
            return found


@pytest.fixture(scope="module")
def stack(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The worker is well by the image's own health check."""
    made = Stack(tmp_path_factory.mktemp("stack"), broker)
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    (command,) = re.findall(r'^CMD (\["run".*\])$', image, re.MULTILINE)
    (check,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*?\])\n\n", image.replace("\\\n", ""), re.MULTILINE)
    with made.log.open("wb") as log:
        started = [sys.executable, "-m", "consumer", *map(made.here, json.loads(command))]
        process = subprocess.Popen(started, cwd=ROOT, env=made.environment, stderr=log)
    try:
        assert made.run(*json.loads(check)).returncode != 0, "nobody listens yet"
        until(lambda: process.poll() is None and made.run(*json.loads(check)).returncode == 0)
        yield made
        process.terminate()
        assert process.wait(60) == 0, made.log.read_text()
    finally:
        process.kill()
        process.wait()


def test_the_month_is_told_once_and_then_calls_go_on(stack: Stack) -> None:
    shell = services()["history"]["entrypoint"]
    (command,) = services()["history"]["command"]
    check = services()["simulator"]["healthcheck"]["test"][1:]
    assert stack.run(*check).stdout == "no call has come\n"

    first = stack.run(*shell, command.replace("--past 30d", "--past 2d"))
    assert first.returncode == 0, first.stderr
    assert " events told, 0 refused" in first.stderr
    again = stack.run(*shell, command)
    assert (again.returncode, again.stderr) == (0, ""), "it was told"

    live = stack.run("callcost", *services()["simulator"]["command"], "--for", "0s")
    assert live.returncode == 0, live.stderr
    until(lambda: is_up_to_date(stack))
    samples = dict(line.rsplit(" ", 1) for line in stack.metrics().splitlines() if line[:1] != "#")
    assert float(samples["callcost_duplicates_total"]) > 1000, "what the simulator told again counts once"
    assert float(samples["callcost_late_calls_total"]) == 0
    assert stack.run(*check).stdout == "calls arrive\n"


def is_up_to_date(stack: Stack) -> bool:
    with urllib.request.urlopen(f"http://{stack.address}/api/status", timeout=10) as answer:
        status = json.load(answer)
    told = status["counts"]["received"]
    return status["not_ready"] is None and status["events_behind"] == 0 and told > 10_000
