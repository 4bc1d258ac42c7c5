"""Metrics for Prometheus, made anew for each scrape from a reading, the totals and the state of the pipeline.

Owns the step from integers to floats and to text, and the limit on series. Names are in `metric_families`, windows in
`metric_windows`. Knows no clock: instants are exported as they are, and Prometheus works out ages.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric, Sample
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.exposition import ALLOWUTF8, DOTS, VALUES
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as OpenMetricsExemplar

from consumer.core.calls import DIRECTIONS, REASONS
from consumer.core.costing import COMPONENTS
from consumer.core.counts import COST_BUCKETS_NANO, UNRATED_REASONS, DirectionTotals, Totals
from consumer.core.exemplars import Exemplar, Exemplars
from consumer.core.outlook import Outlook
from consumer.core.reading import Reading
from consumer.surface import metric_families as families
from consumer.surface.metric_families import Family
from consumer.surface.metric_outlook import baseline_series, outlook_series
from consumer.surface.metric_windows import Series, company_series, number_of, window_series

MOST_SERIES = 20_000


@dataclass(frozen=True, slots=True)
class PipelineState:
    """How the machinery stands, beside what calls cost. None: not yet, or no limit."""

    components: Sequence[str]  # that the rate table can make: carrier, fee and the categories of its pools
    table_sha256: str
    table_versions: Sequence[str]  # ids
    table_loaded_ms: int
    table_problems: int  # of a newer file, which is refused: the table before it stays in use
    newest_version_ms: int | None = None  # when the latest that has begun took effect
    watermark_ms: int | None = None
    last_event_ms: int | None = None  # the latest end of a call that was seen
    index_entries: int | None = None
    index_limit: int | None = None
    segments: int | None = None
    dimension_values: Mapping[str, int] = field(default_factory=dict)  # told apart, by dimension
    dimension_values_limit: int | None = None
    source_lag_bytes: Mapping[str, int] = field(default_factory=dict)  # by the name of a source
    source_lag_records: Mapping[str, int] = field(default_factory=dict)  # by partition of ours
    source_gaps: Mapping[str, bool] = field(default_factory=dict)  # whether something may be missing
    shares_ms: Mapping[str, int] = field(default_factory=dict)  # as of when, by partition of anybody
    partitions: Mapping[str, int] = field(default_factory=dict)  # of ours, by state
    restoring_records: int | None = None
    rebalances: int | None = None
    webhook_answers: Mapping[tuple[str, int], int] = field(default_factory=dict)  # by platform and status
    is_ready: bool = True
    records_behind: int = 0
    checkpoint_ms: int | None = None
    checkpoint_duration_ms: int | None = None
    checkpoint_bytes: int | None = None
    store_bytes: int | None = None
    store_is_writable: bool = True
    dead_letters: int = 0
    dead_letters_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What one scrape shows, all of one moment."""

    reading: Reading  # of all live windows, as of now: the worker's own calls
    totals: Totals
    state: PipelineState
    outlook: Outlook = field(default_factory=Outlook)
    exemplars: Exemplars = field(default_factory=dict)
    of_all: Reading | None = None  # the same of all workers' calls; None: there is one worker

    @property
    def whole(self) -> Reading:
        """The whole company's reading, known alike by every worker."""
        return self.of_all or self.reading


class PipelineCollector(Collector):
    """Asks for an observation whenever it is scraped."""

    def __init__(self, observe: Callable[[], Observation], version: str, most_series: int = MOST_SERIES) -> None:
        self._observe, self._version, self._most_series = observe, version, most_series

    def collect(self) -> Iterator[Metric]:
        """All families, in the order of FAMILIES; one that has no value now has no samples."""
        seen = self._observe()
        reading = seen.reading
        series = _state_series(seen.state, self._version)
        series[families.READ][()] = reading.as_of_ms
        series[families.PENDING][()] = reading.counts.pending
        if reading.known_from_ms is not None:
            series[families.CALLS_KNOWN_FROM][()] = reading.known_from_ms
        series[families.SERIES_LIMIT][()] = self._most_series
        series.update(outlook_series(seen.outlook))
        series.update(company_series(seen.whole))
        _add_totals(series, seen.totals, _components_of_totals(seen))
        baselines = baseline_series(seen.outlook, len(reading.dimensions), ())
        room = self._most_series - _most_beside_windows(series, seen.state) - number_of(baselines)
        windows, folded = window_series(reading, seen.whole, _components_of_windows(seen), room)
        series[families.SEGMENTS_FOLDED][()] = len(folded)
        series.update(windows)
        series.update(baseline_series(seen.outlook, len(reading.dimensions), folded))
        for family in families.FAMILIES:
            if family.kind == "histogram":
                yield _histogram(family, reading.currency, seen.totals, seen.exemplars)
            else:
                yield _metric(family, reading.currency, reading.dimensions, series[family])


class StartingCollector(Collector):
    """A worker that has no figures yet: how the machinery stands, and nothing that looks like a figure."""

    def __init__(self, state: PipelineState, version: str) -> None:
        self._state, self._version = state, version

    def collect(self) -> Iterator[Metric]:
        """The families of the state that have a value."""
        series = _state_series(self._state, self._version)
        for family in families.FAMILIES:
            if series.get(family):
                yield _metric(family, "", (), series[family])


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """A registry that holds these collectors alone."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry


def render(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The text and its content type: OpenMetrics where the Accept header names it, else Prometheus text.

    Unless it is to be marked as escaped, no name needs it: what Prometheus has always taken is written as it is, which
    the library does a third faster.
    """
    chosen: tuple[Callable[..., bytes], str] = choose_encoder(accept)
    encode, content_type = chosen
    if content_type.endswith((DOTS, VALUES)):
        return encode(registry), content_type
    return encode(registry, escaping=ALLOWUTF8), content_type


def _components_of_totals(seen: Observation) -> list[str]:
    """Those of windows, and of tables before them that this worker's counters have a cost of."""
    known = set(_components_of_windows(seen))
    for totals in seen.totals.directions.values():
        known |= totals.cost_nano.keys() | totals.corrections_nano.keys()
    return [component for component in COMPONENTS if component in known]


def _components_of_windows(seen: Observation) -> list[str]:
    """Those of the rate table in use, and of tables before it as long as any cost of theirs is shown."""
    known = set(seen.state.components)
    for window in seen.whole.windows:
        known |= window.rows[-1].figures.components_nano.keys()
    return [component for component in COMPONENTS if component in known]


#: What one worker has more of than another: its partitions, what was posted to it, what its calls cost in the past.
_OF_A_WORKER = (
    families.SOURCE_LAG, families.SOURCE_RECORDS, families.SOURCE_GAP, families.SHARE, families.PARTITIONS,
    families.WEBHOOKS, families.COST, families.CORRECTIONS,
)  # fmt: skip
_PARTITION_STATES = ("ready", "restoring")
_MOST_ANSWERS = 64  # of POST /ingest: eight platforms, one of them `unknown`, eight statuses each


def _most_beside_windows(series: Series, state: PipelineState) -> int:
    """As many series as any worker has beside windows and baselines: all then find the same room for segments."""
    sources = len(state.shares_ms.keys() | state.source_lag_records.keys() | state.source_gaps.keys())
    of_counters = 2 * len(DIRECTIONS) * len(COMPONENTS)
    histogram = len(DIRECTIONS) * (len(COST_BUCKETS_NANO) + 3)
    single = sum(not family.labels for family in families.FAMILIES)
    alike = sum(len(found) for family, found in series.items() if family.labels and family not in _OF_A_WORKER)
    return single + alike + 3 * sources + len(_PARTITION_STATES) + _MOST_ANSWERS + of_counters + histogram


def _state_series(state: PipelineState, version: str) -> Series:
    series: Series = defaultdict(dict)
    single = {
        families.WATERMARK: state.watermark_ms,
        families.LAST_EVENT: state.last_event_ms,
        families.RATE_TABLE_LOADED: state.table_loaded_ms,
        families.RATE_TABLE_NEWEST: state.newest_version_ms,
        families.RATE_TABLE_FRESH: int(not state.table_problems),
        families.RATE_TABLE_PROBLEMS: state.table_problems,
        families.INDEX_ENTRIES: state.index_entries,
        families.INDEX_LIMIT: state.index_limit,
        families.SEGMENTS: state.segments,
        families.VALUES_LIMIT: state.dimension_values_limit,
        families.READY: int(state.is_ready),
        families.BEHIND: state.records_behind,
        families.CHECKPOINT: state.checkpoint_ms,
        families.CHECKPOINT_DURATION: state.checkpoint_duration_ms,
        families.CHECKPOINT_BYTES: state.checkpoint_bytes,
        families.STORE_BYTES: state.store_bytes,
        families.STORE_WRITABLE: int(state.store_is_writable),
        families.DEAD_LETTERS: state.dead_letters,
        families.DEAD_LETTERS_DROPPED: state.dead_letters_dropped,
        families.RESTORING_RECORDS: state.restoring_records,
        families.REBALANCES: state.rebalances,
    }
    for family, value in single.items():
        if value is not None:
            series[family][()] = value
    for table_version in state.table_versions:
        series[families.RATE_TABLE][(state.table_sha256, table_version)] = 1
    series[families.VALUES] |= {(dimension,): number for dimension, number in state.dimension_values.items()}
    series[families.SOURCE_LAG] |= {(source,): lag for source, lag in state.source_lag_bytes.items()}
    series[families.SOURCE_RECORDS] |= {(source,): lag for source, lag in state.source_lag_records.items()}
    series[families.SHARE] |= {(source,): as_of_ms for source, as_of_ms in state.shares_ms.items()}
    series[families.PARTITIONS] |= {(name,): number for name, number in state.partitions.items()}
    series[families.SOURCE_GAP] |= {(source,): int(gap) for source, gap in state.source_gaps.items()}
    series[families.WEBHOOKS] |= {
        (platform, str(status)): number for (platform, status), number in sorted(state.webhook_answers.items())
    }
    series[families.BUILD][(version,)] = 1
    return series


def _add_totals(series: Series, totals: Totals, components: Sequence[str]) -> None:
    """Counters; every known reason, direction and component starts at 0."""
    for name, family in families.TOTALS.items():
        series[family][()] = getattr(totals, name)
    for reason in UNRATED_REASONS:
        series[families.UNRATED][(reason,)] = totals.unrated.get(reason, 0)
    for rejection in REASONS:
        series[families.REJECTED][(rejection,)] = totals.rejected.get(rejection, 0)
    for direction in DIRECTIONS:
        of_direction = totals.directions.get(direction, _NOTHING)
        series[families.CALLS][(direction,)] = of_direction.calls
        series[families.HANDLED][(direction,)] = of_direction.handled_ms
        for component in components:
            labels = (direction, component)
            series[families.COST][labels] = of_direction.cost_nano.get(component, 0)
            series[families.CORRECTIONS][labels] = of_direction.corrections_nano.get(component, 0)


_NOTHING = DirectionTotals(histogram=[0] * (len(COST_BUCKETS_NANO) + 1))


def _metric(
    family: Family, currency: str, dimensions: tuple[str, ...], series: Mapping[tuple[str, ...], int]
) -> Metric:
    """A family that is no histogram. (The library's own class for summaries has no quantiles.)"""
    metric = Metric(family.name_in(currency), family.help, family.kind)
    name = f"{metric.name}_total" if family.kind == "counter" else metric.name
    labels = family.labels_in(dimensions)
    metric.samples = [
        Sample(name, dict(zip(labels, values, strict=True)), value / family.scale) for values, value in series.items()
    ]
    return metric


def _histogram(family: Family, currency: str, totals: Totals, exemplars: Exemplars) -> Metric:
    """Buckets with the exemplars that OpenMetrics shows; Prometheus' own text leaves them out."""
    metric = HistogramMetricFamily(family.name_in(currency), family.help, labels=family.labels)
    bounds = [*(str(bound / family.scale) for bound in COST_BUCKETS_NANO), "+Inf"]
    for direction in DIRECTIONS:
        of_direction = totals.directions.get(direction, _NOTHING)
        buckets: list[tuple[str, float] | tuple[str, float, OpenMetricsExemplar]] = []
        for bucket, (bound, number) in enumerate(zip(bounds, accumulate(of_direction.histogram), strict=True)):
            exemplar = _exemplar(exemplars.get((direction, bucket)), family.scale)
            buckets.append((bound, float(number)) if exemplar is None else (bound, float(number), exemplar))
        metric.add_metric((direction,), buckets, of_direction.histogram_sum_nano / family.scale)
    return metric


def _exemplar(found: Exemplar | None, scale: int) -> OpenMetricsExemplar | None:
    if found is None or len(_CALL_ID) + len(found.call_id) > _MOST_EXEMPLAR_CHARACTERS:
        return None
    return OpenMetricsExemplar({_CALL_ID: found.call_id}, found.cost_nano / scale, found.ended_ms / 1_000)


_CALL_ID = "call_id"
_MOST_EXEMPLAR_CHARACTERS = 128  # OpenMetrics 1.0: names and values of an exemplar's labels together
