"""Reading windows: what may be left out of a reading leaves the rest as it is."""

from dataclasses import replace
from datetime import date

import pytest

from consumer.core.company import read_together
from consumer.core.money import NANO
from consumer.core.pipeline import Pipeline
from consumer.core.reading import Reading, Row
from consumer.core.windows import Span, spans
from consumer.platforms.canonical import decode
from tests.core.streams import records, three_hours
from tests.core.weeks import at, call, folded
from tests.tables import centre

WEDNESDAY = date(2026, 11, 25)
SINCE_NINE = [Span("1h", at(WEDNESDAY, "09:00"), at(WEDNESDAY, "10:00"))]


def read(pipeline: Pipeline, by: tuple[str, ...] | None, *, segment_quantiles: bool) -> Reading:
    as_of_ms = max(pipeline.last_ended_ms, at(date(2026, 8, 10), "12:00"))
    asked, known = spans(pipeline.table.calendar, as_of_ms), pipeline.settings.dimensions
    ledgers = [pipeline.ledger]
    return read_together(
        pipeline.table, known, ledgers, as_of_ms, asked, by, segment_quantiles=segment_quantiles
    )  # fmt: skip


def without_quantiles(row: Row) -> Row:
    return replace(row, figures=replace(row.figures, p50_nano=None, p95_nano=None, p99_nano=None))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("by", [None, ("direction", "site"), ("direction",)])
def test_without_segments_quantiles_everything_else_is_the_same(seed: int, by: tuple[str, ...] | None) -> None:
    pipeline = Pipeline(centre(), decode)
    pipeline.feed(records(three_hours(seed)))
    whole, lean = (read(pipeline, by, segment_quantiles=all_of_them) for all_of_them in (True, False))
    assert any(row.figures.p95_nano is not None for row in whole.windows[-1].rows)
    for window, other in zip(whole.windows, lean.windows, strict=True):
        expected = tuple(row if len(row.segment) <= 1 or row.is_idle else without_quantiles(row) for row in window.rows)
        assert other == replace(window, rows=expected)


@pytest.mark.parametrize("talk_s", [31, 30])
def test_quantiles_of_one_call_are_what_it_cost(talk_s: int) -> None:
    """31 s are 0.31 and 0.10; 0.4138 stands for what costs 0.41. 30 s make 0.40, for which 0.3977 stands."""
    reading = folded([call(at(WEDNESDAY, "09:59"), talk_s)]).read(at(WEDNESDAY, "10:00"), SINCE_NINE)
    costs = {(row.figures.p50_nano, row.figures.p95_nano) for row in reading.windows[0].rows if not row.is_idle}
    assert costs == {(talk_s * NANO // 100 + NANO // 10,) * 2}


def test_an_empty_fold_has_neither() -> None:
    pipeline = Pipeline(centre(), decode)
    assert read(pipeline, None, segment_quantiles=True) == read(pipeline, None, segment_quantiles=False)
