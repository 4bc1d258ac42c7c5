"""Counters: what happened, which never falls; told apart from how things are now."""

import json

from consumer.core.calls import SourceRecord
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table


def table(price_a_minute: str, prefix: str, further: str = "") -> RateTable:
    text = f"""
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2026-01-01
[[version.tariff]]
name = "carrier"
rates = [{{ prefix = "{prefix}", rate_per_minute = "{price_a_minute}" }}]
{further}
"""
    return build_rate_table("rates.toml", text.encode(), {}.__getitem__)


def call(call_id: str, **fields: object) -> SourceRecord:
    said = {
        "call_id": call_id, "direction": "outbound", "started_at": "2026-08-10T10:00:00Z",
        "answered_at": "2026-08-10T10:00:00Z", "ended_at": "2026-08-10T10:01:00Z", "disposition": "answered",
        "to_number": "+302101234567", **fields,
    }  # fmt: skip
    return SourceRecord(int(call_id), json.dumps(said).encode())


def carrier(pipeline: Pipeline) -> tuple[int, int]:
    """Costs and corrections of outbound calls, in thousandths of a dollar."""
    totals = pipeline.totals.directions["outbound"]
    return totals.cost_nano.get("carrier", 0) // 10**6, totals.corrections_nano.get("carrier", 0) // 10**6


def test_a_call_that_becomes_cheaper_is_a_correction_and_one_that_becomes_dearer_is_cost() -> None:
    """A minute at 0.06, at 0.04 (0.02 less), at 0.05 (0.01 more): cost 0.07, corrections 0.02, in all 0.05."""
    pipeline = Pipeline(table("0.06", "30"), decode)
    pipeline.feed([call("1")])
    pipeline.switch_table(table("0.04", "30"))
    pipeline.switch_table(table("0.05", "30"))
    assert carrier(pipeline) == (70, 20)
    assert pipeline.totals.directions["outbound"].calls == pipeline.totals.costed == 1


def test_a_call_that_was_unrated_counts_as_costed_when_it_is() -> None:
    """Else cost per call of the counters would take its cost and not the call."""
    pipeline = Pipeline(table("0.06", "44"), decode)
    pipeline.feed([call("1"), call("2")])
    assert (pipeline.totals.costed, pipeline.totals.unrated) == (0, {"no_prefix": 2})
    pipeline.feed([SourceRecord(3, b'{"call_id": "2", "version": 2, "to_number": "+44201234"}')])
    assert (pipeline.totals.costed, carrier(pipeline)) == (1, (60, 0))
    pipeline.switch_table(table("0.06", ""))
    outbound = pipeline.totals.directions["outbound"]
    assert (pipeline.totals.costed, outbound.calls, outbound.handled_ms, sum(outbound.histogram)) == (2, 2, 120_000, 2)
    assert carrier(pipeline) == (120, 0)
    assert (pipeline.counts.costed, pipeline.counts.unrated) == (2, {})
    assert pipeline.totals.unrated == {"no_prefix": 2}  # they were, then


def test_a_call_that_changes_direction_takes_its_cost_along() -> None:
    pipeline = Pipeline(table("0.06", "30"), decode)
    pipeline.feed([call("1"), SourceRecord(2, b'{"call_id": "1", "version": 2, "direction": "inbound"}')])
    assert carrier(pipeline) == (60, 60)
    assert pipeline.totals.directions["inbound"].cost_nano == {"carrier": 60_000_000}


def closed(pipeline: Pipeline) -> tuple[int, int]:
    """What came to days that were over, and what went from them, in thousandths of a dollar."""
    return pipeline.totals.closed_risen_nano // 10**6, pipeline.totals.closed_fallen_nano // 10**6


NEXT_DAY = {
    "started_at": "2026-08-11T10:00:00Z", "answered_at": "2026-08-11T10:00:00Z", "ended_at": "2026-08-11T10:01:00Z",
}  # fmt: skip


def test_what_changes_of_a_day_that_is_over_is_counted_by_itself() -> None:
    """Two calls of a minute at 0.06, one a day; at 0.04 the first falls by 0.02, at 0.05 it rises by 0.01."""
    pipeline = Pipeline(table("0.06", "30"), decode)
    pipeline.feed([call("1")])
    pipeline.switch_table(table("0.03", "30"))
    pipeline.switch_table(table("0.06", "30"))
    assert closed(pipeline) == (0, 0)  # the day is not over
    pipeline.feed([call("2", **NEXT_DAY)])
    pipeline.switch_table(table("0.04", "30"))
    assert closed(pipeline) == (0, 20)
    pipeline.switch_table(table("0.05", "30"))
    assert closed(pipeline) == (10, 20)
    pipeline.feed([call("3")])  # a call of yesterday that comes only now
    assert closed(pipeline) == (60, 20)
    pipeline.feed([SourceRecord(4, b'{"call_id": "3", "version": 2, "ended_at": "2026-08-11T10:00:00Z"}')])
    assert closed(pipeline) == (60, 70)  # and was one of today: 24 h at 0.05 a minute are no change of yesterday


def test_a_day_is_over_when_the_watermark_says_so_whatever_came_in_one_batch() -> None:
    """The same three records, in one batch and one by one."""
    records = [call("1"), call("2", **NEXT_DAY), call("3")]
    at_once, one_by_one = Pipeline(table("0.06", "30"), decode), Pipeline(table("0.06", "30"), decode)
    at_once.feed(records)
    for record in records:
        one_by_one.feed([record])
    assert closed(at_once) == closed(one_by_one) == (60, 0)


def test_a_reported_price_without_a_rate_counts_once_however_often_its_call_is_told_and_while_it_has_none() -> None:
    """The counter rises for each of two versions; the count is of one call, and of none once the price is erased."""
    pipeline = Pipeline(table("0.06", "30"), decode)
    pipeline.feed([call("1", reported_price={"amount": "9", "currency": "JPY"})])
    pipeline.feed([SourceRecord(2, b'{"call_id": "1", "version": 2, "wrap_s": 5}')])
    assert (pipeline.counts.unconverted_prices, pipeline.totals.unconverted_prices) == (1, 2)
    pipeline.feed([SourceRecord(3, b'{"call_id": "1", "version": 3, "reported_price": null}')])
    assert (pipeline.counts.unconverted_prices, pipeline.totals.unconverted_prices) == (0, 2)


def test_a_reported_price_counts_no_more_once_a_table_has_a_rate_for_it() -> None:
    pipeline = Pipeline(table("0.06", "30"), decode)
    pipeline.feed([call("1", reported_price={"amount": "9", "currency": "JPY"})])
    yen = '[[fx]]\ncurrency = "JPY"\nrate = "0.0067"\neffective_from = 2026-01-01\n'
    pipeline.switch_table(table("0.06", "30", yen))
    assert pipeline.counts.unconverted_prices == 0
    pipeline.switch_table(table("0.06", "30"))
    assert pipeline.counts.unconverted_prices == 1
