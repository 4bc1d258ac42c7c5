"""A dashboard before its panels: what all of ours have in common.

Owns uid, tags, links, time, refresh; dashboards are files, so nobody can edit one in Grafana and lose it.
"""

from grafana.links import TAG, among_dashboards
from grafana.sdk import Dashboard, DashboardCursorSync


def begun(uid: str, title: str, description: str, *, refresh: str, since: str) -> Dashboard:
    """Without variables, annotations and panels."""
    dashboard = Dashboard(title).uid(uid).description(description).tags([TAG]).readonly()
    dashboard.time(since, "now").refresh(refresh).timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR)
    return dashboard.links([among_dashboards()])
