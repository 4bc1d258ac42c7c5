"""Records that were gone before they were needed: calls are missing, or may count twice.

It is said for as long as the process runs.
"""

import logging
from collections.abc import Iterator

from aiokafka import TopicPartition

from consumer.home.kafka.own import name_of

log = logging.getLogger("callcost")


class Losses:
    """What is known to be gone, by partition."""

    def __init__(self) -> None:
        self._told: dict[TopicPartition, str] = {}

    def note_index(self, partition: TopicPartition, needed: int, first: int) -> None:
        """Records of remembered calls are not kept any more."""
        self._note(
            partition,
            f"records before {first} are not kept any more, and {needed} is needed: calls before may count twice; "
            "keep the topic for longer than the horizon",
        )

    def note_calls(self, partition: TopicPartition, read_to: int, first: int) -> None:
        """Records were removed before they were read."""
        self._note(
            partition,
            f"records {read_to} to {first - 1} were removed before they were read: their calls are in no figure; "
            "keep the topic for longer",
        )

    def _note(self, partition: TopicPartition, what: str) -> None:
        self._told[partition] = f"{name_of(partition)}: {what}"
        log.error("%s", self._told[partition])

    def __iter__(self) -> Iterator[str]:
        return iter(self._told.values())

    @property
    def partitions(self) -> tuple[str, ...]:
        """Of which anything is gone."""
        return tuple(map(name_of, sorted(self._told)))
