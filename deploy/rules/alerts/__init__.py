"""Alerts, one file for each thing that may be wrong. Thresholds stand at the head of each file, with their reasons."""

from deploy.rules.alerts.budget import budget_alerts
from deploy.rules.alerts.cost import cost_alerts
from deploy.rules.alerts.flow import flow_alerts
from deploy.rules.alerts.limits import limit_alerts
from deploy.rules.alerts.process import process_alerts
from deploy.rules.alerts.quality import quality_alerts
from deploy.rules.alerts.watchdog import watchdog
from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group


def alert_groups(to: Deployment) -> list[Group]:
    """All of them."""
    return [
        Group("callcost-alerts-cost", cost_alerts(to)),
        Group("callcost-alerts-budget", budget_alerts(to)),
        Group("callcost-alerts-quality", quality_alerts(to)),
        Group("callcost-alerts-flow", flow_alerts(to)),
        Group("callcost-alerts-process", process_alerts(to)),
        Group("callcost-alerts-limits", limit_alerts(to)),
        Group("callcost-alerts-watchdog", (watchdog(to),)),
    ]
