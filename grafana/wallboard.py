"""The wallboard: six numbers with what they should be, what costs most, and whether any of it is live.

Owns one screen of 1920 × 1080 without scrolling, legible from ten metres: 27 rows of 38 pixels in Grafana's kiosk mode.
"""

from grafana import pipeline
from grafana.colours import LOOK, SKY
from grafana.dashboard import begun
from grafana.figures import IN_DOUBT, Figures
from grafana.grid import Shelf, put_up
from grafana.levels import ABANDONED, ABSORBED, BUDGET, CHANGE, COST, MORE_IDLE
from grafana.links import to_panel
from grafana.panels import WALLBOARD
from grafana.promql import ratio
from grafana.reporting import Reporting
from grafana.sdk import Dashboard
from grafana.variables import direction, workers
from grafana.visuals import About, Shown, bars, lines, number, strip

NUMBER_PX, BUDGET_PX, STATE_PX, LIST_PX = 100, 70, 42, 34  # a budget's name stands above its number

_UNKNOWN = "UNKNOWN"


def wallboard(reporting: Reporting) -> Dashboard:
    """The dashboard callcost-wallboard."""
    figures = Figures(reporting)
    dashboard = begun(
        WALLBOARD,
        "callcost: wallboard",
        "What calls cost now, against what they should cost. Open it with ?kiosk for a wall.",
        refresh="10s",
        since="now-6h",
    )
    dashboard.variables([*workers(), *direction()])
    return put_up(
        dashboard,
        (
            Shelf(5, [(_cost(figures), 8), (_today(figures), 8), (_calls(figures), 8)]),
            Shelf(4, [(_cost_target(figures), 8), (_today_target(figures), 8), (_calls_target(figures), 8)]),
            Shelf(5, [(_idle(figures), 8), (_budget(figures), 8), (_fresh(), 8)]),
            Shelf(4, [(_idle_target(figures), 8), (_budget_target(figures), 8), (_fresh_target(figures), 8)]),
            Shelf(9, [(_driver(figures), 9), (_moved(figures), 6), (_trend(figures), 9)]),
        ),
    )


def _cost(figures: Figures) -> object:
    about = About(
        "wall_cost",
        "Cost per call, last hour",
        "Cost at standard of the calls that ended in the last hour, divided by their number, in "
        f"{figures.reporting.code}. It moves with prices and handling, not with volume.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
        link=to_panel("cost_per_call"),
    )
    return number(about, Shown(figures.standard_per_call("1h"), "now"), size=NUMBER_PX)


def _cost_target(figures: Figures) -> object:
    usual = figures.expected_per_call()
    change = f"({figures.standard_per_call('1h')}) / ({usual}) - 1"
    about = About(
        "wall_cost_target",
        "against the same hours of past days",
        "What calls of these clock hours cost on the 7 past days and on this weekday 2, 3 and 4 weeks ago, and the "
        "change against it. High from 10 %, extreme from 25 %; low below −25 %: a price may be missing.",
        "percentunit",
        decimals=0,
        nothing=_UNKNOWN,
    )
    return strip(
        about,
        Shown(usual, "usual", unit=figures.reporting.unit, decimals=3),
        Shown(change, "change"),
        Shown(change, "state", levels=COST, worded=True),
        size=STATE_PX,
    )


def _today(figures: Figures) -> object:
    about = About(
        "wall_today",
        "Cost per call, today, all in",
        "Fully absorbed cost since midnight, also of unused capacity, divided by today's calls, in "
        f"{figures.reporting.code}. It falls while calls come in and rises while nobody calls. {IN_DOUBT}",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
        link=to_panel("windows"),
    )
    return number(about, Shown(figures.absorbed_per_call("day-to-date"), "today"), size=NUMBER_PX)


def _today_target(figures: Figures) -> object:
    month = figures.absorbed_per_call("30d")
    change = f"({figures.absorbed_per_call('day-to-date')}) / ({month}) - 1"
    about = About(
        "wall_today_target",
        "against the last 30 days",
        "The same figure over 30 days, and today's change against it. High from 10 %, extreme from 25 %. Early in "
        f"the day it is high where the night was paid for and few called. {IN_DOUBT}",
        "percentunit",
        decimals=0,
        nothing=_UNKNOWN,
    )
    return strip(
        about,
        Shown(month, "30 days", unit=figures.reporting.unit, decimals=3),
        Shown(change, "change"),
        Shown(change, "state", levels=ABSORBED, worded=True),
        size=STATE_PX,
    )


def _calls(figures: Figures) -> object:
    about = About(
        "wall_calls",
        "Calls, last hour",
        "Costed calls that ended in the last hour.",
        "short",
        decimals=0,
        link=to_panel("windows"),
    )
    return number(about, Shown(figures.calls("1h"), "now"), size=NUMBER_PX)


def _calls_target(figures: Figures) -> object:
    abandoned = ratio(figures.of_window("abandoned", "1h"), figures.calls("1h"))
    about = About(
        "wall_calls_target",
        "against the mean hour of the last 24",
        "Calls of an hour on average over 24 hours, and the part of the last hour's calls that was abandoned: some "
        "from 5 %, many from 10 %.",
        "percentunit",
        decimals=1,
        nothing="NONE",
    )
    return strip(
        about,
        Shown(f"{figures.calls('24h')} / 24", "mean hour", unit="short", decimals=0),
        Shown(abandoned, "abandoned"),
        Shown(abandoned, "state", levels=ABANDONED, worded=True),
        size=STATE_PX,
    )


def _idle(figures: Figures) -> object:
    about = About(
        "wall_idle",
        "Paid for and not used, 24 hours",
        "The idle part of what accrued in 24 hours in pools with a capacity: wages, licences, lines. Of the whole "
        "company, whatever direction is chosen.",
        "percentunit",
        decimals=1,
        nothing="NO POOLS",
        link=to_panel("idle"),
    )
    return number(about, Shown(figures.idle_share("24h"), "24 hours"), size=NUMBER_PX)


def _idle_target(figures: Figures) -> object:
    month = figures.idle_share("30d")
    change = f"({figures.idle_share('24h')}) - ({month})"
    about = About(
        "wall_idle_target",
        "against the last 30 days",
        "The same share over 30 days, and the difference in points. High from 5 points more, extreme from 15.",
        "percentunit",
        decimals=1,
        nothing="NONE",
    )
    return strip(
        about,
        Shown(month, "30 days"),
        Shown(change, "points"),
        Shown(change, "state", levels=MORE_IDLE, worded=True),
        size=STATE_PX,
    )


def _budget(figures: Figures) -> object:
    about = About(
        "wall_budget",
        "Budget, at the end of its period",
        "What the budget that stands worst will have come to by the end of its period, as a part of it. Of the whole "
        "company, whatever direction is chosen.",
        "percentunit",
        decimals=0,
        nothing="NO BUDGET",
        link=to_panel("projection"),
    )
    return number(about, Shown(_worst(figures), "{{budget}}"), size=BUDGET_PX, named=True)


def _budget_target(figures: Figures) -> object:
    worst = _worst(figures)
    about = About(
        "wall_budget_target",
        "of that budget",
        "What is spent of it and how much of its period is over. Tight from 95 % at the end of the period, over "
        "from 100 %.",
        "percentunit",
        decimals=0,
        nothing="NONE",
    )
    return strip(
        about,
        Shown(f"{figures.budget_share('spent')} and on (job, budget) {worst}", "spent"),
        Shown(f"{figures.budget_elapsed()} and on (job, budget) {worst}", "period over"),
        Shown(worst, "state", levels=BUDGET, worded=True),
        size=STATE_PX,
    )


def _worst(figures: Figures) -> str:
    return f"topk(1, {figures.budget_share('projected')})"


def _fresh() -> object:
    about = About(
        "wall_fresh",
        "Age of these figures",
        "How long ago the oldest part of the figures was read: a worker's, or on Kafka a partition's. NO DATA: no "
        "worker answers Prometheus; nothing on this wall is true then.",
        "s",
        decimals=0,
        link=to_panel("freshness"),
    )
    return number(about, Shown(pipeline.oldest_figures(), "age"), size=NUMBER_PX)


def _fresh_target(figures: Figures) -> object:
    unrated = figures.of_window("unrated", "1h")
    about = About(
        "wall_fresh_target",
        "can they be trusted?",
        "How long ago the newest call ended, calls of the last hour without a cost (in no other figure), and whether "
        "the figures are live: slow from 45 s, stale from 2 min.",
        "s",
        decimals=0,
    )
    return strip(
        about,
        Shown(pipeline.last_event(), "last call ended"),
        Shown(unrated, "without a cost", unit="short"),
        Shown(pipeline.oldest_figures(), "state", levels=pipeline.FRESH, worded=True),
        size=STATE_PX,
    )


def _driver(figures: Figures) -> object:
    name = " · ".join(f"{{{{{label}}}}}" for label in figures.reporting.dimensions)
    about = About(
        "wall_driver",
        "Above the usual cost, last hour: top 3",
        "The segments whose calls of the last hour cost most above as many usual calls, and by how much, in "
        f"{figures.reporting.code}. A click leads to where it comes from.",
        figures.reporting.unit,
        decimals=2,
        nothing=_UNKNOWN,
        link=to_panel("segments"),
    )
    return bars(about, Shown(f"topk(3, {figures.excess()})", name), levels=CHANGE, size=LIST_PX)


def _moved(figures: Figures) -> object:
    about = About(
        "wall_moved",
        "Why a call costs more (+) or less (−)",
        "The change of the cost per call against the same hours of past days, split exactly: prices, how long calls "
        "take, which kinds of calls there are, and how they are spread over directions.",
        figures.reporting.unit,
        decimals=3,
        nothing=_UNKNOWN,
        link=to_panel("moved"),
    )
    return bars(
        about,
        Shown(figures.moved(), "{{effect}}"),
        Shown(figures.moved_between(), "between directions"),
        levels=CHANGE,
        size=LIST_PX,
    )


def _trend(figures: Figures) -> object:
    dashed = {
        "custom.lineStyle": {"fill": "dash", "dash": [10, 10]},
        "color": {"mode": "fixed", "fixedColor": SKY},
    }
    about = About(
        "wall_trend",
        "Cost per call over time",
        "Cost at standard a call of the hour before each instant, and what was usual for it.",
        figures.reporting.unit,
        decimals=3,
    )
    now = {"color": {"mode": "fixed", "fixedColor": LOOK}, "custom.lineWidth": 4}
    return lines(
        about,
        Shown(figures.standard_per_call("1h"), "now", extra=now),
        Shown(figures.expected_per_call(), "usual", extra=dashed),
    )
