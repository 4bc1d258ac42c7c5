"""What a call usually costs at this hour, the band around it, and how much the last hour came to above it.

The workers export the baseline: cost and calls of the same hours of past days and weeks, and the spread (sigma) of
those hours' costs per call. It is there as soon as the worker has history, a back-fill included.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group, Recording

#: Three standard deviations of a bell curve hold 99.7 % of hours.
SIGMAS = 3
#: A call flow that hardly varies would page for a trifle: the band is at least this part of what is expected.
LEAST_BAND = "0.05"


def expected(to: Deployment) -> Group:
    """For directions and for segments."""
    return Group(
        "callcost-expected",
        (
            Recording(
                "job:callcost_baseline_calls:sum",
                "sum by (job) (max by (job, direction) (callcost_direction_baseline_calls))",
            ),
            *_of("job_direction", "direction", "direction_", "job_window_direction", to),
            *_of("job_segment", to.segment, "", "job_window_segment", to),
        ),
    )


def _of(level: str, labels: str, prefix: str, hourly: str, to: Deployment) -> list[Recording]:
    by = f"job, {labels}"
    baseline = f"callcost_{prefix}baseline"
    mean = f"{level}:callcost_expected_cost_per_call_{to.money}:ratio"
    band = f"{level}:callcost_expected_cost_per_call_{to.money}:band"
    return [
        Recording(
            mean,
            f"max by ({by}) ({baseline}_cost_{to.money})\n/ (max by ({by}) ({baseline}_calls) > 0)",
        ),
        Recording(
            band,
            f"({SIGMAS} * max by ({by}) ({baseline}_sigma_{to.money}) >= {LEAST_BAND} * {mean})\n"
            f"or {LEAST_BAND} * {mean}",
        ),
        Recording(f"{level}:callcost_expected_cost_per_call_{to.money}:upper", f"{mean} + {band}"),
        Recording(f"{level}:callcost_expected_cost_per_call_{to.money}:lower", f"{mean} - {band}"),
        Recording(
            f"{level}:callcost_cost_over_expected_{to.money}:1h",
            f'({hourly}:callcost_cost_per_call_{to.money}:ratio{{window="1h"}} - on ({by}) {mean})\n'
            f'* on ({by}) {hourly}:callcost_calls:sum{{window="1h"}}',
        ),
    ]
