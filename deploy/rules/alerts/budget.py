"""Budgets: spent too fast, over by the end of the period as things stand, and over already.

Pace is looked at in pairs of windows. The long one says that it matters, the short one that it still goes on, so an
alert ends soon after its cause. Steady spending is 1×.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert, Severity
from deploy.rules.texts import amount, looked_up

#: Name, severity, pace, short and long window, for. At 4× a monthly budget lasts a week, at 2× half the month: somebody
#: has to act tonight. At 1.2× it is overspent by a fifth: somebody has to look this week.
PACES: tuple[tuple[str, Severity, str, str, str, str], ...] = (
    ("CallcostBudgetBurnFast", "critical", "4", "1h", "8h", "5m"),
    ("CallcostBudgetBurnHigh", "critical", "2", "8h", "24h", "15m"),
    ("CallcostBudgetBurnSteady", "warning", "1.2", "24h", "7d", "1h"),
)
#: Without a whole week of history it is not known which hours are busy, and every busy hour would look like a burn.
LEAST_HISTORY = "7 * 86400"
#: A projection that is over for so long is no noise of the hour.
PROJECTED_FOR = "6h"


def budget_alerts(to: Deployment) -> tuple[Alert, ...]:
    """In the order in which one usually sees them."""
    return (*(_pace(to, *pace) for pace in PACES), _projected(to), _spent(to))


def _pace(to: Deployment, name: str, severity: Severity, pace: str, short: str, long: str, lasting: str) -> Alert:
    burn = "job_budget_window:callcost_budget_burn:ratio"
    return Alert(
        name=name,
        severity=severity,
        area="budget",
        about="budget_burn",
        expr=f"""
            max by (job, budget) ({burn}{{window="{long}"}}) > {pace}
              and on (job, budget) {burn}{{window="{short}"}} > {pace}
              and on (job, budget) {_has_history()}
            """,
        lasting=lasting,
        keep="15m",
        summary="""
            Budget {{ $labels.budget }} is spent at {{ $value | printf `%.2f` }}× the pace it allows""",
        description=f"""
            In the last {long} {_of(to, "window_cost", f'window="{long}"')} were spent where the budget allows
            {_of(to, "window_allotted", f'window="{long}"')}; in the last {short}
            {_of(to, "window_cost", f'window="{short}"')} where it allows
            {_of(to, "window_allotted", f'window="{short}"')}. {_so_far(to)}""",
        panel="budget_burn",
    )


def _projected(to: Deployment) -> Alert:
    return Alert(
        name="CallcostBudgetProjectedOver",
        severity="warning",
        area="budget",
        about="budget_total",
        expr=f"""
            job_budget:callcost_budget_projected:ratio > 1
              and on (job, budget) {_has_history()}
            """,
        lasting=PROJECTED_FOR,
        keep="1h",
        summary="""
            Budget {{ $labels.budget }} will come to {{ $value | humanizePercentage }} by the end of its period""",
        description=f"""
            As things stand {_of(to, "projected")} will have been spent of {_of(to, "")} when the period ends on
            {_end()}. {_so_far(to)}""",
        panel="projection",
    )


def _spent(to: Deployment) -> Alert:
    return Alert(
        name="CallcostBudgetSpent",
        severity="critical",
        area="budget",
        about="budget_total",
        expr="job_budget:callcost_budget_spent:ratio > 1",
        lasting="5m",
        keep="15m",
        summary="Budget {{ $labels.budget }} is spent: {{ $value | humanizePercentage }}",
        description=f"""
            {_of(to, "spent")} were spent of {_of(to, "")}, and the period goes on until {_end()}. By then it will
            have come to {_of(to, "projected")}.""",
        panel="budgets",
    )


def _has_history() -> str:
    return f"max by (job, budget) (callcost_budget_history_seconds) >= {LEAST_HISTORY}"


def _of(to: Deployment, name: str, *matchers: str) -> str:
    metric = f"callcost_budget_{name}_{to.money}" if name else f"callcost_budget_{to.money}"
    chosen = ", ".join(("job=$job", "budget=$budget", *matchers))
    return looked_up(f"max({metric}{{{chosen}}})", amount(to.code))


def _so_far(to: Deployment) -> str:
    return f"So far {_of(to, 'spent')} of {_of(to, '')} are spent, until {_end()}."


def _end() -> str:
    """The last day of the period: its end is midnight of the next, in the centre's time.

    Templates know UTC alone. The noon of that day has its date there as well, in zones from UTC−11 to UTC+12.
    """
    end = "max(callcost_budget_end_timestamp_seconds{job=$job, budget=$budget}) - 43200"
    return looked_up(end, "humanizeTimestamp | reReplaceAll ` .*` ``")
