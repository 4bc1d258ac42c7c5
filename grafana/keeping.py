"""The on-call panels of what is kept: the rate table, the store, checkpoints, partitions, versions.

Owns what they show and how it is to be read.
"""

from grafana import pipeline
from grafana.colours import ACT, LOOK, WELL, Level
from grafana.promql import age, alike, series
from grafana.visuals import About, Shown, grid_of, judged, lines, states, strip

_REBALANCES = (Level("calm", WELL), Level("often", LOOK, 3), Level("storm", ACT, 6))


def rate_table() -> object:
    """What the alerts on the rate table are about."""
    about = About(
        "rate_table",
        "Rate table",
        "Whether the newest rate table is in use, by worker. Refused: it has mistakes, each in the log and in "
        "/api/status; the one before it stays in use. Then how many mistakes, how long ago its newest prices took "
        "effect, and how long ago the table in use was loaded.",
        "none",
    )
    fresh = alike(series("callcost_rate_table_load_success"), "instance")
    problems = alike(series("callcost_rate_table_problems"))
    newest = age(alike(series("callcost_rate_table_newest_version_timestamp_seconds")))
    loaded = age(alike(series("callcost_rate_table_loaded_timestamp_seconds")))
    return strip(
        about,
        Shown(fresh, "{{instance}}", levels=pipeline.LOADED, worded=True),
        Shown(problems, "mistakes", unit="short", decimals=0),
        Shown(newest, "newest prices", unit="s", decimals=0),
        Shown(loaded, "loaded ago", unit="s", decimals=0),
    )


def store() -> object:
    """Whether calls can be taken."""
    about = About(
        "store",
        "Storing",
        "Whether a worker's last attempts to store calls and its state succeeded. While it cannot store calls, it "
        "refuses them with 503 and senders send again. Look at the disk, or at the brokers.",
        "none",
    )
    return states(about, alike(series("callcost_store_writable"), "instance"), "{{instance}}", pipeline.WRITABLE)


def source_gap() -> object:
    """Whether anything was lost before it was read."""
    about = About(
        "source_gap",
        "Followed files and partitions",
        "How many had records gone before they were read: rotated away or deleted while the worker stood "
        "still. Calls may be missing then.",
        "short",
        decimals=0,
        nothing="NOTHING IS FOLLOWED",
    )
    return judged(about, pipeline.gaps(), pipeline.NONE_MISSING, legend="with a gap")


def checkpoints() -> object:
    """What the alert on checkpoints is about."""
    about = About(
        "checkpoints",
        "Age of the last checkpoint",
        "A start folds again what came in since then, so it takes longer the older it is; nothing is lost by it. On a "
        "single machine nothing is stored while nothing comes in: compare with the events a second above.",
        "s",
        decimals=0,
    )
    stored = age(alike(series("callcost_checkpoint_timestamp_seconds"), "instance"))
    return lines(about, Shown(stored, "{{instance}}"), low=0)


def checkpoint_duration() -> object:
    """A slow disk shows here first."""
    about = About(
        "checkpoint_duration",
        "How long a checkpoint takes",
        "The last one of each worker. It grows with what changed since the one before, and with a slow disk or broker.",
        "s",
        decimals=2,
    )
    took = alike(series("callcost_checkpoint_duration_seconds"), "instance")
    return lines(about, Shown(took, "{{instance}}"), low=0)


def store_bytes() -> object:
    """The disk."""
    about = About(
        "store_bytes",
        "What is kept, and what a checkpoint writes",
        "Journal and checkpoints on the disk (on Kafka: checkpoints of a worker's partitions in their topic), and "
        "what the last checkpoint wrote.",
        "bytes",
    )
    kept = alike(series("callcost_store_bytes"), "instance")
    written = alike(series("callcost_checkpoint_written_bytes"), "instance")
    return lines(about, Shown(kept, "kept, {{instance}}"), Shown(written, "last checkpoint, {{instance}}"), low=0)


def rebalances() -> object:
    """What the alert on a storm is about."""
    about = About(
        "rebalances",
        "Rebalances in 10 minutes",
        "How often the Kafka group handed out its partitions anew. Some at a deployment are usual; without one, "
        "workers come and go: look at their logs and at session_timeout_s.",
        "short",
        decimals=0,
        nothing="NOT ON KAFKA",
    )
    counted = f"max by (instance) (increase({series('callcost_rebalances_total')}[10m]))"
    return lines(about, Shown(counted, "{{instance}}"), levels=_REBALANCES, low=0)


def builds() -> object:
    """What runs."""
    about = About(
        "builds",
        "Versions that run",
        "The version of callcost of each worker. Two of them outside a deployment: one was left behind.",
        "none",
        decimals=0,
    )
    running = f"count by (instance, version) ({series('callcost_build_info')})"
    return grid_of(about, ("instance", "version"), Shown(running, "workers"))
