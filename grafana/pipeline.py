"""How the machinery stands, as queries: ages, lag, and the words for them.

Owns the figures of the pipeline that several dashboards show. Instants are metrics; Prometheus works out ages.
"""

from grafana.colours import ACT, LOOK, WELL, Level
from grafana.promql import added, age, alike, series

FRESH = (Level("LIVE", WELL), Level("SLOW", LOOK, 45), Level("STALE", ACT, 120))
UP = (Level("DOWN", ACT), Level("UP", WELL, 1))
READY = (Level("NOT READY", LOOK), Level("READY", WELL, 1))
LOADED = (Level("REFUSED", ACT), Level("IN USE", WELL, 1))
WRITABLE = (Level("CANNOT STORE", ACT), Level("STORES", WELL, 1))
NONE_MISSING = (Level("COMPLETE", WELL), Level("A GAP", ACT, 1))

#: Labels that alerts of callcost have; the watchdog's is left out, for it always fires.
AREAS = 'area=~"cost|budget|quality|flow|process"'


def oldest_figures() -> str:
    """Seconds since the oldest part of the figures was read: of a worker, or of a partition by whoever has it."""
    return f"max(time() - ({read()} or {shares()}))"


def read() -> str:
    """By worker: the instant as of which it reads windows."""
    return alike(series("callcost_read_timestamp_seconds"), "instance")


def shares() -> str:
    """By installation and partition: as of when its figures are, at whoever knows best. A single machine has none."""
    return alike(series("callcost_share_timestamp_seconds"), "job", "source")


def gaps() -> str:
    """How many followed files and partitions have a gap; there may be too many of them to show each."""
    return added(alike(series("callcost_source_gap"), "job", "source"))


def last_event() -> str:
    """Seconds since the newest call ended."""
    return age(alike(series("callcost_last_event_timestamp_seconds")))


def watermark() -> str:
    """By worker: how far its event time is behind."""
    return age(alike(series("callcost_watermark_timestamp_seconds"), "instance"))


def alerts(state: str) -> str:
    """What Prometheus's rules say. Alerts are of sums over workers, so they name neither job nor instance."""
    return f'ALERTS{{alertstate="{state}", {AREAS}}}'
