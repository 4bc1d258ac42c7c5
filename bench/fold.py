"""The fold from bytes to slices on one core: events a second by size of batch, and what its parts take."""

import json
from collections.abc import Sequence

from bench import workload
from bench.machine import cpu_s, settle
from consumer.core.calls import SourceRecord
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.windows import spans
from consumer.platforms.canonical import decode

EVENTS = 100_000


def folded(table: RateTable, records: Sequence[SourceRecord], batch: int) -> Pipeline:
    """A pipeline that has folded the records."""
    pipeline = workload.pipeline(table)
    for first in range(0, len(records), batch):
        pipeline.feed(records[first : first + batch])
    return pipeline


def report() -> None:
    """Print the figures. The standard library's JSON parser, on the same bytes, is the measure that holds on any machine."""
    table, records = workload.rate_table(), workload.records(EVENTS, workload.busy_centre())
    few = records[:20_000]
    settle()
    parsed_us = cpu_s(lambda: [json.loads(record.value or b"") for record in records]) / EVENTS * 1e6
    decoded_us = cpu_s(lambda: [decode(record) for record in records]) / EVENTS * 1e6
    print(f"json.loads of the same bytes       {parsed_us:6.1f} µs an event")
    print(
        f"decoding into calls                {decoded_us:6.1f} µs an event, {decoded_us / parsed_us:.1f} × json.loads"
    )
    for batch in (5_000, 1_000, 100, 20, 1):
        sample = records if batch >= 100 else few if batch > 1 else few[:4_000]
        taken_us = cpu_s(lambda sample=sample, batch=batch: folded(table, sample, batch), 3) / len(sample) * 1e6
        print(
            f"fold, batches of {batch:5d}            {taken_us:6.1f} µs an event, {taken_us / parsed_us:.1f} × json.loads;"
            f" {1e6 / taken_us:,.0f} events/s"
        )
    pipeline = folded(table, records, 1_000)
    as_of = workload.START_MS + EVENTS * 20
    asked = spans(table.calendar, as_of)
    read_s = cpu_s(lambda: pipeline.read(as_of, asked))
    print(f"reading all {len(asked)} windows, 500 segments  {read_s * 1e3:6.0f} ms")


if __name__ == "__main__":
    report()
