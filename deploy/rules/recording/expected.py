"""What a call usually costs at this hour, the band around it, and how much the last hour came to above it.

The workers export the baseline: cost and calls of the same hours of past days and weeks, and the spread (sigma) of
those hours' costs per call. It is there as soon as the worker has history, a back-fill included.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group, Recording

#: What one call costs has a long tail, and the last hour is looked at again and again: in 29 days of the simulator's
#: normal calls (50 seats, two directions) three standard deviations paged 13 times, four of them twice.
SIGMAS = 4
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
            Recording(
                "job_direction:callcost_price_moved:ratio",
                f'max by (job, direction) (callcost_moved_{to.money}{{effect="price"}})\n'
                f"/ (job_direction:callcost_expected_cost_per_call_{to.money}:ratio > 0)",
            ),
            *_of("job_segment", to.segment, "", "job_window_segment", to),
        ),
    )


#: A quiet hour scatters more than the hours of the baseline do, by the root of how many fewer calls it has.
_HOURS = "on (job) group_left () max by (job) (callcost_baseline_samples)"


def _of(level: str, labels: str, prefix: str, hourly: str, to: Deployment) -> list[Recording]:
    by = f"job, {labels}"
    baseline = f"callcost_{prefix}baseline"
    calls = f'{hourly}:callcost_calls:sum{{window="1h"}}'
    mean = f"{level}:callcost_expected_cost_per_call_{to.money}:ratio"
    band = f"{level}:callcost_expected_cost_per_call_{to.money}:band"
    return [
        Recording(
            mean,
            f"max by ({by}) ({baseline}_cost_{to.money})\n/ (max by ({by}) ({baseline}_calls) > 0)",
        ),
        Recording(
            band,
            f"(\n"
            f"  {SIGMAS} * max by ({by}) ({baseline}_sigma_{to.money})\n"
            f"  * sqrt(clamp_min(\n"
            f"    max by ({by}) ({baseline}_calls) / {_HOURS} / on ({by}) ({calls} > 0),\n"
            f"    1\n"
            f"  ))\n"
            f"  >= {LEAST_BAND} * {mean}\n"
            f")\n"
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
