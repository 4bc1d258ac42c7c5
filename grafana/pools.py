"""The cost overview's panels of what is paid for whether anybody calls or not, and of budgets.

Owns what they show and how it is to be read. They are of the whole company: pools and budgets have no segments.
"""

from grafana.figures import Figures
from grafana.levels import BUDGET, BURN, IDLE
from grafana.promql import alike, ratio, series
from grafana.visuals import About, Shown, grid_of, judged, lines

_TEXT = {"custom.cellOptions": {"type": "color-text"}}
_DASHED = {"custom.lineStyle": {"fill": "dash", "dash": [10, 10]}}


def idle_now(figures: Figures) -> object:
    """A share."""
    about = About(
        "idle_now",
        "Idle share, $window",
        "The part of what accrued in pools with a capacity that no call used: much from 40 %, most from 60 %. A "
        "centre that is open at night has more of it than one that is not; compare with its own past.",
        "percentunit",
        decimals=1,
        nothing="NO POOLS",
    )
    return judged(about, figures.idle_share("$window"), IDLE)


def budget_now(figures: Figures) -> object:
    """The worst of them."""
    about = About(
        "budget_now",
        "Budget that stands worst",
        "What it will have come to by the end of its period, as a part of it: tight from 95 %, over from 100 %.",
        "percentunit",
        decimals=0,
        nothing="NO BUDGET",
    )
    worst = f"topk(1, {figures.budget_share('projected')})"
    return judged(about, worst, BUDGET, legend="{{budget}}")


def idle(figures: Figures) -> object:
    """By pool over time."""
    about = About(
        "idle",
        "Idle cost by pool, $window",
        "What accrued in a pool less what calls used of it, at its capacity cost rate. Below 0: more was used than "
        "there is, so its capacity is set too low.",
        figures.reporting.unit,
        decimals=2,
        nothing="NO POOLS",
    )
    return lines(about, Shown(figures.idle("$window"), "{{pool}}"))


def idle_pools(figures: Figures) -> object:
    """All of it now."""
    about = About(
        "idle_pools",
        "Pools, $window",
        "What accrued, what calls used, what is left, and its share. A pool without a capacity has only the first.",
        figures.reporting.unit,
        decimals=2,
        nothing="NO POOLS",
    )
    return grid_of(
        about,
        ("pool",),
        Shown(figures.accrued("$window"), "accrued"),
        Shown(figures.used("$window"), "used"),
        Shown(figures.idle("$window"), "idle"),
        Shown(
            figures.idle_share("$window", "pool"),
            "idle share",
            unit="percentunit",
            decimals=1,
            levels=IDLE,
            extra=_TEXT,
        ),
        sort="idle",
    )


def budget_burn(figures: Figures) -> object:
    """What the alerts on burn are about."""
    about = About(
        "budget_burn",
        "How fast budgets burn",
        "What was spent in a window, divided by what falls to it by the usual shape of the week: 1 is steady, at "
        "night too. Alerts look at pairs of windows: 2 and more in both pages, 1.2 and more is a ticket.",
        "none",
        decimals=2,
        nothing="NO BUDGET",
    )
    return lines(about, Shown(figures.budget_burn(), "{{budget}}, {{window}}"), levels=BURN, low=0)


def projection(figures: Figures) -> object:
    """What the alert on the projection is about."""
    about = About(
        "projection",
        "Budgets: spent, and at the end of the period",
        "Spent so far (solid), what it will have come to by the end of the period (dashed), and the budget (dotted). "
        "What pools will accrue is known; direct cost follows the shape of up to 4 past weeks.",
        figures.reporting.unit,
        decimals=0,
        nothing="NO BUDGET",
    )
    dotted = {"custom.lineStyle": {"fill": "dot", "dash": [0, 10]}}
    return lines(
        about,
        Shown(figures.budget("spent"), "{{budget}}, spent"),
        Shown(figures.budget("projected"), "{{budget}}, projected", extra=_DASHED),
        Shown(figures.budget(), "{{budget}}, budget", extra=dotted),
        low=0,
    )


def budgets(figures: Figures) -> object:
    """All of them now."""
    about = About(
        "budgets",
        "Budgets",
        "Each budget's current period. Without weeks of history the shape is flat, and the projection worth less.",
        figures.reporting.unit,
        decimals=0,
        nothing="NO BUDGET",
    )
    end = alike(series("callcost_budget_end_timestamp_seconds"), "job", "budget")
    weeks = f"{alike(series('callcost_budget_history_seconds'), 'job', 'budget')} / 604800"
    left = f"{figures.budget()} - {figures.budget('projected')}"
    return grid_of(
        about,
        ("budget", "job"),
        Shown(figures.budget(), "budget amount"),
        Shown(figures.budget("spent"), "spent"),
        Shown(figures.budget_elapsed(), "period over", unit="percentunit"),
        Shown(figures.budget("projected"), "projected"),
        Shown(
            ratio(figures.budget("projected"), figures.budget()),
            "of the budget",
            unit="percentunit",
            levels=BUDGET,
            extra=_TEXT,
        ),
        Shown(left, "left at the end"),
        Shown(f"1000 * {end}", "period ends", unit="dateTimeAsLocal"),
        Shown(weeks, "weeks of history", unit="none", decimals=0),
        sort="of the budget",
    )
