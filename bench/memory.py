"""What is kept: bytes a call in the index, and the slices of a month at 500 busy segments. Each in a process of its own."""

import subprocess
import sys

from bench import workload
from bench.machine import resident_bytes, settle
from consumer.core.calls import SourceRecord
from consumer.core.instants import DAY_MS

CALLS = 300_000
MONTH_OF_CALLS = 1_000_000


def report() -> None:
    """Print the figures, each measured where nothing else was allocated before."""
    for what in ("index", "contacts", "slices"):
        subprocess.run([sys.executable, "-m", "bench.memory", what], check=True)  # noqa: S603 - this very program


def _index(with_contacts: bool) -> None:
    pipeline = workload.pipeline(workload.rate_table(10))
    pipeline.ledger.post = lambda *_: None  # type: ignore[method-assign]  # the index alone
    told = workload.stream(CALLS, workload.busy_centre(amended_share=0.0))
    settle()
    before = resident_bytes()
    for batch in workload.batches(map(_with_contact, told) if with_contacts else told, 1_000):
        pipeline.feed(batch)
    grown = resident_bytes() - before
    name = "a call with a contact of its own" if with_contacts else "a call"
    print(f"index                              {grown / len(pipeline.index):6.0f} bytes {name}")


def _with_contact(record: SourceRecord) -> SourceRecord:
    contact = b',"contact_id":"%032x"}' % record.offset
    return record._replace(value=(record.value or b"")[:-1] + contact)


def _slices() -> None:
    """A million calls of 30 days, so that every level is filled as it would be."""
    pipeline = workload.pipeline(workload.rate_table(10), workload.live_settings(horizon_ms=DAY_MS))
    told = workload.stream(MONTH_OF_CALLS, workload.busy_centre(), 30 * DAY_MS / MONTH_OF_CALLS)
    settle()
    before = resident_bytes()
    for batch in workload.batches(told, 5_000):
        pipeline.feed(batch)
    index = len(pipeline.index) * 400  # bytes, about: measured above
    grown = resident_bytes() - before - index
    print(f"slices of 30 days, 500 segments    {grown / 1e6:6.0f} MB ({len(pipeline.ledger.slices.blocks)} blocks)")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        report()
    elif sys.argv[1] == "slices":
        _slices()
    else:
        _index(sys.argv[1] == "contacts")
