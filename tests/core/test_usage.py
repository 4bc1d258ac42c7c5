"""What calls used of which item, by the drivers of a rate table."""

import json
from datetime import date

from consumer.core.calls import SourceRecord
from consumer.core.intervals import Interval, sum_intervals
from consumer.core.money import NANO
from consumer.core.pipeline import Pipeline
from consumer.core.reading import Segment
from consumer.core.usage import ON_THE_LINE, Item, Items, Usage
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table
from tests.core.streams import records, three_hours
from tests.core.weeks import at, call, folded, parts, table
from tests.tables import CENTRE, centre

WEDNESDAY = date(2026, 11, 25)
SALES = ("inbound", "sales", "ath")
AGENTS = Item("labour", "agents", "handle_second")


def used(pipeline: Pipeline, items: Items) -> dict[Segment, Usage]:
    segments, intervals = sum_intervals(parts(pipeline), [0, 1 << 50], left_out=(1,))
    return items.used(segments, intervals[0])


def test_a_segment_has_its_calls_its_units_of_every_driver_and_what_items_cost() -> None:
    """Two calls of 36 s: 72 000 ms at 0.01 a second, and 0.10 a call; on the line they cost nothing."""
    pipeline = folded([call(at(WEDNESDAY, f"10:3{number}"), 36) for number in range(2)])
    assert used(pipeline, Items(table()))[SALES] == Usage(
        2,
        {
            "handle_second": 72_000, "talk_second": 72_000, "ivr_second": 0, "wait_second": 0, "call": 2,
            "answered_call": 2, "unanswered_call": 0, "contact": 2, ON_THE_LINE: 72_000,
        },
        {AGENTS: 72 * NANO // 100, Item("fee", "fee", "call"): 2 * NANO // 10},
    )  # fmt: skip


def test_fees_go_by_talk_time_where_any_of_them_counts_seconds() -> None:
    pipeline = Pipeline(centre(), decode)
    pipeline.feed(records(three_hours(2)))
    items = {item for one in used(pipeline, Items(centre())).values() for item in one.costs_nano}
    assert items >= {
        Item("fee", "fee", "talk_second"), Item("labour", "shift", "call"), Item("facility", "rent", "contact"),
    }  # fmt: skip


def test_all_that_is_used_is_what_the_windows_cost_at_standard() -> None:
    pipeline = Pipeline(centre(), decode)
    pipeline.feed(records(three_hours(3)))
    found = used(pipeline, Items(centre()))
    assert sum(one.cost_nano for one in found.values()) == sum(
        amount for of in pipeline.ledger.totals.directions.values() for amount in of.cost_nano.values()
    ) - sum(amount for of in pipeline.ledger.totals.directions.values() for amount in of.corrections_nano.values())


def test_a_pool_whose_driver_changed_is_another_item() -> None:
    """Summer's agents count seconds; in autumn they are to count calls."""
    text = CENTRE.format(agents="240000")
    before, after = text.split('id = "autumn"')
    changed = build_rate_table(
        "rates.toml", f'{before}id = "autumn"{after.replace("handle_second", "call", 1)}'.encode(), {}.__getitem__
    )
    pipeline = Pipeline(changed, decode)
    pipeline.feed(records(three_hours(4)))
    items = {
        item for one in used(pipeline, Items(changed)).values() for item in one.costs_nano if item.name == "agents"
    }
    assert items == {AGENTS, Item("labour", "agents", "call")}


def test_an_interval_without_calls_has_no_usage() -> None:
    assert Items(table()).used([SALES], Interval(1)) == {}


def test_the_carrier_goes_by_the_time_on_the_line() -> None:
    """A minute out over carrier-b at 0.02 EUR, of 1.08 USD each: 0.0216."""
    out = json.loads(call(at(date(2026, 8, 9), "10:30"), 60, direction="outbound"))
    pipeline = Pipeline(centre(), decode)
    pipeline.feed(
        [SourceRecord(0, json.dumps({**out, "to_number": "+4420"}).encode(), (), at(date(2026, 8, 9), "11:00"))]
    )
    (found,) = used(pipeline, Items(centre())).values()
    assert (found.units[ON_THE_LINE], found.costs_nano[Item("carrier", "carrier", ON_THE_LINE)]) == (60_000, 21_600_000)
