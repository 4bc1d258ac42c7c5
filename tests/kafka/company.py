"""A company on Kafka: workers of one group, the events they are told, and what these ought to come to.

What figures ought to be is folded here from the very records of the topic, each partition by itself, by nobody who is
ever killed.
"""

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.company import read_together
from consumer.core.counts import Counts, Totals, sum_of
from consumer.core.instants import parse_rfc3339
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.reading import Reading
from consumer.core.windows import spans
from consumer.home.kafka.records import HeadKey, open_head, read_key
from consumer.kafka.connection import Connection
from consumer.kafka.keys import call_key
from consumer.kafka.producing import Outgoing, Producer
from consumer.kafka.reading import reach_of, read_between, reader
from consumer.kafka.topics import partitions_of
from consumer.platforms import canonical
from consumer.platforms.formats import by_platform, header_of
from consumer.rates.load import load_rates
from consumer.settings import load_settings
from consumer.sources.unavailable import Unavailable
from consumer.surface.report_json import reading_json
from tests.worker_process import WorkerProcess

SAMPLES = Path(consumer.samples.__file__).parent
HORIZON_S = 172_800
SETTINGS = """
rates_poll_s = 0.2
[home]
checkpoint_s = {checkpoint_s}
[fold]
horizon_s = {horizon_s}
{fold}
[kafka]
bootstrap = "{bootstrap}"
group = "{name}"
topics = {{ {topics} }}
checkpoints = "{name}-checkpoints"
dead_letters = "{name}-dead-letters"
partitions = {partitions}
session_timeout_s = {session_timeout_s}
{more}
"""


@dataclass
class Company:
    """Topics of its own, and as many workers as are hired, each in a folder of its own."""

    folder: Path
    bootstrap: str
    partitions: int = 4
    checkpoint_s: float = 0.3
    session_timeout_s: float = 3.0
    more: str = ""  # of [kafka]
    fold: str = ""  # of [fold]
    topics: dict[str, str] = field(default_factory=dict)  # and their platforms; without any: one of canonical calls
    name: str = field(default_factory=lambda: f"calls-{secrets.token_hex(4)}")
    workers: list[WorkerProcess] = field(default_factory=list)
    hired: int = 0
    told: int = 0  # records that were acknowledged

    @property
    def connection(self) -> Connection:
        return Connection(self.bootstrap)

    def hire(self, *, start: bool = True) -> WorkerProcess:
        """One more worker."""
        self.hired += 1
        folder = self.folder / f"worker-{self.hired}"
        folder.mkdir(parents=True)
        shutil.copytree(SAMPLES / "decks", folder / "decks")
        shutil.copy(SAMPLES / "rates.toml", folder)
        worker = WorkerProcess(folder, self.settings())
        self.workers.append(worker)
        if start:
            worker.start()
        return worker

    def settings(self) -> str:
        topics = ", ".join(f'"{name}" = "{of}"' for name, of in (self.topics or {self.name: "callcost"}).items())
        return SETTINGS.format(
            topics=topics, fold=self.fold,
            checkpoint_s=self.checkpoint_s, horizon_s=HORIZON_S, bootstrap=self.bootstrap, name=self.name,
            partitions=self.partitions, session_timeout_s=self.session_timeout_s, more=self.more,
        )  # fmt: skip

    def dismiss(self) -> None:
        """Kill all."""
        for worker in self.workers:
            if worker.life:
                worker.kill()

    @asynccontextmanager
    async def producing(self) -> AsyncIterator[Producer]:
        producer = Producer(self.connection, 5.0, 64 << 20)
        try:
            yield producer
        finally:
            await producer.stop()

    async def write(self, producer: Producer, events: Sequence[bytes], partition: int | None = None) -> None:
        """Until they are acknowledged; so what is refused may be there twice."""
        headers = header_of("callcost")
        records = [
            Outgoing(self.name, call_key(canonical.decode, event, headers), event, headers, partition)
            for event in events
        ]
        while True:
            try:
                await producer.write(records)
            except Unavailable:
                await asyncio.sleep(0.2)
            else:
                self.told += len(records)
                return

    def tell(self, events: Sequence[bytes], at_once: int = 2_000, partition: int | None = None) -> None:
        """All of them, keyed by contact, which decides of their partition unless one is named."""

        async def told() -> None:
            async with self.producing() as producer:
                for first in range(0, len(events), at_once):
                    await self.write(producer, events[first : first + at_once], partition)

        asyncio.run(told())

    async def records(self) -> dict[TopicPartition, list[SourceRecord]]:
        """Everything in the topic of calls."""
        found: dict[TopicPartition, list[SourceRecord]] = {}
        for partition in await partitions_of(self.connection, [self.name]):
            async with reader(self.connection) as consumer:
                reach = await reach_of(consumer, partition)
                found[partition] = [
                    SourceRecord(one.offset, one.value, tuple(one.headers), one.timestamp)
                    async for some in read_between(consumer, partition, *reach)
                    for one in some
                ]
        return found

    async def stored_up_to(self, partition: int) -> int:
        """The offset up to which any checkpoint of a partition goes; 0 without any."""
        (where,) = await partitions_of(self.connection, [f"{self.name}-checkpoints"])
        furthest = 0
        async with reader(self.connection) as consumer:
            async for some in read_between(consumer, where, *await reach_of(consumer, where)):
                for record in some:
                    key = read_key(record.key)
                    if isinstance(key, HeadKey) and key.partition.partition == partition and record.value:
                        furthest = max(furthest, open_head(record.value).next_offset)
        return furthest

    def undisturbed(self) -> "Undisturbed":
        """What the topic comes to under the rate table that the first worker has now."""
        return Undisturbed(self, asyncio.run(self.records()))

    def are_up_to_date(self) -> bool:
        """Whether all that we told, and all else that anybody knows to be in the topic, is in everybody's figures."""
        statuses = [worker.status() for worker in self.workers if worker.process.poll() is None]
        received = {status["counts"]["received"] for status in statuses}
        return (
            len(received) == 1
            and min(received) >= self.told
            and all(
                status["not_ready"] is None
                and status["events_behind"] == 0
                and not status["troubles"]
                and len(status["shares"]) == self.partitions
                for status in statuses
            )
        )


class Undisturbed:
    """Each partition folded by itself, in one go."""

    def __init__(self, company: Company, records: dict[TopicPartition, list[SourceRecord]]) -> None:
        self.table = load_rates(company.workers[0].folder / "rates.toml")
        self.settings: FoldSettings = load_settings(company.workers[0].folder / "callcost.toml").fold.for_fold()
        self.records = records
        self.pipelines = [self.folded(some) for some in records.values()]

    def folded(self, records: Iterable[SourceRecord]) -> Pipeline:
        """Some records as if they were one partition."""
        pipeline = Pipeline(self.table, by_platform({"callcost": canonical.decode}, "callcost"), self.settings)
        pipeline.feed(records)
        return pipeline

    @property
    def counts(self) -> Counts:
        return sum_of(Counts, [pipeline.counts for pipeline in self.pipelines])

    @property
    def totals(self) -> Totals:
        return sum_of(Totals, [pipeline.totals for pipeline in self.pipelines])

    def read(self, as_of_ms: int, by: tuple[str, ...] | None = None) -> Reading:
        asked = spans(self.table.calendar, as_of_ms)
        ledgers = [pipeline.ledger for pipeline in self.pipelines]
        return read_together(self.table, self.settings.dimensions, ledgers, as_of_ms, asked, by)

    def assert_shown_by(self, worker: WorkerProcess) -> dict[str, Any]:
        """To the last digit."""
        shown: dict[str, Any] = worker.get("/api/windows")
        assert shown.pop("not_ready") is None
        expected = reading_json(self.read(parse_rfc3339(shown["as_of"])))
        del expected["pools"]
        assert shown == json.loads(json.dumps(expected))
        assert any(window["calls"] for window in shown["windows"])
        return shown
