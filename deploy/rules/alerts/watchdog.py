"""The alert that always fires: when it is no longer heard, alerting itself is broken."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert


def watchdog(_: Deployment) -> Alert:
    """It goes to a hook that calls somebody when it hears nothing."""
    return Alert(
        name="Watchdog",
        severity="none",
        area="watchdog",
        about="watchdog",
        expr="vector(1)",
        summary="Alerting works",
        description="""
            This alert always fires. A hook outside expects it every few minutes and calls somebody when it does not
            come: then Prometheus, Alertmanager or the way between them is broken.""",
        panel="alert_list",
        variables=(),
    )
