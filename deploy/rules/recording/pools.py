"""What was paid for and not used: idle cost and utilisation of each pool.

Every worker knows alike what pools accrued and what the whole company's calls used of them, also those of partitions
that no worker has at the moment. So the maximum is taken of both, and their difference is right while a worker is away.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group, Recording


def pools(to: Deployment) -> Group:
    """A pool without a capacity has no use at standard, and so neither idle cost nor utilisation."""
    accrued = f"max by (job, window, pool) (callcost_window_accrued_{to.money})"
    used = f"max by (job, window, pool) (callcost_company_absorbed_at_standard_{to.money})"
    return Group(
        "callcost-pools",
        (
            Recording(f"job_window_pool:callcost_accrued_{to.money}:max", accrued),
            Recording(f"job_window_pool:callcost_absorbed_at_standard_{to.money}:max", used),
            Recording(
                f"job_window_pool:callcost_idle_{to.money}:difference",
                f"job_window_pool:callcost_accrued_{to.money}:max"
                f" - job_window_pool:callcost_absorbed_at_standard_{to.money}:max",
            ),
            Recording(
                f"job_window:callcost_idle_{to.money}:sum",
                f"sum by (job, window) (job_window_pool:callcost_idle_{to.money}:difference)",
            ),
            Recording(
                "job_window_pool:callcost_utilisation:ratio",
                f"job_window_pool:callcost_absorbed_at_standard_{to.money}:max\n"
                f"/ (job_window_pool:callcost_accrued_{to.money}:max > 0)",
            ),
        ),
    )
