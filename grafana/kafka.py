"""Kafka: who has which partitions, how far each is, and what is still to be restored.

Owns the dashboard of workers on a cluster. On a single machine it is empty.
"""

from grafana import pipeline
from grafana.annotations import rate_tables
from grafana.colours import ACT, LOOK, WELL, Level
from grafana.dashboard import begun
from grafana.grid import Shelf, put_up
from grafana.panels import KAFKA
from grafana.promql import added, age, alike, series
from grafana.reporting import Reporting
from grafana.sdk import Dashboard
from grafana.variables import workers
from grafana.visuals import About, Shown, judged, lines, states, strip

_NOT_HERE = "NOT ON KAFKA"
_HELD = (Level("ALL HELD", WELL), Level("SOME ARE NOT", ACT, 1))
_OLD = (Level("FRESH", WELL), Level("OLD", LOOK, 30), Level("STALE", ACT, 120))
_RESTORING = (Level("ALL RESTORED", WELL), Level("RESTORING", LOOK, 1))
_WAITING = (Level("LITTLE", WELL), Level("BEHIND", LOOK, 10_000))
_REBALANCES = (Level("calm", WELL), Level("often", LOOK, 3), Level("storm", ACT, 6))


def kafka(_: Reporting) -> Dashboard:
    """The dashboard callcost-kafka."""
    dashboard = begun(
        KAFKA,
        "callcost: Kafka",
        "Workers on a cluster: partitions, lag, how old each partition's figures are, restoring, rebalances, "
        "checkpoints.",
        refresh="30s",
        since="now-3h",
    )
    dashboard.variables([*workers()]).annotations([rate_tables()])
    return put_up(
        dashboard,
        (
            Shelf(4, [(_partitions(), 6), (_restoring(), 6), (_oldest_share(), 6), (_lag(), 6)]),
            Shelf(4, [(_workers(), 12), (_gaps(), 12)]),
            Shelf(9, [(_lag_partitions(), 12), (_shares(), 12)]),
            Shelf(9, [(_states(), 8), (_restore(), 8), (_rebalances(), 8)]),
            Shelf(9, [(_checkpoints(), 8), (_checkpoint_duration(), 8), (_topic_bytes(), 8)]),
        ),
    )


def _partitions() -> object:
    about = About(
        "kafka_partitions",
        "Partitions",
        "How many partitions all chosen workers have, and how many of the topics' are known to anybody. The first "
        "less than the second: some have no worker, or one that does not answer.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    known, held = f"count({pipeline.shares()})", added(series("callcost_partitions"))
    return strip(
        about,
        Shown(held, "have a worker"),
        Shown(known, "known"),
        Shown(f"{known} - {held}", "state", levels=_HELD, worded=True),
    )


def _restoring() -> object:
    about = About(
        "kafka_restoring",
        "Records still to be restored",
        "After a partition moved, its new worker reads again what came in since the last checkpoint.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return judged(about, added(series("callcost_restoring_records")), _RESTORING)


def _oldest_share() -> object:
    about = About(
        "kafka_oldest_share",
        "Oldest figures of a partition",
        "At the worker that knows best. Old from 30 s: its worker is gone or busy; stale from 2 min.",
        "s",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return judged(about, f"max(time() - {pipeline.shares()})", _OLD)


def _lag() -> object:
    about = About(
        "kafka_lag",
        "Records not folded yet",
        "Of all partitions. Behind from 10 000: look at whether it falls.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return judged(about, added(_lag_by_partition()), _WAITING)


def _workers() -> object:
    about = About(
        "kafka_workers",
        "Workers",
        "Whether each has folded again what came in before it got its partitions.",
        "none",
        nothing="NO WORKER ANSWERS",
    )
    return states(about, alike(series("callcost_ready"), "instance"), "{{instance}}", pipeline.READY)


def _gaps() -> object:
    about = About(
        "kafka_gaps",
        "Partitions: records gone before they were read",
        "Calls may be missing: the topic's retention is shorter than the time that workers stood still.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return judged(about, pipeline.gaps(), pipeline.NONE_MISSING, legend="with a gap")


def _states() -> object:
    about = About(
        "kafka_states",
        "Partitions by worker and state",
        "Ready, or being restored. After a rebalance all become ready within seconds to minutes.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    held = added(series("callcost_partitions"), "instance", "state")
    return lines(about, Shown(held, "{{instance}}, {{state}}"), stacked=True, low=0)


def _lag_by_partition() -> str:
    return alike(series("callcost_source_lag_records"), "job", "source")


def _lag_partitions() -> object:
    about = About(
        "kafka_lag_partitions",
        "Records not folded yet, by partition",
        "One alone that rises: its worker stands still. All: too few workers.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return lines(about, Shown(_lag_by_partition(), "{{source}}"), low=0)


def _shares() -> object:
    about = About(
        "kafka_shares",
        "Age of each partition's figures",
        "Workers tell one another their figures every few seconds; the youngest that anybody has.",
        "s",
        decimals=0,
        nothing=_NOT_HERE,
    )
    levels = (Level("fresh", WELL), Level("old", LOOK, 30), Level("stale", ACT, 120))
    return lines(about, Shown(f"time() - {pipeline.shares()}", "{{source}}"), levels=levels, low=0)


def _restore() -> object:
    about = About(
        "kafka_restore",
        "Records still to be restored, by worker",
        "It falls steadily after a rebalance or a start.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    return lines(about, Shown(alike(series("callcost_restoring_records"), "instance"), "{{instance}}"), low=0)


def _rebalances() -> object:
    about = About(
        "kafka_rebalances",
        "Rebalances in 10 minutes",
        "How often the group handed out partitions anew, as each worker saw it.",
        "short",
        decimals=0,
        nothing=_NOT_HERE,
    )
    counted = f"max by (instance) (increase({series('callcost_rebalances_total')}[10m]))"
    return lines(about, Shown(counted, "{{instance}}"), levels=_REBALANCES, low=0)


def _checkpoints() -> object:
    about = About(
        "kafka_checkpoints",
        "Age of the last checkpoint",
        "Of each worker. What came in since then is read again by whoever gets its partitions.",
        "s",
        decimals=0,
        nothing=_NOT_HERE,
    )
    stored = age(alike(series("callcost_checkpoint_timestamp_seconds"), "instance"))
    return lines(about, Shown(stored, "{{instance}}"), low=0)


def _checkpoint_duration() -> object:
    about = About(
        "kafka_checkpoint_duration",
        "How long a checkpoint takes, and what it writes",
        "Until all in-sync replicas have it.",
        "s",
        decimals=2,
    )
    took = alike(series("callcost_checkpoint_duration_seconds"), "instance")
    written = alike(series("callcost_checkpoint_written_bytes"), "instance")
    right = {"custom.axisPlacement": "right"}
    return lines(
        about,
        Shown(took, "{{instance}}"),
        Shown(written, "written, {{instance}}", unit="bytes", extra=right),
        low=0,
    )


def _topic_bytes() -> object:
    about = About(
        "kafka_topic_bytes",
        "Checkpoints in their topic",
        "What the checkpoints of each worker's partitions take in the compacted topic.",
        "bytes",
    )
    return lines(about, Shown(alike(series("callcost_store_bytes"), "instance"), "{{instance}}"), low=0)
