"""What is exported to Prometheus: every metric family once, with its type, labels and help.

Owns names and what they mean; `metrics` and `metric_windows` fill them. `{currency}` in a name is the reporting
currency in lower case: nobody can add up dollars and euros. The label `…` stands for the dimensions of segments.
"""

from dataclasses import dataclass
from typing import Literal

from consumer.core.money import NANO

Kind = Literal["counter", "gauge", "histogram", "summary"]

SEGMENT = "…"
_MILLI = 1_000


@dataclass(frozen=True, slots=True, eq=False)  # each is defined once, and looked up by what it is
class Family:
    """A metric family. The samples of a counter have `_total` behind this name."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    scale: int = 1  # a sample is an integer ÷ this: milliseconds to seconds, nano-units to currency

    def name_in(self, currency: str) -> str:
        """The name where amounts are of this currency."""
        return self.name.format(currency=currency.lower())

    def labels_in(self, dimensions: tuple[str, ...]) -> tuple[str, ...]:
        """The labels where segments have these dimensions."""
        return tuple(name for label in self.labels for name in (dimensions if label == SEGMENT else (label,)))


def _counter(name: str, what: str, *labels: str, scale: int = 1) -> Family:
    return Family(f"callcost_{name}", "counter", what, labels, scale)


def _gauge(name: str, what: str, *labels: str, scale: int = 1) -> Family:
    return Family(f"callcost_{name}", "gauge", what, labels, scale)


def _of_rows(name: str, what: str, *labels: str, scale: int = 1) -> Family:
    return _gauge(f"window_{name}", what, "window", *labels, SEGMENT, scale=scale)


#: By the name of their figure in Totals.
TOTALS = {
    "received": _counter("received", "Events received, whatever became of them."),
    "costed": _counter("costed", "Calls costed, each once."),
    "duplicates": _counter("duplicates", "Events that told a version of a call again."),
    "amended": _counter("amended", "Further versions of calls."),
    "late": _counter("late_calls", "Calls that ended too long before the watermark to be in a window."),
    "late_cost_nano": _counter("late_cost_{currency}", "Cost at standard of late calls.", scale=NANO),
    "closed_risen_nano": _counter(
        "closed_cost_risen_{currency}", "What came to the cost of local days after they were over.", scale=NANO
    ),
    "closed_fallen_nano": _counter(
        "closed_cost_fallen_{currency}", "What went from the cost of local days after they were over.", scale=NANO
    ),
    "unknown_keys": _counter("unknown_keys", "Keys of events that no field knows."),
    "unconverted_prices": _counter("unconverted_prices", "Reported prices in a currency without an exchange rate."),
    "other_values": _counter("other_value_calls", "Calls with a value of a dimension that is counted as __other__."),
}
UNRATED = _counter("unrated", "Calls that could not be costed when they came.", "reason")
REJECTED = _counter("rejected", "Events that are no calls.", "reason")

CALLS = _counter("calls", "Calls costed, each once.", "direction")
HANDLED = _counter(
    "handled_seconds", "Talk, hold and wrap-up of calls when they were costed.", "direction", scale=_MILLI
)
COST = _counter(
    "cost_{currency}", "Cost at standard, and what amendments and rates added to it.", "direction", "component",
    scale=NANO,
)  # fmt: skip
CORRECTIONS = _counter(
    "cost_corrections_{currency}", "What amendments and rates took from the cost at standard.", "direction",
    "component", scale=NANO,
)  # fmt: skip
CALL_COST = Family(
    "callcost_call_cost_{currency}", "histogram", "Cost at standard of calls when they were costed.", ("direction",),
    NANO,
)  # fmt: skip

#: By the name of their figure in Figures. Add up over workers and over every label but `window`.
ROWS = {
    "calls": _of_rows("calls", "Costed calls of the window."),
    "unrated": _of_rows("unrated", "Calls without a cost; in no other figure of the window."),
    "answered": _of_rows("answered", "Calls that a person answered."),
    "abandoned": _of_rows("abandoned", "Calls that were abandoned."),
    "transferred": _of_rows("transferred", "Calls that were transferred."),
    "reported_calls": _of_rows("reported_calls", "Calls with a reported price."),
    "contacts": _of_rows("contacts", "Contacts, counted at the first call of each."),
    "resolved": _of_rows("resolved", "Calls with the outcome resolved."),
    "sales": _of_rows("sales", "Calls with the outcome sale."),
    "leads": _of_rows("leads", "Calls with the outcome lead."),
    "handle_ms": _of_rows("handled_seconds", "Talk, hold and wrap-up.", scale=_MILLI),
    "talk_ms": _of_rows("talk_seconds", "Talk.", scale=_MILLI),
    "hold_ms": _of_rows("hold_seconds", "Hold.", scale=_MILLI),
    "wrap_ms": _of_rows("wrap_seconds", "Wrap-up.", scale=_MILLI),
    "wait_ms": _of_rows("wait_seconds", "Waiting for a person.", scale=_MILLI),
    "ivr_ms": _of_rows("ivr_seconds", "In voice menus.", scale=_MILLI),
    "billed_s": _of_rows("billed_seconds", "Carrier increments."),
    "abandoned_nano": _of_rows("abandoned_cost_{currency}", "Cost at standard of abandoned calls.", scale=NANO),
    "reported_nano": _of_rows("reported_price_{currency}", "Reported prices.", scale=NANO),
    "carrier_of_reported_nano": _of_rows(
        "carrier_cost_of_reported_{currency}", "What the decks charge for calls with a reported price.", scale=NANO
    ),
}
ROW_COST = _of_rows("cost_{currency}", "Cost at standard.", "component", scale=NANO)
ROW_ABSORBED_COST = _of_rows(
    "absorbed_cost_{currency}",
    "Fully absorbed cost; __idle__ is what accrued while nobody called. Every worker has all of it: max, not sum.",
    scale=NANO,
)
QUANTILES = Family(
    "callcost_window_call_cost_{currency}", "summary",
    "Quantiles of cost per call at standard, nearest rank, within 1 %. Cannot be added up or averaged.",
    ("window", "quantile"), NANO,
)  # fmt: skip
ACCRUED = _gauge(
    "window_accrued_{currency}", "What a pool accrued, used or not. The same on every worker: max, not sum.", "window",
    "pool", scale=NANO,
)  # fmt: skip
ABSORBED_AT_STANDARD = _gauge(
    "window_absorbed_at_standard_{currency}",
    "What calls used of a pool. Missing where a version of it has no capacity.", "window", "pool", scale=NANO,
)  # fmt: skip
#: By the name of their figure in Figures: what absorbed cost is divided by.
COMPANY = {
    name: _gauge(f"company_{name}", f"{what} Known alike by all: max.", "window", "direction")
    for name, what in (
        ("calls", "Costed calls of all workers: absorbed cost ÷ this is what a call cost, all in."),
        ("sales", "Calls of all workers with the outcome sale."),
        ("leads", "Calls of all workers with the outcome lead."),
    )
}
COMPANY_ABSORBED_AT_STANDARD = _gauge(
    "company_absorbed_at_standard_{currency}",
    "What calls of all workers used of a pool: what accrued − this is idle. Known alike by all: max. Missing where a "
    "version of the pool has no capacity.", "window", "pool", scale=NANO,
)  # fmt: skip
WINDOW_START = _gauge(
    "window_start_timestamp_seconds", "Where the window begins; it ends at callcost_read_timestamp_seconds.", "window",
    scale=_MILLI,
)  # fmt: skip
CALLS_KNOWN_FROM = _gauge(
    "calls_known_from_timestamp_seconds",
    "No call that ended before this is known, of any partition. In a window that begins earlier absorbed cost per call "
    "is in doubt: its calls bear what accrued before too. Known alike by all: max.", scale=_MILLI,
)  # fmt: skip

BASELINE_CALLS = _gauge(
    "baseline_calls",
    "Costed calls of the hours that the last hour touches, on the days and weeks before. Known alike by all: max.",
    SEGMENT,
)
BASELINE_COST = _gauge(
    "baseline_cost_{currency}", "Cost at standard of those; ÷ callcost_baseline_calls is what a call usually costs.",
    SEGMENT, scale=NANO,
)  # fmt: skip
BASELINE_SIGMA = _gauge(
    "baseline_sigma_{currency}", "Standard deviation of the cost per call of those hours, weighted by calls.",
    SEGMENT, scale=NANO,
)  # fmt: skip
BASELINE_SAMPLES = _gauge("baseline_samples", "How many of those hours had calls at all: each is one.")
DIRECTION_BASELINE_CALLS = _gauge(
    "direction_baseline_calls", "As callcost_baseline_calls, of a whole direction.", "direction"
)
DIRECTION_BASELINE_COST = _gauge(
    "direction_baseline_cost_{currency}", "Cost at standard of those.", "direction", scale=NANO
)
DIRECTION_BASELINE_SIGMA = _gauge(
    "direction_baseline_sigma_{currency}", "Standard deviation of the cost per call of those hours, weighted by calls.",
    "direction", scale=NANO,
)  # fmt: skip
MOVED = _gauge(
    "moved_{currency}",
    "Why the cost per call of the last hour is not the usual one: its change, split exactly. Known alike by all: max.",
    "direction", "effect", scale=NANO,
)  # fmt: skip

BUDGET = _gauge(
    "budget_{currency}", "What a budget has for its current period. Known alike by all: max.", "budget", "per",
    scale=NANO,
)  # fmt: skip
BUDGET_SPENT = _gauge(
    "budget_spent_{currency}", "Fully absorbed cost of it in the period so far.", "budget", scale=NANO
)
BUDGET_PROJECTED = _gauge(
    "budget_projected_{currency}",
    "What it will have come to by the period's end: pools as they will accrue, direct cost as in the weeks before.",
    "budget", scale=NANO,
)  # fmt: skip
BUDGET_START = _gauge("budget_start_timestamp_seconds", "When its period began.", "budget", scale=_MILLI)
BUDGET_END = _gauge("budget_end_timestamp_seconds", "When its period ends.", "budget", scale=_MILLI)
BUDGET_COST = _gauge(
    "budget_window_cost_{currency}", "Fully absorbed cost of it in a window.", "budget", "window", scale=NANO
)
BUDGET_ALLOTTED = _gauge(
    "budget_window_allotted_{currency}",
    "The part of the budget that falls to the window by the usual shape of the week: steady spending is once this.",
    "budget", "window", scale=NANO,
)  # fmt: skip
BUDGET_HISTORY = _gauge(
    "budget_history_seconds", "Whole weeks behind that shape; 0: direct cost is taken to be the same at any hour.",
    "budget", scale=_MILLI,
)  # fmt: skip

READ = _gauge("read_timestamp_seconds", "The instant as of which windows are read.", scale=_MILLI)
PENDING = _gauge("pending_events", "Versions of calls that wait for the rest of their call.")
SEGMENTS_FOLDED = _gauge(
    "segments_folded", "Segments that are summed up as __other__ in this scrape, to keep within callcost_series_limit."
)
SERIES_LIMIT = _gauge("series_limit", "The most series that a scrape has; segments are folded to keep within it.")

WATERMARK = _gauge("watermark_timestamp_seconds", "How far event time has come.", scale=_MILLI)
LAST_EVENT = _gauge("last_event_timestamp_seconds", "The latest end of a call that was seen.", scale=_MILLI)
RATE_TABLE = _gauge("rate_table_info", "The versions of the rate table in use.", "sha256", "version")
RATE_TABLE_LOADED = _gauge("rate_table_loaded_timestamp_seconds", "When it was loaded.", scale=_MILLI)
RATE_TABLE_NEWEST = _gauge(
    "rate_table_newest_version_timestamp_seconds",
    "When the newest version of it that has begun took effect: how old its prices are, whenever it was loaded.",
    scale=_MILLI,
)
RATE_TABLE_FRESH = _gauge("rate_table_load_success", "1 if the last attempt to load a rate table succeeded, else 0.")
INDEX_ENTRIES = _gauge("index_entries", "Calls that can still be amended or told again.")
INDEX_LIMIT = _gauge("index_entries_limit", "The most of them that are kept.")
SEGMENTS = _gauge("segments", "Combinations of values of the dimensions that are told apart.")
VALUES = _gauge("dimension_values", "Values of a dimension that are told apart.", "dimension")
VALUES_LIMIT = _gauge("dimension_values_limit", "The most of them in each dimension; further ones are __other__.")
RATE_TABLE_PROBLEMS = _gauge("rate_table_problems", "Mistakes in a newer rate table, which is refused because of them.")
SOURCE_LAG = _gauge("source_lag_bytes", "Written to a source and not read yet.", "source")
SOURCE_GAP = _gauge(
    "source_gap",
    "1 if a file or records of a source were gone before they were read: calls may be missing.",
    "source",
)
SOURCE_RECORDS = _gauge(
    "source_lag_records", "In a partition of this worker and not folded yet.", "source"
)  # fmt: skip
SHARE = _gauge(
    "share_timestamp_seconds",
    "As of when the figures of a partition are; of another worker's, when it last told them. Take max over workers.",
    "source",
    scale=_MILLI,
)
PARTITIONS = _gauge("partitions", "Partitions of this worker: ready, or being restored.", "state")
RESTORING_RECORDS = _gauge("restoring_records", "Records that are still to be read again to restore partitions.")
REBALANCES = _counter("rebalances", "How often the group handed out partitions anew.")
WEBHOOKS = _counter(
    "webhook_answers", "Answers to POST /ingest since the process started, by HTTP status.", "platform", "code"
)
READY = _gauge("ready", "1 if all that came in before the start is folded again, else 0.")
BEHIND = _gauge("records_behind", "Records that are stored and not folded yet.")
CHECKPOINT = _gauge("checkpoint_timestamp_seconds", "When the last checkpoint was stored.", scale=_MILLI)
CHECKPOINT_DURATION = _gauge("checkpoint_duration_seconds", "How long the last checkpoint took.", scale=_MILLI)
CHECKPOINT_BYTES = _gauge("checkpoint_written_bytes", "What the last checkpoint wrote.")
STORE_BYTES = _gauge(
    "store_bytes",
    "What journal and checkpoints take on the disk; on Kafka, checkpoints of our partitions in their topic.",
)
STORE_WRITABLE = _gauge("store_writable", "0 if the last attempt to store calls, or the state, failed.")
DEAD_LETTERS = _gauge("dead_letters", "Rejected events that are kept and were not replayed.")
DEAD_LETTERS_DROPPED = _counter(
    "dead_letters_dropped", "Dead letters dropped since the process started, because there were too many."
)
BUILD = _gauge("build_info", "The version that runs.", "version")

#: In the order of the export.
FAMILIES = (
    *TOTALS.values(), UNRATED, REJECTED, CALLS, HANDLED, COST, CORRECTIONS, CALL_COST,
    *ROWS.values(), ROW_COST, ROW_ABSORBED_COST, QUANTILES, ACCRUED, ABSORBED_AT_STANDARD, *COMPANY.values(),
    COMPANY_ABSORBED_AT_STANDARD, WINDOW_START, CALLS_KNOWN_FROM,
    BASELINE_CALLS, BASELINE_COST, BASELINE_SIGMA, BASELINE_SAMPLES, DIRECTION_BASELINE_CALLS, DIRECTION_BASELINE_COST,
    DIRECTION_BASELINE_SIGMA, MOVED, BUDGET, BUDGET_SPENT, BUDGET_PROJECTED, BUDGET_START, BUDGET_END, BUDGET_COST,
    BUDGET_ALLOTTED, BUDGET_HISTORY,
    READ, PENDING, SEGMENTS_FOLDED, SERIES_LIMIT, WATERMARK, LAST_EVENT, RATE_TABLE, RATE_TABLE_LOADED,
    RATE_TABLE_NEWEST, RATE_TABLE_FRESH, RATE_TABLE_PROBLEMS, INDEX_ENTRIES, INDEX_LIMIT, SEGMENTS, VALUES,
    VALUES_LIMIT, SOURCE_LAG, SOURCE_RECORDS, SOURCE_GAP, SHARE, PARTITIONS, RESTORING_RECORDS, REBALANCES, WEBHOOKS,
    READY, BEHIND, CHECKPOINT, CHECKPOINT_DURATION, CHECKPOINT_BYTES, STORE_BYTES, STORE_WRITABLE, DEAD_LETTERS,
    DEAD_LETTERS_DROPPED, BUILD,
)  # fmt: skip
