"""The laws of the fold, for any stream of events."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.calls import SourceRecord
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.reading import Reading, Row
from consumer.core.replay import Replay
from consumer.core.slices import live_levels
from consumer.core.snapshot import Snapshotter, restore
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from tests.core.streams import NOON, mad, records, three_hours, well_formed
from tests.tables import centre

#: Small enough that calls expire, wait in vain and come late within a stream of three hours.
TIGHT = FoldSettings(
    levels=live_levels(MINUTE_MS),
    out_of_orderness_ms=MINUTE_MS,
    allowed_lateness_ms=20 * MINUTE_MS,
    horizon_ms=30 * MINUTE_MS,
    most_entries=4,
    most_values=2,
)
NARROW = FoldSettings(
    levels=live_levels(MINUTE_MS), out_of_orderness_ms=MINUTE_MS, allowed_lateness_ms=20 * MINUTE_MS,
    horizon_ms=30 * MINUTE_MS,
)  # fmt: skip
WIDE = FoldSettings(levels=live_levels(MINUTE_MS), out_of_orderness_ms=MINUTE_MS, horizon_ms=24 * HOUR_MS)


def replayed(lines: list[bytes], agents: str = "240000") -> Reading:
    replay = Replay.of(centre(agents), decode, NOON + 3 * HOUR_MS, NOON - HOUR_MS, NOON + HOUR_MS)
    replay.pipeline.feed(records(lines))
    replay.pipeline.finish()
    return replay.read()


def snapshot_of(pipeline: Pipeline) -> tuple[bytes, dict[str, bytes]]:
    taken = Snapshotter(pipeline).snapshot()
    return taken.head, dict(taken.new_blocks)


def fold(stream: list[SourceRecord], cuts: list[int], shape: FoldSettings = TIGHT) -> Pipeline:
    pipeline = Pipeline(centre(), decode, shape)
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        pipeline.feed(stream[start:end])
    return pipeline


@given(well_formed(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_figures(lines: list[bytes], rng) -> None:
    """Versions in any order, contacts in any order, calls in any order."""
    shuffled = lines[:]
    rng.shuffle(shuffled)
    assert replayed(shuffled) == replayed(lines)


@given(well_formed())
def test_feeding_twice_only_counts_duplicates(lines: list[bytes]) -> None:
    once, twice = replayed(lines), replayed(lines + lines)
    assert twice.windows == once.windows
    assert twice.counts.duplicates == len(lines)
    assert twice.counts.costed == once.counts.costed


@given(mad(), st.lists(st.integers(0, 25), max_size=6))
@settings(max_examples=200)
def test_any_batching_gives_the_same_snapshot_byte_for_byte(lines: list[bytes], cuts: list[int]) -> None:
    stream = records(lines)
    cuts = [cut for cut in cuts if cut < len(stream)]
    assert snapshot_of(fold(stream, cuts)) == snapshot_of(fold(stream, list(range(len(stream)))))


@given(mad(), st.integers(0, 25), st.lists(st.integers(0, 25), max_size=3), st.sampled_from([TIGHT, WIDE]))
@settings(max_examples=300)
def test_restore_and_replay_at_any_record_is_no_restart_at_all(
    lines: list[bytes], crash: int, cuts: list[int], shape: FoldSettings
) -> None:
    stream = records(lines)
    crash = min(crash, len(stream))
    before = fold(stream[:crash], [cut for cut in cuts if cut < crash], shape)
    head, blocks = snapshot_of(before)
    again, reindex_from, reindex_until = restore(head, blocks, centre(), decode, shape)
    assert again.reindex([record for record in stream if record.offset >= reindex_from], reindex_until)
    assert snapshot_of(again) == (head, blocks)
    again.feed(stream)
    assert snapshot_of(again) == snapshot_of(fold(stream, [], shape))


@given(st.integers(0, 10**9), st.integers(0, 180), st.sampled_from([TIGHT, NARROW]))
@settings(max_examples=150)
def test_a_restart_hours_into_a_stream_changes_nothing_that_follows(seed: int, crash: int, shape: FoldSettings) -> None:
    """Calls, contacts and waiting versions have expired by then, and are not in the records that are read again."""
    stream = records(three_hours(seed))
    before = fold(stream[:crash], [], shape)
    head, blocks = snapshot_of(before)
    again, reindex_from, reindex_until = restore(head, blocks, centre(), decode, shape)
    assert again.reindex([record for record in stream if record.offset >= reindex_from], reindex_until)
    again.feed(stream)
    assert snapshot_of(again) == snapshot_of(fold(stream, [], shape))


@given(mad())
def test_every_event_is_in_exactly_one_count(lines: list[bytes]) -> None:
    stream = records(lines)
    for shape in (TIGHT, WIDE, FoldSettings()):
        counts = fold(stream, [], shape).counts
        assert counts.received == len(lines) == counts.accounted()
        assert min(counts.costed, counts.pending, *counts.rejected.values(), *counts.unrated.values(), 0) == 0


@given(well_formed(), st.integers(0, 20))
def test_a_table_switched_in_mid_stream_equals_the_same_table_from_the_start(lines: list[bytes], at: int) -> None:
    stream = records(lines)
    switched = Pipeline(centre("1"), decode, WIDE)
    switched.feed(stream[:at])
    switched.switch_table(centre())
    switched.feed(stream[at:])
    steady = fold(stream, [], WIDE)
    asked = spans(centre().calendar, NOON + 3 * HOUR_MS)
    assert switched.read(NOON + 3 * HOUR_MS, asked) == steady.read(NOON + 3 * HOUR_MS, asked)


@given(well_formed())
def test_the_live_fold_reads_what_a_replay_reads(lines: list[bytes]) -> None:
    """Ageing changes no figure of a window whose edges lie on the grid."""
    as_of = NOON + 3 * HOUR_MS
    live = fold(records(lines), [], WIDE).read(as_of, spans(centre().calendar, as_of))
    assert live.windows == replayed(lines).windows[: len(live.windows)]


def total(rows: list[Row], name: str) -> int:
    return sum(getattr(row.figures, name) for row in rows)


@given(well_formed())
def test_segments_directions_and_components_add_up_to_the_whole(lines: list[bytes]) -> None:
    for window in replayed(lines).windows:
        whole = window.rows[-1].figures
        idle = [row for row in window.rows if row.is_idle]
        segments = [row for row in window.rows if len(row.segment) == 3 and not row.is_idle]
        directions = [row for row in window.rows if len(row.segment) == 1]
        for name in ("calls", "unrated", "contacts", "talk_ms", "standard_nano", "direct_nano", "abandoned_nano"):
            assert total(segments, name) == total(directions, name) == getattr(whole, name)
        assert total(segments, "absorbed_nano") + total(idle, "absorbed_nano") == whole.absorbed_nano
        assert sum(whole.components_nano.values()) == whole.standard_nano


@given(well_formed())
def test_absorbed_and_idle_add_up_to_what_accrued(lines: list[bytes]) -> None:
    for window in replayed(lines).windows:
        accrued = sum(pool.accrued_nano for pool in window.pools)
        assert window.rows[-1].figures.absorbed_nano == window.rows[-1].figures.direct_nano + accrued
        for pool in window.pools:
            assert pool.idle_nano is not None
            assert (pool.absorbed_nano or 0) + pool.idle_nano == pool.accrued_nano
