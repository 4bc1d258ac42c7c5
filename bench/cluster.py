"""A cluster for what is measured: one real broker that leaves the first core alone, and topics filled with calls."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ingest import beside_the_worker
from consumer.kafka.connection import Connection
from consumer.kafka.keys import call_key
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.topics import make_or_check, wanted_topics
from consumer.platforms import canonical
from consumer.platforms.formats import header_of
from consumer.settings import KafkaSection
from tests.kafka.broker import Broker, jars

PARTITIONS = 4
A_BATCH = 2_000  # events

_HEADERS = header_of("callcost")
_HORIZON_MS = 86_400_000
_ANSWER_S, _MOST_WAITING = 60.0, 256 << 20


def missing() -> str | None:
    """What a broker needs and is not here."""
    if shutil.which("java") is None:
        return "a broker needs Java 17; Debian: apt-get install openjdk-17-jre-headless maven"
    try:
        jars()
    except RuntimeError as error:
        return str(error)
    except subprocess.CalledProcessError as error:
        return f"Maven cannot fetch the broker: it ended with {error.returncode}"
    return None


@contextmanager
def broker() -> Iterator[Broker]:
    """An empty one. It, and this process from here on, leave the first core to what is measured."""
    beside_the_worker()
    with tempfile.TemporaryDirectory(prefix="callcost-bench-") as folder, Broker(Path(folder) / "broker") as started:
        yield started


@contextmanager
def on_the_first_core() -> Iterator[None]:
    """What is done before anything is measured need not share a core with the broker."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def section(bootstrap: str, calls: str, name: str = "") -> KafkaSection:
    """A company's topics, its group, and its checkpoints. Several that have other names may have the same calls."""
    name = name or calls
    return KafkaSection(
        bootstrap=bootstrap, group=name, topics={calls: "callcost"}, checkpoints=f"{name}-checkpoints",
        dead_letters=f"{name}-dead-letters", partitions=PARTITIONS,
    )  # fmt: skip


def as_written(kafka: KafkaSection) -> str:
    """The same in callcost.toml."""
    topics = ", ".join(f'"{topic}" = "{platform}"' for topic, platform in kafka.topics.items())
    instance = f'instance = "{kafka.instance}"\n' if kafka.instance else ""
    return (
        f'[kafka]\n{instance}bootstrap = "{kafka.bootstrap}"\ngroup = "{kafka.group}"\ntopics = {{ {topics} }}\n'
        f'checkpoints = "{kafka.checkpoints}"\ndead_letters = "{kafka.dead_letters}"\npartitions = {kafka.partitions}\n'
    )


async def make_topics(kafka: KafkaSection) -> None:
    """As a worker makes them at its start."""
    await make_or_check(Connection(kafka.bootstrap), wanted_topics(kafka, _HORIZON_MS), 1)


class Teller:
    """Whoever tells events: keyed by contact or call, acknowledged."""

    def __init__(self, kafka: KafkaSection) -> None:
        logging.getLogger("aiokafka").setLevel(
            logging.CRITICAL
        )  # topics have no leader for a moment; that is tried again
        self._topic = kafka.calls
        self._producer = Producer(Connection(kafka.bootstrap), _ANSWER_S, _MOST_WAITING)

    async def tell(self, events: Iterable[bytes]) -> None:
        """Some events; they are in the topic when this returns."""
        await self._producer.write(
            [Outgoing(self._topic, call_key(canonical.decode, one, _HEADERS), one, _HEADERS) for one in events]
        )

    async def stop(self) -> None:
        """Let go of the connection."""
        await self._producer.stop()


async def fill(kafka: KafkaSection, events: list[bytes]) -> None:
    """All of them, into topics that are made for them."""
    await make_topics(kafka)
    teller = Teller(kafka)
    for first in range(0, len(events), A_BATCH):
        await teller.tell(events[first : first + A_BATCH])
    await teller.stop()
