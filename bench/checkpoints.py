"""What checkpoints cost a worker: CPU seconds of making and storing them, and of reading what is told of them.

Begun before the worker is made. Not counted is what clients of Kafka do on their own for the bytes.
"""

from typing import Any

from bench.spent import Spent
from consumer.core.snapshot import Snapshotter
from consumer.home.embedded.home import EmbeddedHome


class Checkpoints:
    """Of all homes of this process."""

    def __init__(self, *, on_kafka: bool) -> None:
        self._rounds, self._parts, self._read = Spent(), Spent(), Spent()
        _count(self._parts.on, Snapshotter, "snapshot")
        if on_kafka:
            self._count_kafka()
        else:
            _count(self._rounds.on, EmbeddedHome, "_store_checkpoint")

    def _count_kafka(self) -> None:
        """Of all partitions at once; some of it runs on threads, and some on the event loop."""
        # Not imported where it is not needed: it takes memory, which is measured.
        from consumer.home.kafka import checkpoints  # noqa: PLC0415
        from consumer.home.kafka.board import Board  # noqa: PLC0415
        from consumer.home.kafka.shares import Shares  # noqa: PLC0415
        from consumer.home.kafka.storing import Storing  # noqa: PLC0415

        _count(self._rounds.on_steps, Storing, "store")
        _count(self._parts.on_steps, Storing, "_store")
        for name in ("_in_parts", "packed"):
            _count(self._parts.on, checkpoints, name)
        _count(self._read.on, Board, "take")
        _count(self._read.on, Shares, "_refresh")

    @property
    def times(self) -> int:
        """How many there were."""
        return self._rounds.times

    @property
    def cpu_s(self) -> float:
        """Making and storing them."""
        return self._rounds.cpu_s + self._parts.cpu_s

    @property
    def read_cpu_s(self) -> float:
        """Reading what is in the topic of checkpoints, our own as well."""
        return self._read.cpu_s


def _count(counted: Any, owner: Any, name: str) -> None:
    setattr(owner, name, counted(getattr(owner, name)))
