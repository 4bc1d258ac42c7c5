"""The on-call panels of what comes in: alerts, whether workers answer, freshness, lag, and what is in no figure.

Owns what they show and how it is to be read.
"""

from grafana import pipeline
from grafana.colours import ACT, LOOK, WELL, Level
from grafana.promql import added, alike, of_workers, per_hour, per_minute, per_second, rate, series
from grafana.reporting import Reporting
from grafana.visuals import About, Shown, grid_of, judged, lines, states
from grafana.visuals import alert_list as list_of_alerts

_WAITING = (Level("read", WELL), Level("behind", LOOK, 10_000))
_ANY = (Level("none", WELL), Level("some", LOOK, 1))


def alerts() -> object:
    """What Prometheus's rules say."""
    about = About(
        "alerts",
        "Firing and pending alerts",
        "What the rules of callcost say, as Prometheus holds it: 2 is firing, 1 is pending, which becomes firing if "
        "it lasts. Empty is good. Not of the chosen job or instance alone: alerts are of sums over workers.",
        "none",
        decimals=0,
        nothing="NO ALERTS",
    )
    by = "max by (alertname, severity, area, about)"
    levels = (Level("pending", LOOK), Level("firing", ACT, 2))
    state = f"2 * {by} ({pipeline.alerts('firing')}) or {by} ({pipeline.alerts('pending')})"
    shown = Shown(
        state, "state", levels=levels, worded=True, extra={"custom.cellOptions": {"type": "color-background"}}
    )
    return grid_of(about, ("alertname", "severity", "area", "about"), shown, sort="state")


def alert_list() -> object:
    """The same with their texts."""
    about = About(
        "alert_list",
        "Alerts as Grafana lists them",
        "The same alerts with their texts and links, where the data source may show Prometheus's rules (manageAlerts).",
        "none",
    )
    return list_of_alerts(about, f"{{{pipeline.AREAS}}}")


def target() -> object:
    """Whether Prometheus reaches them."""
    about = About(
        "target",
        "Workers that answer",
        "Whether Prometheus's last scrape of a worker succeeded. Down: the process, the network or the port. A "
        "worker that did not answer for a day is left out.",
        "none",
        nothing="NO TARGET",
    )
    return states(about, alike(of_workers(series("up")), "instance"), "{{instance}}", pipeline.UP)


def ready() -> object:
    """Whether what came before the start is folded again."""
    about = About(
        "ready",
        "Workers that have all figures",
        "After a start a worker folds again what came in before; until then its figures are not whole and not shown.",
        "none",
    )
    return states(about, alike(series("callcost_ready"), "instance"), "{{instance}}", pipeline.READY)


def fresh_now() -> object:
    """The state of the wallboard's tile."""
    about = About(
        "fresh_now",
        "Age of the oldest figures",
        "Of a worker, or on Kafka of a partition: slow from 45 s, stale from 2 min.",
        "s",
        decimals=0,
    )
    return judged(about, pipeline.oldest_figures(), pipeline.FRESH)


def freshness() -> object:
    """What the alert on the age of the last event is about."""
    about = About(
        "freshness",
        "How old is what is shown",
        "Since the newest call ended (at night that may be long), since each worker's event time, and since the "
        "oldest figures were read. The first two rising together while calls are made: nothing comes in.",
        "s",
        decimals=0,
    )
    return lines(
        about,
        Shown(pipeline.last_event(), "newest call ended"),
        Shown(pipeline.watermark(), "event time, {{instance}}"),
        Shown(pipeline.oldest_figures(), "oldest figures"),
        low=0,
    )


def lag() -> object:
    """What the alert on lag is about."""
    about = About(
        "lag",
        "Records that are not folded yet",
        "Stored by each worker and not in the figures yet, and on Kafka by partition. More than what comes in within "
        "seconds, and not falling: workers are too slow.",
        "short",
        decimals=0,
    )
    return lines(
        about,
        Shown(added(series("callcost_records_behind"), "instance"), "{{instance}}"),
        Shown(alike(series("callcost_source_lag_records"), "job", "source"), "{{source}}"),
        levels=_WAITING,
        low=0,
    )


def lag_bytes() -> object:
    """Of a followed file."""
    about = About(
        "lag_bytes",
        "Bytes of a followed file that are not read yet",
        "Written to a file that [source] follows and not read yet. There is none where calls are posted.",
        "bytes",
        nothing="NO FILE IS FOLLOWED",
    )
    return lines(about, Shown(added(series("callcost_source_lag_bytes"), "source"), "{{source}}"), low=0)


def received() -> object:
    """And what became of it."""
    about = About(
        "received",
        "Events a second, and what became of them",
        "All that came in, and what of it became a costed call, a repetition, or a further version of a call.",
        "cps",
        decimals=2,
    )
    names = (("received", "received"), ("costed", "costed"), ("duplicates", "told again"), ("amended", "amended"))
    return lines(about, *(Shown(per_second(series(f"callcost_{name}_total")), title) for name, title in names), low=0)


def webhooks() -> object:
    """What senders were told."""
    about = About(
        "webhooks",
        "Answers to posts, by platform and status",
        "401 and 404 were not received and are in no other count; 503 is sent again by its sender.",
        "cps",
        decimals=2,
        nothing="NOTHING WAS POSTED",
    )
    answers = rate(series("callcost_webhook_answers_total"), "platform", "code")
    return lines(about, Shown(answers, "{{platform}} {{code}}"), low=0)


def unrated() -> object:
    """What the alert on calls without a cost is about."""
    about = About(
        "unrated",
        "Calls without a cost, a minute",
        "By reason: no version, tariff, prefix or exchange rate of the rate table fits. They are in no figure, so a "
        "broken price makes cost fall. Mend the rate table: calls of the last day are costed again.",
        "cpm",
        decimals=2,
    )
    return lines(about, Shown(per_minute(series("callcost_unrated_total"), "reason"), "{{reason}}"), levels=_ANY, low=0)


def rejects() -> object:
    """What the alert on rejects is about."""
    about = About(
        "rejects",
        "Rejected events, a minute",
        "By reason. Each is a dead letter with its bytes: callcost deadletter list.",
        "cpm",
        decimals=2,
    )
    return lines(
        about, Shown(per_minute(series("callcost_rejected_total"), "reason"), "{{reason}}"), levels=_ANY, low=0
    )


def late() -> object:
    """In the money and in no window."""
    about = About(
        "late",
        "Late calls and unknown keys, a minute",
        "Late calls ended too long before the newest one to be in a window. Unknown keys are of events that no field "
        "knows: a platform may have changed its format.",
        "cpm",
        decimals=2,
    )
    names = (
        ("late_calls", "late calls"),
        ("unknown_keys", "unknown keys"),
        ("unconverted_prices", "prices not converted"),
    )
    return lines(about, *(Shown(per_minute(series(f"callcost_{name}_total")), title) for name, title in names), low=0)


def dead_letters() -> object:
    """What can still be mended."""
    about = About(
        "dead_letters",
        "Dead letters",
        "Rejected events that are kept and were not replayed, and those dropped in an hour because there were too "
        "many.",
        "short",
        decimals=0,
    )
    dropped = f"3600 * {rate(series('callcost_dead_letters_dropped_total'))}"
    kept = alike(series("callcost_dead_letters"), "instance")
    return lines(about, Shown(kept, "kept, {{instance}}"), Shown(dropped, "dropped an hour"), levels=_ANY, low=0)


def corrections(reporting: Reporting) -> object:
    """Of what was shown before."""
    currency = reporting.currency
    about = About(
        "corrections",
        "Money that came to closed days, or went, an hour",
        "Late calls and what amendments and corrected rates changed of days that were over, so of figures that "
        "somebody may have used.",
        reporting.unit,
        decimals=2,
    )
    names = (("late_cost", "late calls"), ("closed_cost_risen", "came"), ("closed_cost_fallen", "went"))
    shown = (Shown(per_hour(series(f"callcost_{name}_{currency}_total")), title) for name, title in names)
    return lines(about, *shown, low=0)
