"""Queries as text: selectors that keep to the chosen job and instances, sums over workers, ratios that are never NaN.

Owns the form of every query. What metrics mean is in `figures` and in the dashboards.
"""

#: Every selector has these matchers: the first two variables of each dashboard.
WORKERS = ('job=~"$job"', 'instance=~"$instance"')

#: Between two looks at a sum of counters; see `came_in`.
STEP = "15s"


def series(name: str, *matchers: str) -> str:
    """The series of a metric, of the chosen workers."""
    return f"{name}{{{', '.join((*WORKERS, *matchers))}}}"


def of_workers(vector: str) -> str:
    """Only those of the series whose job and instance are a worker's: every target has `up`, `process_…`, `scrape_…`.

    A worker that does not answer tells nothing of itself any more, so whoever did within a day is one.
    """
    return f"{vector} and on (job, instance) last_over_time({series('callcost_build_info')}[1d])"


def equals(label: str, value: str) -> str:
    """A matcher of one value."""
    return f'{label}="{value}"'


def chosen(label: str) -> str:
    """A matcher of what is chosen in the variable of the same name."""
    return f'{label}=~"${label}"'


def added(vector: str, *by: str) -> str:
    """The sum over workers and every label but these."""
    return f"sum{_by(by)}({vector})"


def alike(vector: str, *by: str) -> str:
    """What all workers know alike, once."""
    return f"max{_by(by)}({vector})"


def ratio(part: str, whole: str) -> str:
    """One divided by the other, which has the same labels; nothing where the other is 0."""
    return f"{part} / ({whole} > 0)"


def share(parts: str, whole: str) -> str:
    """Each of the parts divided by the whole, which has no labels; nothing where it is 0."""
    return f"{parts} / on () group_left () ({whole} > 0)"


def rate(counter: str, *by: str) -> str:
    """How fast a counter rises, a second. Only for what a process counts from its start on, as answers to posts."""
    return added(f"rate({counter}[$__rate_interval])", *by)


def came_in(counter: str, *by: str) -> str:
    """How much was added to a counter of what happened within `$__rate_interval`, over workers.

    On Kafka a partition moves from one worker to another with its counts: one worker's counter falls, another's rises,
    and `rate` and `increase` over either count all of it as new. So workers are added up first, and what came in is how
    far their sum stands above the highest it had in the hour before. What moves cancels out, and what is away while it
    is restored is not new when it is back. Each installation (`job`) by itself.

    At a hand-over both workers may tell of a partition for the length of a scrape, so only what a sum has been for two
    minutes counts: figures are of the interval that ended two minutes ago. STEP is the shipped scrape interval, of
    which Grafana's intervals are multiples: then none of them is measured too short or too long.
    """
    now = f"min_over_time(({added(counter, *_each_job(by))})[2m:{STEP}])"
    return added(f"clamp_min({now} - max_over_time({now}[1h:{STEP}] offset $__rate_interval), 0)", *by)


def per_second(counter: str, *by: str) -> str:
    """What came in, a second."""
    return f"1000 * {came_in(counter, *by)} / $__rate_interval_ms"


def per_minute(counter: str, *by: str) -> str:
    """What came in, a minute: what comes seldom has readable numbers so."""
    return f"60 * {per_second(counter, *by)}"


def per_hour(counter: str, *by: str) -> str:
    """What came in, an hour."""
    return f"3600 * {per_second(counter, *by)}"


def age(timestamp: str) -> str:
    """Seconds since then."""
    return f"time() - {timestamp}"


def _each_job(by: tuple[str, ...]) -> tuple[str, ...]:
    return ("job", *(label for label in by if label != "job"))


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)}) " if labels else ""
