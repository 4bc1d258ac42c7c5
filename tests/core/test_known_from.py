"""Since when calls are known: a window that begins before it has absorbed figures that are in doubt."""

from datetime import date, timedelta

from consumer.core.calls import SourceRecord
from consumer.core.company import beside_the_whole, read_together
from consumer.core.instants import DAY_MS
from consumer.core.money import NANO
from consumer.core.pipeline import Pipeline
from consumer.core.reading import Reading
from consumer.core.replay import Replay
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from tests.core.weeks import FOLD, at, call, folded, table

WEDNESDAY = date(2026, 11, 25)


def read(as_of_ms: int, *pipelines: Pipeline) -> Reading:
    ledgers = [pipeline.ledger for pipeline in pipelines]
    return read_together(table(), FOLD.dimensions, ledgers, as_of_ms, spans(table().calendar, as_of_ms))


def whole_ones(reading: Reading) -> set[str]:
    return {window.window for window in reading.windows if reading.is_whole(window)}


def replayed(events: list[bytes], from_ms: int, to_ms: int) -> Reading:
    replay = Replay.of(table(), decode, from_ms=from_ms, to_ms=to_ms)
    replay.pipeline.feed(SourceRecord(offset, event) for offset, event in enumerate(events))
    return replay.read()


def test_a_window_is_whole_if_it_begins_when_calls_are_known_already() -> None:
    """The first call ended on Wednesday at 08:17; it is 11:00, and so long ago cells have ten minutes."""
    events = [call(at(WEDNESDAY, clock), 36) for clock in ("08:17", "10:59")]
    reading = read(at(WEDNESDAY, "11:00"), folded(events))
    assert reading.known_from_ms == at(WEDNESDAY, "08:10")
    assert whole_ones(reading) == {"5m", "15m", "1h"}


def test_a_window_that_begins_with_the_first_cell_is_whole() -> None:
    events = [call(at(WEDNESDAY, clock), 36) for clock in ("08:10", "16:10")]
    assert "8h" in whole_ones(read(at(WEDNESDAY, "16:19"), folded(events)))  # since 08:10
    assert "8h" not in whole_ones(read(at(WEDNESDAY, "16:09"), folded(events)))  # since 08:00


def test_one_call_of_the_day_bears_what_accrued_all_month_and_the_reading_knows_better() -> None:
    """24 days and 10 hours at 864 a day are 21 096, and 0.10 for the call: as the rules have it, and in doubt."""
    reading = read(at(WEDNESDAY, "10:00"), folded([call(at(WEDNESDAY, "09:30"), 36)]))
    month = next(window for window in reading.windows if window.window == "month-to-date")
    whole = month.rows[-1].figures
    assert (whole.calls, whole.absorbed_nano) == (1, 21_096 * NANO + NANO // 10)
    assert not reading.is_whole(month)


def test_without_a_call_nothing_is_known_and_no_window_is_whole() -> None:
    reading = read(at(WEDNESDAY, "10:00"), folded([]))
    assert (reading.known_from_ms, whole_ones(reading)) == (None, set())


def test_of_several_parts_the_one_whose_calls_begin_first_says_since_when() -> None:
    """A partition with few callers has its first call later, and had none before."""
    early, late = folded([call(at(WEDNESDAY, "08:10"), 36)]), folded([call(at(WEDNESDAY, "10:50"), 36)])
    for parts in ((early, late), (late, early)):
        reading = read(at(WEDNESDAY, "11:00"), *parts)
        assert reading.known_from_ms is not None
        assert at(WEDNESDAY, "08:10") <= reading.known_from_ms <= at(WEDNESDAY, "08:11")
        assert "1h" in whole_ones(reading)
    assert "1h" not in whole_ones(read(at(WEDNESDAY, "11:00"), late))


def test_a_part_that_lags_in_finer_cells_may_be_the_one_whose_calls_begin_first() -> None:
    """One part knows Tuesday by the hour, in a block of the whole day; the other has come no further than 09:50."""
    tuesday = WEDNESDAY - timedelta(days=1)
    ahead = folded([call(at(tuesday, "15:10"), 36), call(at(WEDNESDAY, "18:30"), 36)])
    lags = folded([call(at(tuesday, "09:50"), 36)])
    assert read(at(WEDNESDAY, "19:00"), ahead).known_from_ms == at(tuesday, "15:00")
    for parts in ((ahead, lags), (lags, ahead)):
        assert read(at(WEDNESDAY, "19:00"), *parts).known_from_ms == at(tuesday, "09:50")


def test_a_worker_says_of_its_own_part_since_when_the_whole_company_is_known() -> None:
    early, late = folded([call(at(WEDNESDAY, "08:10"), 36)]), folded([call(at(WEDNESDAY, "10:50"), 36)])
    own, whole = (read(at(WEDNESDAY, "11:00"), *parts) for parts in ((late,), (late, early)))
    assert whole_ones(beside_the_whole(own, whole)) == whole_ones(whole) == {"5m", "15m", "1h"}


def test_what_is_dropped_for_its_age_leaves_every_window_whole() -> None:
    """A call every tenth day of 400: the oldest cells are gone, and the quarter is whole."""
    events = [call(at(WEDNESDAY - timedelta(days=back), "09:00"), 36) for back in range(400, -1, -10)]
    reading = read(at(WEDNESDAY, "10:00"), folded(events))
    assert reading.known_from_ms is not None
    assert reading.known_from_ms > at(WEDNESDAY, "09:00") - 200 * DAY_MS
    assert len(whole_ones(reading)) == len(reading.windows)


def test_a_replay_knows_calls_from_the_start_of_the_first_one_on() -> None:
    """It ended at 08:10 and had begun 36 s before: `all` is whole, and so is a range from then on."""
    events = [call(at(WEDNESDAY, clock), 36) for clock in ("08:10", "09:30")]
    first = at(WEDNESDAY, "08:10") - 36_000
    reading = replayed(events, first, at(WEDNESDAY, "12:00"))
    assert reading.known_from_ms == first
    assert {"all", "range", "5m"} <= whole_ones(reading)
    assert not whole_ones(reading) & {"24h", "7d", "30d", "quarter-to-date"}
    assert "range" not in whole_ones(replayed(events, first - 1, at(WEDNESDAY, "12:00")))
