"""What pools accrued, spread over the calls of a window: where a reloaded table counts calls by another driver."""

from datetime import date

from consumer.core.calls import SourceRecord
from consumer.core.intervals import sum_intervals
from consumer.core.money import NANO
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.reader import read_windows
from consumer.core.reading import WindowReading
from consumer.core.usage import Item, Items
from consumer.core.windows import Span
from consumer.rates.build import build_rate_table
from tests.core.weeks import TEXT, at, call, folded, parts

MONDAY, WEDNESDAY, THURSDAY = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 26)


def by_calls() -> RateTable:
    """The agents' 864 a day for 864 calls: 1.00 a call, where a second was 0.01."""
    text = TEXT.format(budgets="", calendar="").replace('"handle_second"', '"call"').replace('"86400"', '"864"')
    return build_rate_table("rates.toml", text.encode(), {}.__getitem__)


def two_days() -> Pipeline:
    """Monday 3 × 100 s of sales, 1 × 100 s of support; after a reload, Wednesday 1 call of sales and 3 of support."""
    pipeline = folded([call(at(MONDAY, "10:30"), 100, queue, number=number) for queue, number in (
        ("sales", 1), ("sales", 2), ("sales", 3), ("support", 1),
    )])  # fmt: skip
    late = [call(at(WEDNESDAY, "10:30"), 5, queue, number=number) for queue, number in (
        ("sales", 1), ("support", 1), ("support", 2), ("support", 3),
    )]  # fmt: skip
    before, after = late[:1], late[1:]
    pipeline.feed([SourceRecord(10, before[0], (), at(WEDNESDAY, "10:31"))])  # by now Monday is beyond the horizon
    pipeline.switch_table(by_calls())
    pipeline.feed([SourceRecord(11 + number, one, (), at(WEDNESDAY, "10:31")) for number, one in enumerate(after)])
    return pipeline


def read(pipeline: Pipeline, first: date, last: date) -> WindowReading:
    span = Span("some", at(first, "00:00"), at(last, "00:00"))
    return read_windows(by_calls(), parts(pipeline), [span], places=(1,))[0]


def absorbed(window: WindowReading) -> dict[str, int]:
    return {
        row.segment[0]: row.figures.absorbed_nano - row.figures.components_nano.get("fee", 0)
        for row in window.rows if row.segment
    }  # fmt: skip


def test_segments_of_two_drivers_bear_accrual_by_their_money() -> None:
    """At standard 3.00 + 1.00 and 1.00 + 3.00; by numbers alone sales would have 300 001 of 400 004."""
    assert absorbed(read(two_days(), MONDAY, THURSDAY)) == {"sales": 1296 * NANO, "support": 1296 * NANO}


def test_a_pool_is_used_by_the_money_of_all_its_drivers() -> None:
    (agents,) = read(two_days(), MONDAY, THURSDAY).pools
    assert (agents.accrued_nano, agents.absorbed_nano) == (3 * 864 * NANO, 8 * NANO)


def test_a_day_of_one_driver_is_spread_by_its_units() -> None:
    assert absorbed(read(two_days(), MONDAY, date(2026, 11, 24))) == {"sales": 648 * NANO, "support": 216 * NANO}
    assert absorbed(read(two_days(), WEDNESDAY, THURSDAY)) == {"sales": 216 * NANO, "support": 648 * NANO}


def test_what_moved_knows_by_which_driver_calls_were_costed() -> None:
    """Monday's seconds are not held against Wednesday's calls as if they were the same."""
    segments, (monday, wednesday, _) = sum_intervals(
        parts(two_days()), [at(MONDAY, "00:00"), at(WEDNESDAY, "00:00"), at(THURSDAY, "00:00")], left_out=(2,)
    )
    sales = ("inbound", "sales", "ath")
    items = Items(by_calls())
    assert items.used(segments, monday)[sales].costs_nano[Item("labour", "agents", "handle_second")] == 3 * NANO
    assert items.used(segments, wednesday)[sales].costs_nano[Item("labour", "agents", "call")] == NANO
