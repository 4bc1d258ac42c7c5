"""What other workers fold, as they last told it: the rest of the company's figures."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator

from aiokafka import TopicPartition

from consumer.core.pipeline import FoldSettings
from consumer.core.rates import RateTable
from consumer.core.share import Share
from consumer.core.snapshot import SnapshotUnusable
from consumer.home.failures import HomeBroken
from consumer.home.kafka.board import Board
from consumer.home.kafka.own import name_of
from consumer.kafka.parts import NotAsWritten

log = logging.getLogger("callcost")


class Shares:
    """The shares of all partitions that are not ours."""

    def __init__(self, board: Board, settings: FoldSettings, topics: frozenset[str]) -> None:
        """Of those topics; what the board holds of others is of settings that were changed."""
        self._board, self._settings, self._topics = board, settings, topics
        self.partitions: set[TopicPartition] = set()  # all that there are, ours too
        self._shares: dict[TopicPartition, Share] = {}
        self._unusable: dict[TopicPartition, str] = {}
        self.turn = asyncio.Lock()  # of whoever reads or changes them

    def beside(self, own: Collection[TopicPartition]) -> dict[TopicPartition, Share]:
        """Those that are not ours, in their order."""
        return {one: share for one, share in sorted(self._shares.items()) if one not in own}

    @property
    def troubles(self) -> list[str]:
        """Which cannot be shown, and why."""
        return [f"{name_of(one)}: not in the figures: {why}" for one, why in sorted(self._unusable.items())]

    def know(self, partitions: Iterable[TopicPartition]) -> None:
        """That these are there."""
        self.partitions |= {one for one in partitions if one.topic in self._topics}

    async def forget(self, which: Callable[[], Collection[TopicPartition]]) -> None:
        """Let go of those that we fold ourselves, when nobody reads."""
        async with self.turn:
            for partition in which():
                self._shares.pop(partition, None)
                self._unusable.pop(partition, None)

    async def refresh(self, table: RateTable, partitions: Collection[TopicPartition]) -> None:
        """Show the newest of each."""
        self.know(partitions)
        for partition in self.partitions & set(partitions):
            async with self.turn:
                await asyncio.to_thread(self._refresh, table, partition)

    def stale(self, partitions: Iterable[TopicPartition], now_ms: int, longest_ms: int) -> Iterator[str]:
        """Of which of these nothing new was told for long: their worker is gone, or stuck."""
        for partition in sorted(partitions):
            as_of_ms = self._board.as_of_ms(partition)
            if as_of_ms is None:
                yield f"{name_of(partition)}: nobody has told anything of it"
            elif now_ms - as_of_ms > longest_ms:
                age_s = (now_ms - as_of_ms) // 1000
                yield f"{name_of(partition)}: its figures are {age_s} s old: its worker is gone, or stuck"

    def _refresh(self, table: RateTable, partition: TopicPartition) -> None:
        share = self._shares.get(partition) or Share(table, self._settings)
        try:
            found = self._board.find(partition)
            if found is not None:
                share.show(found.body, found.blocks)
                self._shares[partition] = share
        except (HomeBroken, SnapshotUnusable, NotAsWritten, KeyError) as error:
            self._note(partition, str(error))
        else:
            self._unusable.pop(partition, None)

    def _note(self, partition: TopicPartition, why: str) -> None:
        if self._unusable.get(partition) != why:
            log.error("%s: the figures of its worker cannot be shown: %s", name_of(partition), why)
        self._unusable[partition] = why
