"""A scrape of a centre with 30 days of calls over 100 and 500 segments; its parts, and what is summed now and then."""

from dataclasses import replace

from bench import workload
from bench.machine import cpu_s, settle
from consumer.core.baseline import baseline, same_hours
from consumer.core.budgets import segments_of
from consumer.core.company import parts_of, read_together
from consumer.core.instants import DAY_MS
from consumer.core.outlook import Watch
from consumer.core.pools import Budget, Scope
from consumer.core.shape import weekly_shapes
from consumer.core.windows import spans
from consumer.surface.metrics import Observation, PipelineCollector, PipelineState, registry_of, render

CALLS = 1_000_000
_OPENMETRICS = "application/openmetrics-text;version=1.0.0"  # what Prometheus asks for

SCOPES = [{}, {"queue": frozenset(("queue-001", "queue-002"))}, {"direction": frozenset(("outbound",))}]


def report() -> None:
    """Print the figures."""
    for segments in (100, 500):
        print(f"{segments} segments")
        _report(segments)


def _report(segments: int) -> None:
    table = workload.rate_table(10)
    table = replace(
        table,
        budgets=tuple(
            Budget(f"budget-{number}", 100_000, "USD", "month", Scope(one)) for number, one in enumerate(SCOPES)
        ),
    )
    pipeline = workload.pipeline(table, workload.live_settings(horizon_ms=DAY_MS))
    told = workload.stream(CALLS, workload.busy_centre(segments), 30 * DAY_MS / CALLS)
    for batch in workload.batches(told, 5_000):
        pipeline.feed(batch)
    settle()
    as_of = pipeline.last_ended_ms or 0
    known = pipeline.ledger.segments.dimensions
    parts, asked = parts_of(known, [pipeline.ledger]), spans(table.calendar, as_of)
    reading = pipeline.read(as_of, asked)
    read_s = cpu_s(lambda: pipeline.read(as_of, asked), 3)
    ledgers = [pipeline.ledger]
    lean_s = cpu_s(lambda: read_together(table, known, ledgers, as_of, asked, segment_quantiles=False), 3)
    print(
        f"windows read                       {read_s * 1e3:6.0f} ms, {len(reading.windows[-1].rows)} rows in the last"
    )
    print(f"the same without segments' quantiles {lean_s * 1e3:4.0f} ms, as scrapes and the live page need them")
    hour = next(one for one in reading.windows if one.window == "1h")
    hours = same_hours(table, hour.from_ms, hour.to_ms)
    baseline_s = cpu_s(lambda: baseline(table, parts, hours), 3)
    print(f"baselines of {len(hours)} hours, once a minute {baseline_s * 1e3:6.0f} ms")
    named = pipeline.ledger.segments.values
    chosen = [segments_of(one, named, known) for one in table.budgets]
    shape_s = cpu_s(lambda: weekly_shapes(table.calendar, parts, chosen, as_of), 3)
    print(f"shapes of {len(chosen)} budgets, once an hour {shape_s * 1e3:6.0f} ms")
    watch = Watch(known)
    watch.look(table, parts, reading)
    look_s = cpu_s(lambda: watch.look(table, parts, reading), 3)
    print(f"the rest of the outlook            {look_s * 1e3:6.0f} ms")
    state = PipelineState(("carrier", "fee", "labour"), table.sha256, ("bench",), 0, 0)
    seen = Observation(reading, pipeline.ledger.totals, state, watch.look(table, parts, reading))
    rendered = registry_of(PipelineCollector(lambda: seen, "bench"))
    text_s = cpu_s(lambda: render(rendered, _OPENMETRICS), 3)
    lines = sum(not line.startswith(b"#") for line in render(rendered, "")[0].splitlines())
    print(f"written as OpenMetrics, beside it  {text_s * 1e3:6.0f} ms, {lines:,} series")
    print(f"a scrape                           {(lean_s + look_s + text_s) * 1e3:6.0f} ms")


if __name__ == "__main__":
    report()
