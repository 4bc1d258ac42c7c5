"""Ways from one dashboard to another, with what is chosen and the time that is shown.

Owns the addresses that panels and dashboards link to.
"""

from grafana.panels import COST, PANELS
from grafana.reporting import Reporting
from grafana.sdk import DashboardLink, DashboardLinkType

TAG = "callcost"

_KEPT = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${__url_time_range}"


def among_dashboards() -> DashboardLink:
    """Links to all dashboards with our tag, beside one another above the panels."""
    link = DashboardLink("callcost").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(False)
    return link.include_vars(True).keep_time(True).tooltip("The dashboards of callcost")


def to_panel(name: str) -> str:
    """A panel alone, over the whole screen."""
    return f"{PANELS[name].path}&{_KEPT}"


def to_segment(reporting: Reporting, *, table: bool) -> str:
    """The cost overview of one segment: that of a row of a table, or of a series."""
    fields = "__data.fields" if table else "__field.labels"
    ours = "&".join(f"var-{name}=${{{fields}.{name}:percentencode}}" for name in reporting.dimensions)
    return f"/d/{COST}?{ours}&{_KEPT}"
