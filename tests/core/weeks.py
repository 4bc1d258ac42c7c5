"""Weeks of calls that are easy to work out: a second of handling is 0.01, a call 0.10, and capacity accrues all day.

The agents' pool is 864 a day for 86 400 seconds, so a day's calls of 43 200 s in all leave half of it idle.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from consumer.core.calls import SourceRecord
from consumer.core.company import parts_of
from consumer.core.instants import MINUTE_MS, format_ms, to_ms
from consumer.core.intervals import Part
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.slices import live_levels
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table

ATHENS = ZoneInfo("Europe/Athens")
TEXT = """
currency = "USD"
time_zone = "Europe/Athens"
[[version]]
id = "one"
effective_from = 2026-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "864"
per = "day"
driver = "handle_second"
practical_capacity = "86400"
{calendar}
[[version.fee]]
name = "platform"
driver = "call"
price = "0.1"
[[calendar]]
name = "office"
from = "08:00"
to = "20:00"
[[fx]]
currency = "EUR"
rate = "1.1"
effective_from = 2026-11-01
{budgets}
"""
SHIFTS = """
[[version.pool]]
name = "weekend"
category = "labour"
amount = "1200"
per = "week"
driver = "handle_second"
practical_capacity = "57600"
calendar = "weekend"
"""
CALENDARS = """
[[calendar]]
name = "weekdays"
days = ["mon", "tue", "wed", "thu", "fri"]
{closed}
[[calendar]]
name = "weekend"
days = ["sat", "sun"]
"""
FOLD = FoldSettings(
    levels=live_levels(MINUTE_MS), out_of_orderness_ms=MINUTE_MS, allowed_lateness_ms=24 * 60 * MINUTE_MS,
    horizon_ms=24 * 60 * MINUTE_MS,
)  # fmt: skip


def table(budgets: str = "", calendar: str = "") -> RateTable:
    return build_rate_table("rates.toml", TEXT.format(budgets=budgets, calendar=calendar).encode(), {}.__getitem__)


def with_shifts(calendars: str, more: str = "") -> RateTable:
    """Agents from Monday to Friday, others on weekends; and calendars as written."""
    text = TEXT.format(budgets=calendars, calendar='calendar = "weekdays"').replace(
        "[[version.fee]]", SHIFTS + more + "\n[[version.fee]]", 1
    )
    return build_rate_table("rates.toml", text.encode(), {}.__getitem__)


def at(day: date, clock: str) -> int:
    """The wall clock of Athens, as an instant."""
    return to_ms(datetime.combine(day, time.fromisoformat(clock), ATHENS))


def call(ended_ms: int, talk_s: int, queue: str = "sales", direction: str = "inbound", number: int = 0) -> bytes:
    """An answered call that ended then."""
    started = format_ms(ended_ms - talk_s * 1_000)
    return json.dumps(
        {
            "call_id": f"{ended_ms}-{queue}-{direction}-{number}", "direction": direction, "started_at": started,
            "answered_at": started, "ended_at": format_ms(ended_ms), "disposition": "answered", "queue": queue,
            "site": "ath",
        }
    ).encode()  # fmt: skip


def days(first: date, number: int) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range(number))


def folded(events: Iterable[bytes], under: RateTable | None = None) -> Pipeline:
    """Told in the order of their ends, each a second later."""
    pipeline = Pipeline(under or table(), decode, FOLD)
    ended = sorted((json.loads(event)["ended_at"], event) for event in events)
    pipeline.feed([SourceRecord(number, event, (), _ms(when) + 1_000) for number, (when, event) in enumerate(ended)])
    return pipeline


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def parts(*pipelines: Pipeline) -> list[Part]:
    ledgers = [one.ledger for one in pipelines]
    return parts_of(ledgers[0].segments.dimensions, ledgers)


def halves(events: Iterable[bytes]) -> list[list[bytes]]:
    """As two partitions have them."""
    found: list[list[bytes]] = [[], []]
    for event in events:
        found[crc32(event) % 2].append(event)
    return found
