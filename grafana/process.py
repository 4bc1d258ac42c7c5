"""The on-call panels of the process: memory, processor time, open files.

Owns what they show and how it is to be read. Their metrics are those that every Prometheus client has, not callcost's.
"""

from grafana.colours import ACT, LOOK, WELL, Level
from grafana.promql import added, alike, of_workers, ratio, series
from grafana.visuals import About, Shown, lines

_CORE = (Level("room", WELL), Level("busy", LOOK, 0.7), Level("a whole core", ACT, 1.0))
_FULL = (Level("room", WELL), Level("nearly all", LOOK, 0.8), Level("all", ACT, 1.0))


def memory() -> object:
    """What the system counts of it."""
    about = About(
        "memory",
        "Memory of each worker",
        "Resident, as the system counts it. It grows with the calls that are remembered and the segments until the "
        "horizon is full; after that it is flat, or something leaks.",
        "bytes",
    )
    return lines(
        about, Shown(alike(of_workers(series("process_resident_memory_bytes")), "instance"), "{{instance}}"), low=0
    )


def processor() -> object:
    """What a worker can do at most."""
    about = About(
        "processor",
        "Processor time of each worker",
        "Cores in use. Python computes on one of them at a time: at a whole core a worker cannot fold any faster, and "
        "lag rises.",
        "short",
        decimals=2,
    )
    used = of_workers(f"rate({series('process_cpu_seconds_total')}[$__rate_interval])")
    return lines(about, Shown(added(used, "instance"), "{{instance}}"), levels=_CORE, low=0)


def open_files() -> object:
    """Files and connections."""
    about = About(
        "open_files",
        "Open files and connections, of their limit",
        "Of what the system lets the process open. All: nobody can connect any more, and nothing can be stored.",
        "percentunit",
        decimals=1,
    )
    opened = alike(of_workers(series("process_open_fds")), "instance")
    used = ratio(opened, alike(series("process_max_fds"), "instance"))
    return lines(about, Shown(used, "{{instance}}"), levels=_FULL, low=0)
