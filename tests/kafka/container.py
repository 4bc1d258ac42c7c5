"""A program of Kafka's in a container, where Docker runs and Java is not there: on the same files and addresses.

It shares the network of this machine and the broker's folder, so for whoever uses it, it is the process that it stands
for. That takes Linux: elsewhere Docker does not share the network. Never tried: where it was written no Docker ran.
"""

import os
import signal
from pathlib import Path

from testcontainers.core.container import DockerContainer

IMAGE = "apache/kafka:4.1.0"  # as tests/kafka/pom.xml has it
JARS = "/opt/kafka/libs"  # within it


class InContainer:
    """What is used of `subprocess.Popen`."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        """`java` with some arguments; the folder is where it is outside."""
        self._log = folder / "broker.log"
        kept = DockerContainer(IMAGE).with_volume_mapping(folder, str(folder), "rw").with_command(arguments)
        kept.with_kwargs(network_mode="host", entrypoint="java", user=f"{os.getuid()}:{os.getgid()}")
        self._container = kept.start().get_wrapped_container()

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        self._container.reload()
        return self.wait() if self._container.status in ("exited", "dead") else None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code."""
        code = int(self._container.wait(timeout=timeout)["StatusCode"])
        self._log.write_bytes(self._container.logs())
        return code

    def send_signal(self, number: int) -> None:
        """A container is frozen and goes on by Docker's own means."""
        if number == signal.SIGSTOP:
            self._container.pause()
        elif number == signal.SIGCONT:
            self._container.unpause()
        else:
            self._container.kill(signal=number)

    def kill(self) -> None:
        """SIGKILL."""
        if self.poll() is None:
            self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)
