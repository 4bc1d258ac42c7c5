"""What other workers fold, as they last told it: the rest of the company's figures."""

import asyncio
import logging
from collections.abc import Collection, Iterable

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

    def __init__(self, board: Board, settings: FoldSettings) -> None:
        self._board, self._settings = board, settings
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

    async def refresh(self, table: RateTable, partitions: Iterable[TopicPartition]) -> None:
        """Show the newest of each."""
        for partition in partitions:
            async with self.turn:
                await asyncio.to_thread(self._refresh, table, partition)

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
