"""The cost overview: what calls cost, of what it is made, where it changed and why, and what becomes of the budgets.

Owns the panels that alerts on money lead to. A click on a segment shows that segment alone.
"""

from grafana import money, outcomes, pools
from grafana.annotations import rate_tables
from grafana.dashboard import begun
from grafana.figures import Figures
from grafana.grid import Heading, Shelf, put_up
from grafana.panels import COST
from grafana.reporting import Reporting
from grafana.sdk import Dashboard
from grafana.variables import segments, window, workers


def cost(reporting: Reporting) -> Dashboard:
    """The dashboard callcost-cost."""
    whole, chosen = Figures(reporting), Figures(reporting, segments=True)
    dashboard = begun(
        COST,
        "callcost: cost overview",
        "What calls cost by segment and component, what is idle, what moved the cost per call, and budgets.",
        refresh="30s",
        since="now-24h",
    )
    dashboard.variables([*workers(), *segments(reporting), *window()]).annotations([rate_tables()])
    return put_up(
        dashboard,
        (
            Heading("row_now", "Now, and why"),
            Shelf(
                4,
                [
                    (money.cost_now(chosen), 6),
                    (money.absorbed_now(chosen), 4),
                    (money.calls_now(chosen), 4),
                    (pools.idle_now(whole), 5),
                    (pools.budget_now(whole), 5),
                ],
            ),
            Shelf(9, [(money.cost_per_call(whole), 12), (money.moved(whole), 12)]),
            Shelf(7, [(money.moved_table(whole), 12), (money.windows(whole), 12)]),
            Heading("row_segments", "Segments"),
            Shelf(10, [(money.segments(chosen), 24)]),
            Shelf(9, [(money.segment_trend(chosen), 12), (money.handle_time(chosen), 12)]),
            Heading("row_components", "Components, and single calls"),
            Shelf(9, [(money.components(chosen), 12), (money.components_per_call(chosen), 12)]),
            Shelf(9, [(money.quantiles(whole), 12), (money.distribution(whole), 12)]),
            Heading("row_pools", "Paid for and not used"),
            Shelf(9, [(pools.idle(whole), 12), (pools.idle_pools(whole), 12)]),
            Heading("row_budgets", "Budgets"),
            Shelf(9, [(pools.budget_burn(whole), 12), (pools.projection(whole), 12)]),
            Shelf(7, [(pools.budgets(whole), 24)]),
            Heading("row_outcomes", "What it brought, and checks"),
            Shelf(8, [(outcomes.cost_per_sale(chosen), 12), (outcomes.cost_per_lead(chosen), 12)]),
            Shelf(
                8, [(outcomes.abandoned(chosen), 8), (outcomes.carrier_check(chosen), 8), (outcomes.rate_versions(), 8)]
            ),
        ),
    )
