"""The on-call panels of what is bounded: values of dimensions, remembered calls, series, the time of a scrape.

Owns what they show and how it is to be read. Whatever reaches its limit is summed up or forgotten, never lost in sums.
"""

from grafana.colours import ACT, LOOK, WELL, Level
from grafana.promql import added, alike, of_workers, per_minute, ratio, series
from grafana.visuals import About, Shown, lines

_FULL = (Level("room", WELL), Level("nearly full", LOOK, 0.8), Level("full", ACT, 1.0))


def cardinality() -> object:
    """What the alert on dimensions is about."""
    about = About(
        "cardinality",
        "Values of dimensions, of their limit",
        "How many values each dimension has, as a part of most_values; further ones are counted as __other__. Full: "
        "too many queues, or something that is no queue is in the field. Then calls a minute that became __other__.",
        "percentunit",
        decimals=1,
    )
    values = alike(series("callcost_dimension_values"), "job", "dimension")
    limit = alike(series("callcost_dimension_values_limit"), "job")
    other = per_minute(series("callcost_other_value_calls_total"))
    return lines(
        about,
        Shown(f"{values} / on (job) group_left () ({limit} > 0)", "{{dimension}}"),
        Shown(other, "calls a minute as __other__", unit="cpm", extra={"custom.axisPlacement": "right"}),
        levels=_FULL,
        low=0,
    )


def index() -> object:
    """Duplicates and amendments."""
    about = About(
        "index",
        "Remembered calls, of their limit",
        "Calls that can still be told again or amended, as a part of most_calls. Full: the oldest are forgotten "
        "early, and a repetition of one would count twice.",
        "percentunit",
        decimals=1,
    )
    used = ratio(
        alike(series("callcost_index_entries"), "instance"), alike(series("callcost_index_entries_limit"), "instance")
    )
    return lines(about, Shown(used, "{{instance}}"), levels=_FULL, low=0)


def series_used() -> object:
    """The cost of the dashboards."""
    about = About(
        "series",
        "Series of a scrape, of their limit",
        "Samples that Prometheus took from each worker, as a part of most_series, and the segments that were summed "
        "up as __other__ to keep within it.",
        "percentunit",
        decimals=1,
    )
    used = ratio(
        alike(series("scrape_samples_scraped"), "instance"), alike(series("callcost_series_limit"), "instance")
    )
    folded = added(series("callcost_segments_folded"), "instance")
    right = {"custom.axisPlacement": "right"}
    return lines(
        about,
        Shown(used, "{{instance}}"),
        Shown(folded, "segments folded, {{instance}}", unit="short", extra=right),
        levels=_FULL,
        low=0,
    )


def scrape() -> object:
    """A slow answer is a busy worker."""
    about = About(
        "scrape",
        "How long a scrape takes",
        "As Prometheus measures it. It is a fraction of a second; more means that the worker has too little processor "
        "time.",
        "s",
        decimals=3,
    )
    levels = (Level("quick", WELL), Level("slow", LOOK, 1), Level("near the timeout", ACT, 5))
    return lines(
        about,
        Shown(alike(of_workers(series("scrape_duration_seconds")), "instance"), "{{instance}}"),
        levels=levels,
        low=0,
    )
