"""docs/metrics.md, made from the definitions: every metric, what it means, and how it is put together over workers.

Owns the order of the page, and the rule for several workers. Names and meanings are `metric_families`.
"""

from collections.abc import Iterator
from typing import Literal

from consumer.core.counts import COST_BUCKETS_NANO
from consumer.core.money import NANO
from consumer.surface import metric_families as families
from consumer.surface.metric_families import SEGMENT, Family
from consumer.surface.metric_windows import SEGMENT_WINDOWS

Across = Literal["sum", "max", "min", "each"]

_ALIKE = (
    families.ROW_ABSORBED_COST, families.ACCRUED, *families.COMPANY.values(), families.COMPANY_ABSORBED_AT_STANDARD,
    families.BASELINE_CALLS, families.BASELINE_COST, families.BASELINE_SIGMA, families.BASELINE_SAMPLES,
    families.DIRECTION_BASELINE_CALLS, families.DIRECTION_BASELINE_COST, families.DIRECTION_BASELINE_SIGMA,
    families.MOVED, families.BUDGET, families.BUDGET_SPENT, families.BUDGET_PROJECTED, families.BUDGET_START,
    families.BUDGET_END, families.BUDGET_COST, families.BUDGET_ALLOTTED, families.BUDGET_HISTORY, families.SHARE,
    families.LAST_EVENT, families.SOURCE_GAP, families.RATE_TABLE, families.RATE_TABLE_PROBLEMS, families.VALUES,
    families.VALUES_LIMIT, families.CALLS_KNOWN_FROM,
)  # fmt: skip
_WORST_IS_LEAST = (
    families.WATERMARK, families.READ, families.READY, families.STORE_WRITABLE, families.RATE_TABLE_FRESH,
    families.RATE_TABLE_LOADED, families.RATE_TABLE_NEWEST, families.CHECKPOINT, families.WINDOW_START,
)  # fmt: skip
_OF_ONE = (
    families.QUANTILES, families.SEGMENTS_FOLDED, families.SERIES_LIMIT, families.SEGMENTS, families.BUILD,
    families.CHECKPOINT_DURATION, families.REBALANCES,
)  # fmt: skip

_SECTIONS: tuple[tuple[str, str, tuple[Family, ...]], ...] = (
    (
        "What happened",
        "Counters: their sum over workers rises, and a restart does not set it back. They belong to what is folded.\n"
        "On Kafka a partition takes its counts along: one worker's counter falls, another's rises, and `rate` and\n"
        "`increase` take all of it for new. Add workers up first, and see how far the sum stands above the highest\n"
        "before, as dashboards and rules do ([alerts](alerts.md#what-cost-is-compared-with)). The counters of other\n"
        "sections begin with the process, and are for `rate`. The cost of now is `cost − corrections`; money in\n"
        "dashboards and alerts comes from windows.",
        (
            *families.TOTALS.values(), families.UNRATED, families.REJECTED, families.CALLS, families.HANDLED,
            families.COST, families.CORRECTIONS, families.CALL_COST,
        ),
    ),
    (
        "Windows",
        "Sums of the calls that *ended* in a window, as of `callcost_read_timestamp_seconds`. Within a window every\n"
        f"sum counts each call once. `{SEGMENT}` are the dimensions of `[fold] dimensions`, by default\n"
        f"`direction`, `queue`, `site`; in windows other than {', '.join(sorted(SEGMENT_WINDOWS))} only the direction\n"
        "is told apart and the others are empty. Both halves of every ratio are here: divide sums, do not average.\n\n"
        "Absorbed cost is the whole company's on every worker, also of partitions that no worker has or that are\n"
        "being restored; `callcost_window_calls` are only those of workers that answer. So divide absorbed cost by\n"
        "`callcost_company_*`. These have no segments: a segment's absorbed cost is divided by its\n"
        "`callcost_window_calls`, which is too much a call while a worker is away.",
        (*families.ROWS.values(), families.ROW_COST, families.ROW_ABSORBED_COST, families.QUANTILES, families.ACCRUED,
         families.ABSORBED_AT_STANDARD, *families.COMPANY.values(), families.COMPANY_ABSORBED_AT_STANDARD,
         families.WINDOW_START, families.CALLS_KNOWN_FROM),
    ),
    (
        "What is usual, and what was planned",
        "Of the whole company, the same on every worker; see [why.md](why.md) and [budgets.md](budgets.md).",
        (
            families.BASELINE_CALLS, families.BASELINE_COST, families.BASELINE_SIGMA, families.BASELINE_SAMPLES,
            families.DIRECTION_BASELINE_CALLS, families.DIRECTION_BASELINE_COST, families.DIRECTION_BASELINE_SIGMA,
            families.MOVED, families.BUDGET, families.BUDGET_SPENT, families.BUDGET_PROJECTED, families.BUDGET_START,
            families.BUDGET_END, families.BUDGET_COST, families.BUDGET_ALLOTTED, families.BUDGET_HISTORY,
        ),
    ),
    (
        "Whether the figures can be trusted now",
        "Timestamps, not ages: `time() - …` is the age, also when the process hangs.",
        (
            families.READ, families.READY, families.WATERMARK, families.LAST_EVENT, families.BEHIND, families.PENDING,
            families.SOURCE_LAG, families.SOURCE_RECORDS, families.SOURCE_GAP, families.SHARE, families.RATE_TABLE,
            families.RATE_TABLE_LOADED, families.RATE_TABLE_NEWEST, families.RATE_TABLE_FRESH,
            families.RATE_TABLE_PROBLEMS, families.STORE_WRITABLE, families.DEAD_LETTERS, families.DEAD_LETTERS_DROPPED,
        ),
    ),
    (
        "The machinery",
        "",
        (
            families.CHECKPOINT, families.CHECKPOINT_DURATION, families.CHECKPOINT_BYTES, families.STORE_BYTES,
            families.PARTITIONS, families.RESTORING_RECORDS, families.REBALANCES, families.WEBHOOKS,
            families.INDEX_ENTRIES, families.INDEX_LIMIT, families.SEGMENTS, families.VALUES, families.VALUES_LIMIT,
            families.SEGMENTS_FOLDED, families.SERIES_LIMIT, families.BUILD,
        ),
    ),
)  # fmt: skip

_HEAD = """# Metrics

What `GET /metrics` exports. This page is made from the definitions in `consumer/surface/metric_families.py`.

- `{currency}` in a name is the reporting currency of the rate table in lower case (`usd`): euros are none of them.
- **Several workers.** Each exports sums over its own partitions: `sum` adds them up. What all of them know alike is
  taken by `max`; of states the worst counts, `min` where less is worse; `each` is of one process and stays alone.
- **Bounded.** A scrape has at most `callcost_series_limit` series (`[http] most_series`, 20 000): the cheapest segments
  are summed up as `__other__` to keep within it, and `callcost_segments_folded` says how many. Several workers fold the
  same ones, by what those cost the whole company; as each reads at its own instant, they may for a moment disagree on
  a segment that is just cheap enough, and its absorbed cost then counts twice. Values of a dimension beyond
  `callcost_dimension_values_limit` are `__other__` in all figures. No label holds a call or a caller, nor, by default,
  an agent.
- **OpenMetrics** is given to those who ask for it, as Prometheus does; there the buckets of
  `callcost_call_cost_{currency}` carry exemplars: the id of a call that fell into them, of this process's life
  (Prometheus keeps them with `--enable-feature=exemplar-storage`).
- What has no value has no sample: a ratio without a denominator, a watermark before the first call. It is never
  0, NaN or −1 instead.
"""


_PROCESS = """
## The process

What every Prometheus client has, on Linux; not counted in `callcost_series_limit`. All are of one worker: `each`.

| metric | kind | |
|---|---|---|
| `process_cpu_seconds_total` | counter | Processor time. |
| `process_resident_memory_bytes` | gauge | Memory as the system counts it. |
| `process_virtual_memory_bytes` | gauge | Address space: far more than memory. |
| `process_start_time_seconds` | gauge | When it was started. |
| `process_open_fds` | gauge | Open files and connections. |
| `process_max_fds` | gauge | As many may be open. |
"""


def metrics_page() -> str:
    """The page as Markdown."""
    return _HEAD + "".join(_section(*section) for section in _SECTIONS) + _PROCESS


def across(family: Family) -> Across:
    """How the samples of several workers are put together."""
    if family in _ALIKE:
        return "max"
    if family in _WORST_IS_LEAST:
        return "min"
    return "each" if family in _OF_ONE else "sum"


def _section(title: str, text: str, shown: tuple[Family, ...]) -> str:
    head = f"\n## {title}\n\n{text}\n" if text else f"\n## {title}\n"
    return head + "\n| metric | kind | workers | |\n|---|---|---|---|\n" + "".join(map(_line, shown))


def _line(family: Family) -> str:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    labels = f"{{{', '.join(family.labels)}}}" if family.labels else ""
    notes = "".join(_notes(family))
    return f"| `{name}{labels}` | {family.kind} | {across(family)} | {family.help}{notes} |\n"


def _notes(family: Family) -> Iterator[str]:
    if family.kind == "histogram":
        bounds = ", ".join(f"{bound / NANO:g}" for bound in COST_BUCKETS_NANO)
        yield f" Buckets up to {bounds}."
