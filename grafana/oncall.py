"""On-call: is it running, is it fresh, what is refused or without a cost, is it kept safe, what is near its limit.

Owns the panels that alerts on the machinery lead to.
"""

from grafana import flow, keeping, limits, process
from grafana.annotations import rate_tables
from grafana.dashboard import begun
from grafana.grid import Heading, Shelf, put_up
from grafana.panels import ONCALL
from grafana.reporting import Reporting
from grafana.sdk import Dashboard
from grafana.variables import workers


def oncall(reporting: Reporting) -> Dashboard:
    """The dashboard callcost-oncall."""
    dashboard = begun(
        ONCALL,
        "callcost: on-call",
        "How the workers stand: alerts, freshness, what is refused, what is kept, what is near its limit.",
        refresh="30s",
        since="now-3h",
    )
    dashboard.variables([*workers()]).annotations([rate_tables()])
    return put_up(
        dashboard,
        (
            Heading("row_alerts", "Alerts, and how it stands"),
            Shelf(8, [(flow.alerts(), 12), (flow.alert_list(), 12)]),
            Shelf(4, [(flow.target(), 8), (flow.ready(), 8), (flow.fresh_now(), 8)]),
            Shelf(4, [(keeping.rate_table(), 8), (keeping.store(), 8), (keeping.source_gap(), 8)]),
            Heading("row_flow", "Freshness and flow"),
            Shelf(8, [(flow.freshness(), 8), (flow.lag(), 8), (flow.lag_bytes(), 8)]),
            Shelf(8, [(flow.received(), 12), (flow.webhooks(), 12)]),
            Heading("row_quality", "What is in no figure, or changed one"),
            Shelf(8, [(flow.unrated(), 8), (flow.rejects(), 8), (flow.late(), 8)]),
            Shelf(8, [(flow.dead_letters(), 12), (flow.corrections(reporting), 12)]),
            Heading("row_keeping", "What is kept"),
            Shelf(8, [(keeping.checkpoints(), 8), (keeping.checkpoint_duration(), 8), (keeping.store_bytes(), 8)]),
            Shelf(8, [(keeping.rebalances(), 12), (keeping.builds(), 12)]),
            Heading("row_limits", "Limits"),
            Shelf(8, [(limits.cardinality(), 12), (limits.index(), 12)]),
            Shelf(8, [(limits.series_used(), 12), (limits.scrape(), 12)]),
            Heading("row_process", "The process"),
            Shelf(8, [(process.memory(), 8), (process.processor(), 8), (process.open_files(), 8)]),
        ),
    )
