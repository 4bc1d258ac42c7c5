"""Rate tables on a cluster: the one in force, and those that checkpoints were made under, kept in their topic.

A table is kept for as long as a checkpoint names it; what nobody names any more goes after a while.
"""

import asyncio

from consumer.core.rates import RateTable
from consumer.home.failures import Damaged
from consumer.home.kafka.checkpoints import Checkpoints
from consumer.rates.load import WrittenRates
from consumer.rates.problems import RateTableInvalid


class Tables:
    """Those of one worker."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._written: WrittenRates | None = None
        self._table: RateTable | None = None
        self._built: dict[str, RateTable] = {}

    @property
    def in_force(self) -> RateTable:
        """What calls are costed with from here on."""
        if self._table is None:
            raise RuntimeError("put_in_force comes first")
        return self._table

    def put_in_force(self, rates: WrittenRates, table: RateTable) -> None:
        """From here on this one. `keep` is to follow before anything is stored that names it."""
        self._written, self._table = rates, table
        self._built[table.sha256] = table

    async def keep_one_more(self, rates: WrittenRates, table: RateTable) -> None:
        """Have one in the topic that is to be put in force. Raises Unavailable."""
        await self._checkpoints.keep_table(table.sha256, rates)

    async def keep(self) -> None:
        """See that the table in force stands in the topic, and remove what nobody needs. Raises Unavailable."""
        if self._written is not None:
            needed = {self.in_force.sha256, *self._checkpoints.named_tables()}
            self._built = {sha256: table for sha256, table in self._built.items() if sha256 in needed}
            await self._checkpoints.keep_table(self.in_force.sha256, self._written)
            await self._checkpoints.forget_tables(self.in_force.sha256)

    async def find(self, sha256: str) -> RateTable:
        """A table by its hash, built of what is kept in the topic where it is none that we had. Raises Damaged."""
        if sha256 not in self._built:
            written = self._checkpoints.find_table(sha256)
            try:
                self._built[sha256] = await asyncio.to_thread(written.build)
            except RateTableInvalid as error:
                raise Damaged(f"rate table {sha256} was in force and is no longer valid: {error}") from error
        return self._built[sha256]
