"""Queries as text: selectors that keep to the chosen job and instances, sums over workers, ratios that are never NaN.

Owns the form of every query. What metrics mean is in `figures` and in the dashboards.
"""

#: Every selector has these matchers: the first two variables of each dashboard.
WORKERS = ('job=~"$job"', 'instance=~"$instance"')


def series(name: str, *matchers: str) -> str:
    """The series of a metric, of the chosen workers."""
    return f"{name}{{{', '.join((*WORKERS, *matchers))}}}"


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
    """How fast a counter rises, a second."""
    return added(f"rate({counter}[$__rate_interval])", *by)


def per_minute(counter: str, *by: str) -> str:
    """How fast a counter rises, a minute: what comes seldom has readable numbers so."""
    return f"60 * {rate(counter, *by)}"


def age(timestamp: str) -> str:
    """Seconds since then."""
    return f"time() - {timestamp}"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)}) " if labels else ""
