"""`callcost bench`: what this machine does with calls."""

import gc
import os
import platform
import resource
import sys
import time
from importlib.resources import as_file, files
from itertools import islice
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from consumer.core.calls import SourceRecord
from consumer.core.instants import parse_rfc3339
from consumer.core.pipeline import Pipeline
from consumer.core.windows import spans
from consumer.platforms.canonical import decode
from consumer.rates.load import load_rates
from consumer.settings import FoldSection
from consumer.simulator.steady import SteadyLoad, steady_events

_START_MS = parse_rfc3339("2026-11-02T06:00:00Z")
_STEP_MS = 20
_LOAD = SteadyLoad(amended_share=0.1, duplicate_share=0.05)


def bench(
    calls: Annotated[int, typer.Option(min=1_000, help="How many events are folded.")] = 100_000,
    batch: Annotated[int, typer.Option(min=1, help="Events a batch.")] = 1_000,
) -> None:
    """Throughput, cost an event and memory on this machine, of the fold alone: from bytes to slices on one core.

    Example: callcost bench --calls 200000
    """
    with as_file(files("consumer.samples")) as samples:
        table = load_rates(samples / "rates.toml")
    encode = msgspec.json.Encoder().encode
    told = islice(steady_events(_LOAD, 1, _START_MS, _STEP_MS), calls)
    records = [SourceRecord(offset, encode(event)) for offset, event in enumerate(told)]
    pipeline = Pipeline(table, decode, FoldSection().for_fold())
    gc.collect()
    gc.freeze()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    for first in range(0, calls, batch):
        pipeline.feed(records[first : first + batch])
    folded_s = time.process_time() - started
    started = time.process_time()
    as_of = _START_MS + calls * _STEP_MS
    pipeline.read(as_of, spans(table.calendar, as_of))
    read_s = time.process_time() - started
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    rows = Table(
        title=f"{_machine()}: {calls:,} events in batches of {batch:,}", title_justify="left", show_header=False
    )
    rows.add_row("events a second of CPU", f"{calls / folded_s:,.0f}")
    rows.add_row("CPU µs an event", f"{folded_s / calls * 1e6:.1f}")
    rows.add_row("ms to read all windows", f"{read_s * 1e3:.0f}")
    rows.add_row("memory, bytes an event", f"{grown_kib * 1024 / calls:.0f}")
    Console().print(rows)


def _machine() -> str:
    return f"Python {sys.version.split()[0]}, {platform.machine()}, {os.cpu_count()} cores"
