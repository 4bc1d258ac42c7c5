"""The cost overview's panels of what calls brought, and of checks: sales, leads, abandoned calls, carriers' prices.

Owns what they show and how it is to be read.
"""

from grafana.figures import Figures
from grafana.levels import ABANDONED
from grafana.promql import alike, equals, ratio, series
from grafana.visuals import About, Shown, grid_of, lines

_OUTBOUND = (equals("direction", "outbound"),)


def cost_per_sale(figures: Figures) -> object:
    """All outbound cost, divided by sales."""
    return _cost_per(figures, "cost_per_sale", "sale", "sales")


def cost_per_lead(figures: Figures) -> object:
    """All outbound cost, divided by leads."""
    return _cost_per(figures, "cost_per_lead", "lead", "leads")


def _cost_per(figures: Figures, name: str, one: str, many: str) -> object:
    about = About(
        name,
        f"Outbound cost per {one}, $window",
        f"All cost of the chosen outbound calls divided by the {many} they led to: at standard, and with what nobody "
        f"used. Nothing where there was no {one}.",
        figures.reporting.unit,
        decimals=2,
        nothing=f"NO {many.upper()}",
    )
    brought = figures.of_window(many, "$window", where=_OUTBOUND)
    sharing = figures.sharing(many, "$window", where=_OUTBOUND)
    return lines(
        about,
        Shown(ratio(figures.standard("$window", where=_OUTBOUND), brought), "standard"),
        Shown(ratio(figures.absorbed("$window", where=_OUTBOUND), sharing), "all in"),
        low=0,
    )


def abandoned(figures: Figures) -> object:
    """The share that gave up, and what it cost."""
    share_of_calls = ratio(figures.of_window("abandoned", "$window"), figures.calls("$window"))
    cost = figures.of_window(f"abandoned_cost_{figures.reporting.currency}", "$window")
    about = About(
        "abandoned",
        "Abandoned calls, $window",
        "The part of the calls that was abandoned (from 5 % it is worth a look, from 10 % worth acting on), and the "
        "part of the cost at standard that they had.",
        "percentunit",
        decimals=1,
        nothing="NO CALLS",
    )
    return lines(
        about,
        Shown(share_of_calls, "of calls"),
        Shown(ratio(cost, figures.standard("$window")), "of cost"),
        levels=ABANDONED,
        low=0,
    )


def carrier_check(figures: Figures) -> object:
    """Our decks against the platform's prices."""
    currency = figures.reporting.currency
    about = About(
        "carrier_check",
        "Carrier's price against our deck, $window",
        "Of calls that came with a price: what the platform says, and what our tariffs make of the same calls. The "
        "two should lie on one another; where they part, a deck is out of date.",
        figures.reporting.unit,
        decimals=2,
    )
    return lines(
        about,
        Shown(figures.of_window(f"reported_price_{currency}", "$window"), "as reported"),
        Shown(figures.of_window(f"carrier_cost_of_reported_{currency}", "$window"), "by our decks"),
        low=0,
    )


def rate_versions() -> object:
    """What prices are in force."""
    about = About(
        "rate_versions",
        "Rate table in use",
        "Its versions, and the workers that use it. After a change all should have the same sha256 within seconds.",
        "none",
        decimals=0,
    )
    used = f"count by (sha256, version) ({alike(series('callcost_rate_table_info'), 'sha256', 'version', 'instance')})"
    return grid_of(about, ("version", "sha256"), Shown(used, "workers"))
