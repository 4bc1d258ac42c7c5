"""Slices: cells that age, and windows that read the same from old cells as from new ones."""

import json
import random
from itertools import pairwise

import pytest

from consumer.core.calls import SourceRecord
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_ms, parse_rfc3339
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.replay import Replay
from consumer.core.slices import RETENTION_MS, live_levels
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from tests.tables import centre

LIVE = FoldSettings(levels=live_levels(MINUTE_MS), out_of_orderness_ms=MINUTE_MS, horizon_ms=DAY_MS)


def call(call_id: str, ended_ms: int) -> bytes:
    said = {
        "call_id": call_id, "direction": "inbound", "disposition": "answered", "queue": "sales",
        "started_at": format_ms(ended_ms - MINUTE_MS), "answered_at": format_ms(ended_ms - MINUTE_MS),
        "ended_at": format_ms(ended_ms),
    }  # fmt: skip
    return json.dumps(said).encode()


def six_weeks(until_ms: int) -> list[SourceRecord]:
    """A call about every two hours, in order."""
    rng = random.Random(1)  # noqa: S311 - a test's stream
    ends = sorted(until_ms - rng.randrange(42 * DAY_MS) for _ in range(500))
    return [SourceRecord(offset, call(f"c{offset}", ended_ms)) for offset, ended_ms in enumerate(ends)]


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-11-10T14:03:27.123Z",  # the 25-hour 25 October lies in the 30 days
        "2026-04-10T02:00:00.000Z",  # the 23-hour 29 March
        "2026-10-25T01:30:00.000Z",  # within the hour that comes twice
        "2026-10-31T22:00:00.000Z",  # a month's end
    ],
)
def test_windows_of_a_live_fold_over_weeks_equal_those_of_a_replay(as_of: str) -> None:
    """Cells of 10 s have become cells of a minute, ten minutes, an hour and a day by then; no window shows it."""
    as_of_ms = parse_rfc3339(as_of)
    stream = six_weeks(as_of_ms)
    live = Pipeline(centre(), decode, LIVE)
    for start, end in pairwise([*range(0, len(stream), 7), len(stream)]):
        live.feed(stream[start:end])
    replay = Replay.of(centre(), decode, as_of_ms)
    replay.pipeline.feed(stream)
    read = live.read(as_of_ms, spans(centre().calendar, as_of_ms)).windows
    assert read == replay.read().windows[: len(read)]
    assert {block.level for block in live.ledger.slices.blocks.values()} == {0, 1, 2, 3, 4}


def test_days_beyond_two_quarters_are_dropped() -> None:
    """Else a worker that runs for years would grow for ever."""
    begin = parse_rfc3339("2026-01-10T10:00:00Z")
    live = Pipeline(centre(), decode, LIVE)
    live.feed([SourceRecord(0, call("old", begin))])
    live.feed([SourceRecord(1, call("new", begin + RETENTION_MS + 2 * DAY_MS))])
    assert [block.level for block in live.ledger.slices.blocks.values()] == [0]


def test_a_call_of_yesterday_that_comes_today_is_in_the_windows_of_yesterday() -> None:
    noon = parse_rfc3339("2026-08-10T12:00:00Z")
    live = Pipeline(centre(), decode, LIVE)
    live.feed([SourceRecord(0, call("today", noon)), SourceRecord(1, call("yesterday", noon - 20 * HOUR_MS))])
    asked = spans(centre().calendar, noon + 1, ("1h", "24h"))
    hour, day = (window.rows[-1].figures.calls for window in live.read(noon + 1, asked).windows)
    assert (hour, day) == (1, 2)


def test_a_late_call_counts_in_money_and_in_no_window() -> None:
    """A minute of talk at 240 000 ÷ 30 600 007 s, with the other pools, is what `late_cost` says; windows do not."""
    noon = parse_rfc3339("2026-08-10T12:00:00Z")
    settings = FoldSettings(levels=LIVE.levels, allowed_lateness_ms=HOUR_MS, horizon_ms=DAY_MS)
    live = Pipeline(centre(), decode, settings)
    live.feed([SourceRecord(0, call("now", noon)), SourceRecord(1, call("late", noon - 2 * HOUR_MS))])
    alone = Pipeline(centre(), decode, settings)
    alone.feed([SourceRecord(0, call("late", noon - 2 * HOUR_MS))])
    asked = spans(centre().calendar, noon + 1, ("24h",))
    assert (live.counts.costed, live.counts.late) == (1, 1)
    assert live.read(noon + 1, asked).windows[0].rows[-1].figures.calls == 1
    assert live.counts.late_cost_nano == alone.read(noon + 1, asked).windows[0].rows[-1].figures.standard_nano > 0


def test_an_event_ahead_of_its_record_is_rejected_and_moves_no_watermark() -> None:
    noon = parse_rfc3339("2026-08-10T12:00:00Z")
    live = Pipeline(centre(), decode, LIVE)
    fast = SourceRecord(0, call("fast", noon + 5 * MINUTE_MS), (), noon)
    mad = SourceRecord(1, call("mad", noon + 5 * MINUTE_MS + 1), (), noon)
    rejected = live.feed([fast, mad])
    assert [one.rejection.reason for one in rejected] == ["ended_in_future"]
    assert live.watermark.highest_ms == noon + 5 * MINUTE_MS
