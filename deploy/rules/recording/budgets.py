"""Budgets: how fast they are spent, what part is spent, and what part will be by the end of the period.

Every worker knows all of it: max, not sum.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group, Recording


def budgets(to: Deployment) -> Group:
    """Burn is 1 where spending is just what the budget allows for that stretch of time, at night as by day."""

    def of(name: str, by: str = "job, budget") -> str:
        return f"max by ({by}) (callcost_budget_{name}{to.money})"

    window = "job, budget, window"
    return Group(
        "callcost-budgets",
        (
            Recording(f"job_budget:callcost_budget_{to.money}:max", of("")),
            Recording(
                "job_budget_window:callcost_budget_burn:ratio",
                f"{of('window_cost_', window)}\n/ ({of('window_allotted_', window)} > 0)",
            ),
            Recording(
                "job_budget:callcost_budget_spent:ratio",
                f"{of('spent_')} / (job_budget:callcost_budget_{to.money}:max > 0)",
            ),
            Recording(
                "job_budget:callcost_budget_projected:ratio",
                f"{of('projected_')} / (job_budget:callcost_budget_{to.money}:max > 0)",
            ),
        ),
    )
