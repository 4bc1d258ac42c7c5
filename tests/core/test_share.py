"""Another worker's share, followed from snapshot to snapshot, says what its pipeline says."""

from dataclasses import replace

import pytest

from consumer.core.company import read_together
from consumer.core.pipeline import Pipeline
from consumer.core.share import Share
from consumer.core.snapshot import Snapshotter, SnapshotUnusable
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from tests.core.streams import records, three_hours
from tests.core.test_company import AS_OF, WIDE
from tests.tables import centre


@pytest.mark.parametrize("seed", range(4))
def test_a_share_says_what_its_pipeline_says_after_each_snapshot(seed: int) -> None:
    table = centre()
    pipeline, share = Pipeline(table, decode, WIDE), Share(table, WIDE)
    snapshotter, blocks = Snapshotter(pipeline), {}
    asked = spans(table.calendar, AS_OF)
    lines = records(three_hours(seed))
    for first in range(0, len(lines), 25):
        pipeline.feed(lines[first : first + 25])
        snapshot = snapshotter.snapshot()
        blocks |= snapshot.new_blocks
        share.show(snapshot.head, blocks)
        assert read_together(table, WIDE.dimensions, [share], AS_OF, asked) == pipeline.read(AS_OF, asked)
        assert share.totals == pipeline.totals
        assert (share.next_offset, share.highest_ms) == (pipeline.next_offset, pipeline.watermark.highest_ms)


def test_a_share_that_cannot_be_read_stays_as_it_was() -> None:
    table = centre()
    pipeline, share = Pipeline(table, decode, WIDE), Share(table, WIDE)
    snapshotter = Snapshotter(pipeline)
    lines = records(three_hours(1))
    pipeline.feed(lines[:50])
    first = snapshotter.snapshot()
    share.show(first.head, first.new_blocks)
    seen, asked = share.counts, spans(table.calendar, AS_OF)
    before = read_together(table, WIDE.dimensions, [share], AS_OF, asked)
    pipeline.feed(lines[50:])
    second = snapshotter.snapshot()
    with pytest.raises(SnapshotUnusable, match="missing"):
        share.show(second.head, {})
    with pytest.raises(SnapshotUnusable, match="other dimensions"):
        Share(table, replace(WIDE, horizon_ms=60_000)).show(first.head, first.new_blocks)
    assert share.counts == seen
    assert read_together(table, WIDE.dimensions, [share], AS_OF, asked) == before
