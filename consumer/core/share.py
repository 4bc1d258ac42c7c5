"""Another worker's share of the source: its sums as it last told them, followed from snapshot to snapshot.

Owns which blocks need not be opened again. A share is read and never folded: it has no index and costs nothing.
"""

from collections.abc import Mapping
from functools import partial

from consumer.core.counts import Counts, Totals
from consumer.core.pipeline import FoldSettings
from consumer.core.rates import RateTable
from consumer.core.segments import Segments
from consumer.core.slices import Block, Slices
from consumer.core.snapshot import opened_block, opened_head


class Share:
    """The sums of one part of a source, as old as the snapshot that was shown last."""

    def __init__(self, table: RateTable, settings: FoldSettings) -> None:
        self._table, self._settings = table, settings
        self._opened: dict[str, Block] = {}  # by name
        self.segments = Segments(settings.dimensions)
        self.slices = Slices(table.calendar, settings.levels, settings.cuts)
        self.counts, self.totals = Counts(), Totals()
        self.next_offset, self.highest_ms = 0, 0

    def show(self, head: bytes, blocks: Mapping[str, bytes]) -> None:
        """Go over to another snapshot of it. Raises SnapshotUnusable, and stays as it was."""
        opened = opened_head(head, self._settings, self._table)
        find = partial(opened_block, blocks=blocks, segments=self.segments)
        found = {name.id: self._opened.get(name.id) or find(name) for name in opened.blocks}
        slices = Slices(self._table.calendar, self._settings.levels, self._settings.cuts)
        slices.blocks = {(block.level, block.start_ms): block for block in found.values()}
        self._opened, self.slices = found, slices
        self.counts, self.totals = opened.counts_and_totals()
        self.next_offset, self.highest_ms = opened.next_offset, opened.highest_ms
