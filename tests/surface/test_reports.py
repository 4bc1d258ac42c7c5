"""A reading as JSON, CSV and tables."""

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from consumer.core.counts import Counts
from consumer.core.instants import DAY_MS
from consumer.core.money import NANO
from consumer.core.reading import Figures, PoolFigures, Reading, Row, WindowReading
from consumer.surface.report_csv import reading_csv
from consumer.surface.report_json import reading_json
from consumer.surface.report_table import MOST_SEGMENTS, live_report, print_reading
from tests.surface.golden_files import assert_golden
from tests.surface.readings import AS_OF, HEAD_OFFICE, reading


def printed(shown: Reading, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        print_reading(shown, console)
    return capture.get()


def shown_live(shown: Reading) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(live_report(shown))
    return capture.get()


def hour_of(segments: list[Figures], pools: tuple[PoolFigures, ...] = (), whole: Figures | None = None) -> Reading:
    """One window with one segment a queue, q00, q01, …"""
    rows = [Row(("inbound", f"q{number:02}"), figures) for number, figures in enumerate(segments)]
    last = Row((), whole or Figures(components_nano={}))
    window = WindowReading("1h", AS_OF - 3_600_000, AS_OF, (*rows, last), pools)
    return Reading(AS_OF, "USD", ("v1",), "0" * 64, ("direction", "queue"), Counts(), (window,))


def test_json_is_as_it_was_looked_at() -> None:
    assert_golden("reading.json", json.dumps(reading_json(reading()), indent=1, ensure_ascii=False))


def test_csv_is_as_it_was_looked_at() -> None:
    assert_golden("reading.csv", reading_csv(reading()))


def test_table_is_as_it_was_looked_at() -> None:
    assert_golden("reading.txt", printed(reading()))


def test_csv_has_every_figure_of_the_json() -> None:
    """One row a window and segment; null is empty, a component that is left out is 0."""
    shown = reading_json(reading())["windows"]
    rows = list(csv.DictReader(io.StringIO(reading_csv(reading()))))
    assert len(rows) == len(shown) == 1 + 7 + 7
    for row, window in zip(rows, shown, strict=True):
        assert row["window"] == window["window"]
        assert row["segment_site"] == window["segment"].get("site", "")
        assert row["standard_components_labour"] == window["standard_components"].get("labour", "0")
        assert row["cost_per_call_absorbed"] == (window["cost_per_call"]["absorbed"] or "")
    assert rows[2]["segment_site"] == HEAD_OFFICE


def test_names_from_events_cannot_command_a_terminal() -> None:
    assert not set(printed(reading())) & {"\x1b", "\r"}


@pytest.mark.parametrize("width", [20, 80, 100])
def test_numbers_are_never_cut_however_narrow_the_terminal_and_large_the_amount(width: int) -> None:
    rupiahs = 123_456_789_012 * NANO
    figures = Figures(calls=1, components_nano={"labour": rupiahs}, absorbed_nano=rupiahs, p95_nano=rupiahs)
    text = printed(hour_of([figures], (PoolFigures("agents", rupiahs, rupiahs),), whole=figures), width)
    # Per call and total, at standard and absorbed, and p95: 5 each for the window, its one segment, and the whole below
    # it; and what the pool accrued and absorbed.
    assert text.count("123,456,789,012.0000") == 5 * 3 + 2


def test_the_eye_gets_four_decimals_half_up() -> None:
    """0.00005 is 0.0001, 0.00004999 is 0.0000, and −0.00005 is 0.0000: upwards too."""
    pools = (PoolFigures("up", 50_000, 0), PoolFigures("down", 49_999, 0), PoolFigures("over", 0, 50_000))
    lines = {line.split()[0]: line.split()[1:] for line in printed(hour_of([], pools)).splitlines() if line.strip()}
    assert lines["up"] == ["0.0001", "0.0000", "0.0001", "0.0", "%"]
    assert lines["down"] == ["0.0000", "0.0000", "0.0000", "0.0", "%"]
    assert lines["over"] == ["0.0000", "0.0001", "0.0000", "–"]


def test_beyond_a_screenful_the_cheapest_segments_are_one_line_that_adds_up() -> None:
    """q00 costs 1, q01 costs 2, …: of three more than are shown the cheapest are 1 + 2 + 3 = 6 in 3 calls."""
    segments = [
        Figures(calls=1, components_nano={"fee": number * NANO}, absorbed_nano=number * NANO)
        for number in range(1, MOST_SEGMENTS + 4)
    ]
    text = printed(hour_of(segments))
    assert text.index("q27") < text.index("q26") < text.index("q03") < text.index("3 more segments")
    assert "q02" not in text
    line = next(line for line in text.splitlines() if "3 more segments" in line)
    assert line.split()[3:] == ["3", "2.0000", "2.0000", "2.0000", "–", "6.0000", "6.0000"]


def line_of(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(f" {name} "))


def test_absorbed_cost_of_a_window_that_begins_before_calls_are_known_is_marked_and_why_is_said() -> None:
    """Two days of seven are known: 8.01 for 4 calls is 2.0025 in both windows, and sure in the hour alone."""
    for text in (printed(reading()), shown_live(reading())):
        assert line_of(text, "1h")[5] == "2.0025"
        assert line_of(text, "7d")[5] == "*2.0025"
        assert line_of(text, "5m")[5] == "–"  # without a call there is nothing to doubt
        said = " ".join(text.split())
        assert "* doubtful: no call before 2026-11-21 10:00:00Z is known; those since bear what accrued before." in said
    for known_from_ms in (AS_OF - 7 * DAY_MS, AS_OF - 8 * DAY_MS):
        assert "*" not in printed(replace(reading(), known_from_ms=known_from_ms))


def test_segments_are_of_the_longest_window_that_is_whole_and_where_none_is_of_the_longest() -> None:
    assert "1h, 2026-11-23 09:00:00Z to 2026-11-23 10:00:00Z: by direction" in printed(reading())
    whole = replace(reading(), known_from_ms=AS_OF - 7 * DAY_MS)
    assert "7d, 2026-11-16 10:00:00Z to 2026-11-23 10:00:00Z: by direction" in printed(whole)
    none_is = replace(reading(), known_from_ms=AS_OF - 1)
    assert "7d, 2026-11-16 10:00:00Z to 2026-11-23 10:00:00Z: by direction" in printed(none_is)
    assert line_of(printed(none_is), "inbound · sales · ath")[9] == "*1.0000"


def test_json_and_csv_say_of_each_window_whether_it_is_whole_and_of_all_since_when() -> None:
    shown = reading_json(reading())
    assert (shown["known_from"], shown["time_zone"]) == ("2026-11-21T10:00:00.000Z", "Europe/Athens")
    expected = {("5m", True), ("1h", True), ("7d", False)}
    for part in ("windows", "pools"):
        assert {(row["window"], row["whole"]) for row in shown[part]} == expected
    rows = csv.DictReader(io.StringIO(reading_csv(reading())))
    assert {(row["window"], row["whole"]) for row in rows} == {("5m", "true"), ("1h", "true"), ("7d", "false")}
    unknown = reading_json(replace(reading(), known_from_ms=None))
    assert (unknown["known_from"], {row["whole"] for row in unknown["windows"]}) == (None, {False})


def test_without_doubt_no_doubt_is_shown() -> None:
    text = printed(replace(reading(), counts=Counts(received=2, costed=1, duplicates=1)))
    assert "2 received\n= 1 costed + 0 unrated + 0 rejected + 1 duplicates + 0 amended + 0 late + 0 pending" in text
    assert "Every call is in the costs below." in text
