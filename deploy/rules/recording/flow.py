"""How calls come in, what becomes of them, and how old what we know is.

Owns the way in which counters are read here. On Kafka a partition moves from one worker to another with its counts:
one worker's counter falls, another's rises, and `rate` over either would count all of it as new. So counters are
summed over workers first, and what came in is how far the sum stands above the highest it had before. What moves
cancels out, and a worker that is down for a while does not look like new events when it is back.

At a hand-over both workers may tell of a partition for the length of a scrape. As the highest sum that would make all
that comes later look old, so only what a sum has been for two minutes counts: what came in is known two minutes later.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import SECONDS, Group, Recording


def flow(to: Deployment) -> Group:
    """Counts, shares of them, and ages."""
    late = f"callcost_late_cost_{to.money}"
    return Group(
        "callcost-flow",
        (
            *_came_in("job", "job", "callcost_received", "15m"),
            *_came_in("job", "job", "callcost_rejected", "15m"),
            *_came_in("job_reason", "job, reason", "callcost_rejected", "15m"),
            *_came_in("job_reason", "job, reason", "callcost_unrated", "1h"),
            *_came_in("job", "job", "callcost_late_calls", "1h"),
            *_came_in("job", "job", late, "1h"),
            Recording(
                "job:callcost_rejected:ratio15m",
                "job:callcost_rejected:increase15m / (job:callcost_received:increase15m > 0)",
            ),
            *_unrated_share(),
            Recording(
                "job:callcost_last_event_age_seconds:min",
                "time() - max by (job) (callcost_last_event_timestamp_seconds)",
            ),
            Recording(
                "job_source:callcost_share_age_seconds:min",
                "time() - max by (job, source) (callcost_share_timestamp_seconds)",
            ),
            Recording("job:callcost_records_behind:sum", "sum by (job) (callcost_records_behind)"),
            Recording("job_source:callcost_source_lag_bytes:max", "max by (job, source) (callcost_source_lag_bytes)"),
            Recording("job:callcost_dead_letters:sum", "sum by (job) (callcost_dead_letters)"),
        ),
    )


def _came_in(level: str, by: str, counter: str, within: str) -> list[Recording]:
    """The sum of a counter over workers, what it has been for two minutes, and what was added to that."""
    total, settled = f"{level}:{counter}:sum", f"{level}:{counter}:min2m"
    before = f"{2 * int(within[:-1]) * SECONDS[within[-1]] // 60}m"
    return [
        Recording(total, f"sum by ({by}) ({counter}_total)"),
        Recording(settled, f"min_over_time({total}[2m])"),
        Recording(
            f"{level}:{counter}:increase{within}",
            f"clamp_min({settled} - max_over_time({settled}[{before}] offset {within}), 0)",
        ),
    ]


def _unrated_share() -> list[Recording]:
    rules = []
    for level, by in (("job_window", "job, window"), ("job_window_direction", "job, window, direction")):
        unrated, calls = f"{level}:callcost_unrated:sum", f"{level}:callcost_calls:sum"
        rules += [
            Recording(unrated, f"sum by ({by}) (callcost_window_unrated)"),
            Recording(f"{level}:callcost_unrated:ratio", f"{unrated} / (({calls} + {unrated}) > 0)"),
        ]
    return rules
