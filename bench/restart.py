"""A restart: the index of a million calls made again, and what a snapshot takes."""

from bench import workload
from bench.machine import cpu_s, settle
from consumer.core.snapshot import Snapshotter, restore
from consumer.platforms.canonical import decode

EVENTS = 1_000_000


def report() -> None:
    """Print the figures. All events are within the horizon of a day."""
    table, settings = workload.rate_table(), workload.live_settings()
    records = workload.records(EVENTS, workload.busy_centre(), step_ms=60.0)
    pipeline = workload.pipeline(table, settings)
    settle()
    for first in range(0, EVENTS, 5_000):
        pipeline.feed(records[first : first + 5_000])
    snapshotter = Snapshotter(pipeline)
    whole = {}
    first_s = cpu_s(lambda: whole.update(all=snapshotter.snapshot()), 1)
    pipeline.feed([record._replace(offset=EVENTS + record.offset) for record in records[:1]])
    next_s = cpu_s(snapshotter.snapshot, 1)
    taken = whole["all"]
    size = sum(map(len, taken.new_blocks.values())) / 1e6
    print(
        f"snapshot, all {len(taken.block_ids)} blocks            {first_s * 1e3:6.0f} ms, {size:.0f} MB; the next one {next_s * 1e3:.0f} ms"
    )
    again, first, until = restore(taken.head, taken.new_blocks, table, decode, settings)
    seconds = cpu_s(lambda: again.reindex(records[first:], until), 1)
    print(f"index of {len(again.index):,} calls made again  {seconds:6.1f} s")


if __name__ == "__main__":
    report()
