"""The topics that are needed: made with sound settings when they are absent, checked when they are there.

A topic that is there is never altered: what must not be as it is stops us, what should not be is said.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from consumer.core.instants import DAY_MS, HOUR_MS
from consumer.kafka.connection import Connection
from consumer.kafka.failures import ClusterUnusable, reason_of
from consumer.settings import KafkaSection

log = logging.getLogger("callcost")

_SEGMENT_BYTES = 64 << 20  # nothing is removed from the newest segment, and every start reads all of it
MOST_MESSAGE_BYTES = 1_048_588  # Kafka's own default, whatever the cluster's may be: parts are made to fit in


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic, how it is made, and what of it is looked at when it is there."""

    name: str
    partitions: int
    config: Mapping[str, str]
    must_be: Mapping[str, str] = field(default_factory=dict)  # else we stop
    should_be: Mapping[str, str] = field(default_factory=dict)  # else it is said
    least_retention_ms: int = 0
    why: str = ""  # what goes wrong where it is not as it must be


def wanted_topics(kafka: KafkaSection, horizon_ms: int) -> list[Wanted]:
    """All topics of a worker. Calls are kept longer than the horizon within which they are remembered."""
    retention_ms = max(kafka.retention_h * HOUR_MS, horizon_ms * 2)
    of_calls = {"message.timestamp.type": "LogAppendTime"}
    found = [
        Wanted(
            name,
            kafka.partitions,
            {"cleanup.policy": "delete", "retention.ms": str(retention_ms), "retention.bytes": "-1", **of_calls},
            must_be={"cleanup.policy": "delete"},
            should_be={**of_calls, "retention.bytes": "-1"},
            least_retention_ms=horizon_ms,
            why="calls of one contact have one key: all but the newest would be removed",
        )
        for name in kafka.topics
    ]
    found.append(
        _compacted(kafka.checkpoints, "a checkpoint that is removed by age takes all figures before it with it")
    )
    found.append(
        Wanted(
            kafka.dead_letters,
            1,
            {
                "cleanup.policy": "compact,delete",
                "retention.ms": str(90 * DAY_MS),
                "max.message.bytes": str(MOST_MESSAGE_BYTES),
            },
        )
    )  # fmt: skip
    if kafka.rates is not None:
        found.append(wanted_rates(kafka.rates))
    return found


def wanted_rates(name: str) -> Wanted:
    """The topic of the rate table."""
    return _compacted(name, "a rate table that is removed by age leaves calls without a price")


def _compacted(name: str, why: str) -> Wanted:
    config = {
        "cleanup.policy": "compact", "segment.ms": str(HOUR_MS), "segment.bytes": str(_SEGMENT_BYTES),
        "min.cleanable.dirty.ratio": "0.2",
        "max.message.bytes": str(MOST_MESSAGE_BYTES),
    }  # fmt: skip
    return Wanted(name, 1, config, must_be={"cleanup.policy": "compact"}, why=why)


async def make_or_check(connection: Connection, wanted: Sequence[Wanted], replication: int | None) -> list[str]:
    """All topics are there when this returns; what is not as it should be. Raises ClusterUnusable and KafkaError.

    Without a `replication`: three replicas, or as many as there are brokers.
    """
    async with _admin(connection) as admin:
        there = await admin.list_topics()
        replication = replication or min(3, len((await admin.describe_cluster())["brokers"]))
        for one in wanted:
            if one.name not in there:
                await _make(admin, one, replication)
        doubts: list[str] = []
        for one in wanted:
            if one.name in there:
                doubts += _doubts(one, await _config_of(admin, one.name))
        return doubts


async def partitions_of(connection: Connection, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of those topics that there are. Raises KafkaError."""
    async with _admin(connection) as admin:
        there = set(await admin.list_topics()) & set(topics)
        found = await admin.describe_topics(sorted(there)) if there else []
    return sorted(
        TopicPartition(topic["topic"], partition["partition"]) for topic in found for partition in topic["partitions"]
    )


@asynccontextmanager
async def _admin(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection.for_aiokafka)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _make(admin: AIOKafkaAdminClient, wanted: Wanted, replication: int) -> None:
    config = dict(wanted.config)
    if replication > 1:
        config["min.insync.replicas"] = str(replication // 2 + 1)
    answer = await admin.create_topics([NewTopic(wanted.name, wanted.partitions, replication, topic_configs=config)])
    for told in answer.topic_errors:
        kind = for_code(told[1])
        if told[1] == 0:
            log.info("topic %s is made: %d partitions, %d replicas", wanted.name, wanted.partitions, replication)
        elif kind is not TopicAlreadyExistsError:  # another worker was faster
            error: KafkaError = kind(*told[2:3])
            raise ClusterUnusable(
                f"topic {wanted.name} cannot be made: {reason_of(error)}; make it, or set [kafka] replication"
            )


async def _config_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    (found,) = answer.resources
    code, message, _, _, entries = found[:5]
    if code:
        log.warning("the settings of topic %s cannot be read and were not checked: %s", topic, message)
    return {entry[0]: entry[1] for entry in entries}


def _doubts(wanted: Wanted, config: Mapping[str, Any]) -> list[str]:
    if not config:
        return []
    for name, value in wanted.must_be.items():
        if config.get(name) != value:
            raise ClusterUnusable(
                f"topic {wanted.name}: {name}: found {config.get(name)}, expected {value}: {wanted.why}"
            )
    doubts = [
        f"topic {wanted.name}: {name}: found {config.get(name)}, expected {value}: {_DOUBTS[name]}"
        for name, value in wanted.should_be.items()
        if config.get(name) != value
    ]
    retention_ms = int(config.get("retention.ms") or -1)
    if 0 <= retention_ms < wanted.least_retention_ms:
        doubts.append(
            f"topic {wanted.name}: retention.ms: found {retention_ms}, expected {wanted.least_retention_ms} or more: "
            "after a restart calls of the horizon would not all be known, and may count twice"
        )
    return doubts


_DOUBTS = {
    "message.timestamp.type": "which calls end in the future is judged by the clocks of producers",
    "retention.bytes": "records may be removed before the horizon has passed, and calls may count twice",
}
