"""The kinds of panels: numbers, states, lines, bars, tables. Each has a place, a title, a description and a unit.

Owns what all panels of a kind have in common: instant or range, legend, text sizes, what is shown where there is
nothing. What they show is in the dashboards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from grafana.colours import OF_VALUES, Level, thresholds, words
from grafana.panels import PANELS
from grafana.sdk import (
    Dataquery,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    Panel,
    PromQueryFormat,
    bargauge,
    heatmap,
    kinds,
    options,
    stat,
    table,
    timeseries,
)
from grafana.variables import SOURCE

NOTHING = "NO DATA"

_Built = TypeVar("_Built", stat.Panel, bargauge.Panel, timeseries.Panel, table.Panel, heatmap.Panel)


@dataclass(frozen=True, slots=True)
class About:
    """What every panel has. The name is that of PANELS."""

    name: str
    title: str
    description: str
    unit: str
    decimals: int | None = None
    nothing: str = NOTHING  # shown where a query finds nothing
    link: str | None = None  # where a click on a value leads


@dataclass(frozen=True, slots=True)
class Shown:
    """A query and how its result is named, measured and judged, where that is not as the whole panel's."""

    expr: str
    legend: str = ""
    unit: str | None = None
    decimals: int | None = None
    levels: Sequence[Level] = ()
    worded: bool = False  # the levels' words instead of the number
    extra: Mapping[str, object] = field(default_factory=dict)  # further properties of the field


def number(about: About, shown: Shown, *, size: int, named: bool = False) -> stat.Panel:
    """One large number, without a colour: what it is judged by stands beside it."""
    mode = kinds.BigValueTextMode.VALUE_AND_NAME if named else kinds.BigValueTextMode.VALUE
    return _stat(about, [shown]).text_mode(mode).text(_sizes(size)).color_mode(kinds.BigValueColorMode.NONE)


def strip(about: About, *shown: Shown, size: int = 0) -> stat.Panel:
    """Several values side by side, each with its name; those with levels have their colour behind them."""
    panel = _stat(about, shown).text_mode(kinds.BigValueTextMode.VALUE_AND_NAME)
    panel.color_mode(kinds.BigValueColorMode.BACKGROUND_SOLID).orientation(kinds.VizOrientation.VERTICAL)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.FIXED).fixed_color("transparent"))
    return panel.text(_sizes(size)) if size else panel


def judged(about: About, expr: str, levels: Sequence[Level], *, legend: str = "now") -> stat.Panel:
    """A number and, beside it, the word for it."""
    return strip(about, Shown(expr, legend), Shown(expr, "state", unit="none", levels=levels, worded=True))


def states(about: About, expr: str, legend: str, levels: Sequence[Level]) -> stat.Panel:
    """The words alone, one for each series."""
    return strip(about, Shown(expr, legend, levels=levels, worded=True))


def lines(
    about: About,
    *shown: Shown,
    stacked: bool = False,
    bars: bool = False,
    levels: Sequence[Level] = (),
    low: float | None = None,
) -> timeseries.Panel:
    """What happened over time; levels are lines across it."""
    panel = _about(timeseries.Panel(), about)
    _queries(panel, shown, instant=False)
    legend = options.VizLegendOptions().display_mode(kinds.LegendDisplayMode.LIST).show_legend(True)
    panel.legend(legend.placement(kinds.LegendPlacement.BOTTOM).calcs(["lastNotNull"]))
    panel.tooltip(options.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING))
    panel.draw_style(kinds.GraphDrawStyle.BARS if bars else kinds.GraphDrawStyle.LINE).line_width(2)
    panel.fill_opacity(70 if bars else 35 if stacked else 0).show_points(kinds.VisibilityMode.NEVER).span_nulls(False)
    if stacked:
        panel.stacking(options.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    if low is not None:
        panel.axis_soft_min(low)
    if levels:
        panel.thresholds(thresholds(levels))
        panel.thresholds_style(options.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED))
    return _coloured(panel, shown)


def bars(about: About, *shown: Shown, levels: Sequence[Level], size: int = 0) -> bargauge.Panel:
    """The present values, longest bar first where the query sorts; their numbers stand beside the bars."""
    panel = _about(bargauge.Panel(), about).thresholds(thresholds(levels))
    _queries(panel, shown, instant=True)
    panel.orientation(kinds.VizOrientation.HORIZONTAL).display_mode(kinds.BarGaugeDisplayMode.BASIC)
    panel.value_mode(kinds.BarGaugeValueMode.TEXT).show_unfilled(True).reduce_options(_last())
    return panel.text(_sizes(size)) if size else panel


def grid_of(
    about: About, by: Sequence[str], *columns: Shown, sort: str | None = None, links: Mapping[str, str] | None = None
) -> table.Panel:
    """A row for each combination of the labels, a column for each query. `links` are of a label's cells."""
    panel = _about(table.Panel(), about)
    only = len(columns) == 1
    for number_, column in enumerate(columns):
        panel.with_target(_query(column, chr(65 + number_), instant=True).format(PromQueryFormat.TABLE))
        panel.override_by_name(column.legend, _properties(column))
    for label, url in (links or {}).items():
        link = {"title": f"Only this {label}", "url": url, "targetBlank": False}
        panel.override_by_name(label, [DynamicConfigValue(id_val="links", value=[link])])
    renamed = {"Value" if only else f"Value #{chr(65 + index)}": column.legend for index, column in enumerate(columns)}
    order = {name: index for index, name in enumerate((*by, *renamed))}
    organize = {"excludeByName": {"Time": True}, "renameByName": renamed, "indexByName": order}
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(DataTransformerConfig(id_val="organize", options=organize))
    panel.show_header(True).filterable(True)
    if sort is not None:
        panel.sort_by([options.TableSortByFieldState().display_name(sort).desc(True)])
    return panel


def spread(about: About, expr: str) -> heatmap.Panel:
    """A histogram over time, with its exemplars."""
    panel = _about(heatmap.Panel(), about)
    target = _query(Shown(expr, "{{le}}"), "A", instant=False).format(PromQueryFormat.HEATMAP).exemplar(True)
    scheme = heatmap.HeatmapColorOptions().mode("scheme").scheme("Blues").steps(64).reverse(False)  # type: ignore[arg-type]
    return panel.with_target(target).calculate(False).color(scheme).y_axis(heatmap.YAxisConfig().unit(about.unit))


def alert_list(about: About, matcher: str) -> Panel:
    """The alerts that Grafana knows of, also those of Prometheus's own rules. The SDK has no builder for this kind."""
    shown = {"firing": True, "pending": True, "error": True, "noData": False, "normal": False}
    panel = Panel().type("alertlist").id(PANELS[about.name].panel_id).title(about.title).description(about.description)
    panel.datasource(SOURCE).options(
        {
            "viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 20, "sortOrder": 3,
            "dashboardAlerts": False, "alertName": "", "alertInstanceLabelFilter": matcher, "stateFilter": shown,
        }
    )  # fmt: skip
    return panel


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of a value. The SDK takes one of a dashboard for it, which has more fields than Grafana reads here."""

    url: str

    def build(self) -> dict[str, object]:
        return {"title": "Details", "url": self.url, "targetBlank": False}


def _about(panel: _Built, about: About) -> _Built:
    panel.id(PANELS[about.name].panel_id).title(about.title).description(about.description).unit(about.unit)
    panel.datasource(SOURCE).no_value(about.nothing)
    if about.decimals is not None:
        panel.decimals(about.decimals)
    if about.link is not None:
        panel.data_links([_Link(about.link)])  # type: ignore[list-item]
    return panel


def _stat(about: About, shown: Sequence[Shown]) -> stat.Panel:
    panel = _about(stat.Panel(), about)
    _queries(panel, shown, instant=True)
    panel.reduce_options(_last()).graph_mode(kinds.BigValueGraphMode.NONE).justify_mode(
        kinds.BigValueJustifyMode.CENTER
    )
    return panel.wide_layout(False)


def _queries(panel: _Built, shown: Sequence[Shown], *, instant: bool) -> None:
    for index, one in enumerate(shown):
        ref_id = chr(65 + index)
        panel.with_target(_query(one, ref_id, instant=instant))
        if properties := _properties(one):
            panel.override_by_query(ref_id, properties)


def _query(shown: Shown, ref_id: str, *, instant: bool) -> Dataquery:
    query = Dataquery().datasource(SOURCE).expr(shown.expr).ref_id(ref_id).legend_format(shown.legend)
    return query.instant() if instant else query.range()


def _properties(shown: Shown) -> list[DynamicConfigValue]:
    """What sets this field apart in the panel."""
    found: dict[str, Any] = {}
    if shown.unit is not None:
        found["unit"] = shown.unit
    if shown.decimals is not None:
        found["decimals"] = shown.decimals
    if shown.levels:
        found["thresholds"] = thresholds(shown.levels).build()
        found["color"] = {"mode": FieldColorModeId.THRESHOLDS}
    if shown.worded:
        found["mappings"] = words(shown.levels)
    found |= shown.extra
    return [DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _coloured(panel: timeseries.Panel, shown: Sequence[Shown]) -> timeseries.Panel:
    """Series of a known value have its colour, whatever else is in their names; others get Grafana's."""
    for label, colours in OF_VALUES.items():
        if any(one.legend.startswith(f"{{{{{label}}}}}") for one in shown):
            for value, colour in colours.items():
                fixed = {"mode": FieldColorModeId.FIXED, "fixedColor": colour}
                panel.override_by_regexp(f"/^{value}(,.*)?$/", [DynamicConfigValue(id_val="color", value=fixed)])
    return panel


def _last() -> options.ReduceDataOptions:
    return options.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")


def _sizes(size: int) -> options.VizTextDisplayOptions:
    """Pixels of the value, and of its name: half of them."""
    return options.VizTextDisplayOptions().value_size(size).title_size(size // 2)
