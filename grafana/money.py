"""The cost overview's panels of cost per call: now, over time, by segment, by component, and why it changed.

Owns what they show and how it is to be read. Figures are in `figures`.
"""

from grafana.colours import GREY, LOOK, SKY, WELL, Level
from grafana.figures import IN_DOUBT, Figures
from grafana.levels import CHANGE, COST
from grafana.links import to_segment
from grafana.promql import added, alike, came_in, chosen, equals, ratio, series
from grafana.visuals import About, Shown, grid_of, lines, spread, strip

_DASHED = {"custom.lineStyle": {"fill": "dash", "dash": [10, 10]}}
_DOTTED = {"custom.lineStyle": {"fill": "dot", "dash": [0, 10]}, "custom.lineWidth": 1}


def cost_now(figures: Figures) -> object:
    """Of what is chosen, in the last hour."""
    usual = figures.expected_per_call()
    about = About(
        "cost_now",
        "Cost per call, last hour",
        "Cost at standard of the chosen segments' calls divided by their number; what is usual for these hours; and "
        "how the two compare: high from 10 % more, extreme from 25 %, low from 25 % less.",
        figures.reporting.unit,
        decimals=3,
        nothing="NOT KNOWN",
    )
    state = f"({figures.standard_per_call('1h')}) / ({usual}) - 1"
    return strip(
        about,
        Shown(figures.standard_per_call("1h"), "now"),
        Shown(usual, "usual"),
        Shown(state, "state", unit="percentunit", levels=COST, worded=True),
    )


def absorbed_now(figures: Figures) -> object:
    """With its share of what nobody used."""
    about = About(
        "absorbed_now",
        "Cost per call, all in, $window",
        "Fully absorbed cost divided by calls. With all segments chosen it includes what accrued while nobody called. "
        + IN_DOUBT,
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
    )
    return strip(about, Shown(figures.absorbed_per_call("$window"), "all in"))


def calls_now(figures: Figures) -> object:
    """And what was left out of every figure."""
    about = About(
        "calls_now",
        "Calls, $window",
        "Costed calls, and calls without a cost, which are in no other figure: look at On-call, Calls without a cost.",
        "short",
        decimals=0,
    )
    unrated = (Level("none", WELL), Level("some", LOOK, 1))
    return strip(
        about,
        Shown(figures.calls("$window"), "calls"),
        Shown(figures.of_window("unrated", "$window"), "without a cost", levels=unrated),
    )


def cost_per_call(figures: Figures) -> object:
    """What the alert on a spike is about."""
    by = "direction"
    about = About(
        "cost_per_call",
        "Cost per call by direction, against the usual",
        "Cost at standard a call of the hour before each instant (solid), what is usual for these hours (dashed), and "
        "the end of the band around it (dotted), where the alert begins: 4 standard deviations, more where there are "
        "few calls, and 5 % at least. Of whole directions, whatever queue and site are chosen.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
    )
    return lines(
        about,
        Shown(figures.standard_per_call("1h", by), "{{direction}}"),
        Shown(figures.expected_per_call(by), "{{direction}}, usual", extra=_DASHED),
        Shown(figures.upper_bound(), "{{direction}}, bound", extra=_DOTTED),
    )


def moved(figures: Figures) -> object:
    """The split of a change."""
    about = About(
        "moved",
        "Why a call costs more (+) or less (−) than usual",
        "The change of the cost per call of the last hour against the usual, split exactly, so the parts add up: "
        "price (wages, tariffs, fees), handle time, mix (which kinds of calls there are), and how calls are spread "
        "over directions.",
        figures.reporting.unit,
        decimals=4,
        nothing="NOT KNOWN YET",
    )
    return lines(
        about,
        Shown(figures.moved(), "{{effect}}"),
        Shown(figures.moved_between(), "between directions", extra=_colour(GREY)),
        stacked=True,
        bars=True,
    )


def moved_table(figures: Figures) -> object:
    """The same by direction."""
    about = About(
        "moved_table",
        "What moved, by direction",
        "The same split of each direction now. A row adds up to the change. The split by segment and component is at "
        "/api/why of any worker.",
        figures.reporting.unit,
        decimals=4,
        nothing="NOT KNOWN YET",
    )
    by = "direction"
    cell = {"custom.cellOptions": {"type": "color-text"}}
    change = f"{figures.standard_per_call('1h', by)} - {figures.expected_per_call(by)}"
    return grid_of(
        about,
        (by,),
        Shown(figures.standard_per_call("1h", by), "now"),
        Shown(figures.expected_per_call(by), "usual"),
        Shown(change, "change", levels=CHANGE, extra=cell),
        Shown(figures.moved_by_direction("price"), "price", levels=CHANGE, extra=cell),
        Shown(figures.moved_by_direction("handle_time"), "handle time", levels=CHANGE, extra=cell),
        Shown(figures.moved_by_direction("mix"), "mix", levels=CHANGE, extra=cell),
        sort="change",
    )


def windows(figures: Figures) -> object:
    """All windows beside one another."""
    currency, whole_directions = figures.reporting.currency, chosen("direction")
    calls = added(series("callcost_window_calls", whole_directions), "window")
    standard = added(series(f"callcost_window_cost_{currency}", whole_directions), "window")
    rows = series(f"callcost_window_absorbed_cost_{currency}", whole_directions)
    absorbed = added(alike(rows, "job", "window", *figures.reporting.dimensions), "window")
    about = About(
        "windows",
        "All windows",
        f"Calls and cost per call of every window, of whole directions: longer windows have no segments. {IN_DOUBT}",
        figures.reporting.unit,
        decimals=3,
    )
    return grid_of(
        about,
        ("window",),
        Shown(calls, "calls", unit="short", decimals=0),
        Shown(ratio(standard, calls), "a call, standard"),
        Shown(ratio(absorbed, calls), "a call, all in"),
        Shown(standard, "standard cost", decimals=2),
        Shown(absorbed, "all in", decimals=2),
        sort="calls",
    )


def segments(figures: Figures) -> object:
    """Where the money goes, and the way to one segment."""
    by = figures.reporting.dimensions
    about = About(
        "segments",
        "Segments, $window",
        "Each chosen segment's calls and cost. Above the usual is of the last hour: what its calls cost more than as "
        "many usual ones. A click on a name shows that segment alone.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
    )
    coloured = {"custom.cellOptions": {"type": "color-text"}}
    handled = ratio(figures.of_window("handled_seconds", "$window", *by), figures.calls("$window", *by))
    return grid_of(
        about,
        by,
        Shown(figures.calls("$window", *by), "calls", unit="short", decimals=0),
        Shown(figures.standard("$window", *by), "standard cost", decimals=2),
        Shown(figures.standard_per_call("$window", *by), "a call, standard"),
        Shown(figures.absorbed_per_call("$window", *by), "a call, all in"),
        Shown(figures.expected_per_call(*by), "usual a call, these hours"),
        Shown(figures.excess(), "above the usual, last hour", decimals=2, levels=CHANGE, extra=coloured),
        Shown(handled, "handled a call", unit="s", decimals=0),
        sort="standard cost",
        links={label: to_segment(figures.reporting, table=True) for label in by},
    )


def segment_trend(figures: Figures) -> object:
    """The costliest of them over time."""
    by = figures.reporting.dimensions
    about = About(
        "segment_trend",
        "Cost per call of the ten costliest segments",
        "Cost at standard a call of the hour before each instant. Those with the highest cost at each instant, so "
        "over a day there may be more than ten. A click on a line shows that segment alone.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
        link=to_segment(figures.reporting, table=False),
    )
    name = " · ".join(f"{{{{{label}}}}}" for label in by)
    costliest = f"topk(10, {figures.standard('1h', *by)})"
    return lines(about, Shown(f"{figures.standard_per_call('1h', *by)} and on ({', '.join(by)}) {costliest}", name))


def handle_time(figures: Figures) -> object:
    """The quantity behind labour cost."""
    calls = figures.calls("1h")
    about = About(
        "handle_time",
        "Time a call, last hour",
        "Talk, hold and wrap-up a call of the chosen segments. Labour cost follows it.",
        "s",
        decimals=0,
        nothing="NO CALLS",
    )
    parts = (("talk", WELL), ("hold", LOOK), ("wrap", SKY))
    shown = [
        Shown(ratio(figures.of_window(f"{part}_seconds", "1h"), calls), part, extra=_colour(colour))
        for part, colour in parts
    ]
    return lines(about, *shown, stacked=True)


def components(figures: Figures) -> object:
    """Sums."""
    about = About(
        "components",
        "Cost by component, $window",
        "Cost at standard of the chosen segments: what carriers charge, fees, and pools by their category.",
        figures.reporting.unit,
        decimals=2,
        nothing="NO CALLS",
    )
    return lines(about, Shown(figures.standard("$window", "component"), "{{component}}"), stacked=True)


def components_per_call(figures: Figures) -> object:
    """The same divided by calls."""
    about = About(
        "components_per_call",
        "Cost per call by component, $window",
        "The parts of the cost per call at standard; they add up to it.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
    )
    return lines(about, Shown(figures.components_per_call("$window"), "{{component}}"), stacked=True)


def quantiles(figures: Figures) -> object:
    """Of single calls."""
    about = About(
        "quantiles",
        "What single calls cost, $window",
        "Half of the calls cost at most the median; one in 20 costs more than 95 %, one in 100 more than 99 %. Within "
        "1 %. Quantiles of several workers cannot be added up: each worker has its own.",
        figures.reporting.unit,
        decimals=3,
        nothing="NO CALLS",
    )
    named = (("0.5", "median"), ("0.95", "95 %"), ("0.99", "99 %"))
    name = f"callcost_window_call_cost_{figures.reporting.currency}"
    shown = [
        Shown(
            alike(series(name, equals("window", "$window"), equals("quantile", quantile)), "instance"),
            f"{title}, {{{{instance}}}}",
        )
        for quantile, title in named
    ]
    return lines(about, *shown)


def distribution(figures: Figures) -> object:
    """The histogram."""
    about = About(
        "distribution",
        "Calls by what they cost",
        "How many calls were costed in each interval, by what they cost at standard when they came: the stronger the "
        "colour, the more.",
        figures.reporting.unit,
    )
    buckets = series(f"callcost_call_cost_{figures.reporting.currency}_bucket", 'direction=~"$direction"')
    return spread(about, came_in(buckets, "le"))


def _colour(colour: str) -> dict[str, object]:
    return {"color": {"mode": "fixed", "fixedColor": colour}}
