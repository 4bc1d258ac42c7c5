"""What is kept: bytes a call in the index, and the slices of a month at 500 busy segments. Each in a process of its own."""

import subprocess
import sys

from bench import workload
from bench.machine import resident_bytes, settle
from consumer.core.instants import DAY_MS

CALLS = 300_000
_MONTH_STEP_MS = 2_600  # a million calls in 30 days


def report() -> None:
    """Print the figures, each measured where nothing else was allocated before."""
    for what in ("index", "contacts", "slices"):
        subprocess.run([sys.executable, "-m", "bench.memory", what], check=True)  # noqa: S603 - this very program


def _index(with_contacts: bool) -> None:
    table = workload.rate_table(10)
    centre = workload.busy_centre(amended_share=0.0)
    records = workload.records(CALLS, centre)
    if with_contacts:
        records = [
            record._replace(value=(record.value or b"")[:-1] + b',"contact_id":"%032x"}' % number)
            for number, record in enumerate(records)
        ]
    pipeline = workload.pipeline(table)
    pipeline.ledger.post = lambda *_: None  # type: ignore[method-assign]  # the index alone
    settle()
    before = resident_bytes()
    for first in range(0, CALLS, 1_000):
        pipeline.feed(records[first : first + 1_000])
    grown = resident_bytes() - before
    name = "a call with a contact of its own" if with_contacts else "a call"
    print(f"index                              {grown / len(pipeline.index):6.0f} bytes {name}")


def _slices() -> None:
    """A million calls of 30 days, so that every level is filled as it would be."""
    table = workload.rate_table(10)
    pipeline = workload.pipeline(table, workload.live_settings(horizon_ms=DAY_MS))
    before = resident_bytes()
    for part in range(20):
        start = workload.START_MS + part * 50_000 * _MONTH_STEP_MS
        records = workload.records(50_000, workload.busy_centre(), _MONTH_STEP_MS, start, seed=2 * part)
        for first in range(0, len(records), 5_000):
            batch = records[first : first + 5_000]
            pipeline.feed(record._replace(offset=part * 50_000 + record.offset) for record in batch)
        del records
    index = len(pipeline.index) * 400  # bytes, about; measured above
    grown = resident_bytes() - before - index
    print(f"slices of 30 days, 500 segments    {grown / 1e6:6.0f} MB ({len(pipeline.ledger.slices.blocks)} blocks)")


if __name__ == "__main__":
    if sys.argv[1] == "slices":
        _slices()
    else:
        _index(sys.argv[1] == "contacts")
