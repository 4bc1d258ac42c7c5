"""A dashboard as a page without Grafana: where each panel stands, how large, of what kind, with values of a Prometheus.

Owns a drawing for documentation and for whoever changes a dashboard. It is not what Grafana draws.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from grafana.answers import Answer, Prometheus, written
from grafana.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from grafana.queries import panels_of

COLUMN_PX, ROW_PX, GAP_PX = 80, 30, 8  # of Grafana at a width of 1920 pixels
_SERIES_COLOURS = (SKY, ORANGE, GREEN, YELLOW, PURPLE, VERMILION, BLUE, GREY)
_MOST_ROWS, _MOST_NAMES = 7, 12
_GAP = 4.0  # of a chart's width, in hundredths: more than two of its points, and the line is broken

_STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 14px/1.35 Inter, "DejaVu Sans", sans-serif; width: 1920px }
header { padding: 10px 12px; white-space: nowrap }
header b { font-size: 22px; color: #fff }
header span { color: #8e8ea0; margin-left: 12px }
main { position: relative }
section { position: absolute; box-sizing: border-box; background: #181b1f; border: 1px solid #2c3235; overflow: hidden;
  padding: 6px 10px; border-radius: 3px; display: flex; flex-direction: column; gap: 3px }
section.row { background: none; border: 0; border-bottom: 1px solid #2c3235; font-weight: bold; color: #fff }
h2 { font-size: 15px; margin: 0; color: #fff; display: flex; justify-content: space-between; gap: 8px }
h2 span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
h2 i { font-weight: normal; font-style: normal; color: #8e8ea0; font-size: 12px; padding-top: 2px; white-space: nowrap }
p { margin: 0; color: #8e8ea0; flex: none }
.values { display: flex; gap: 6px; flex: 1; align-items: center; justify-content: center; min-height: 0 }
.values div { flex: 1; text-align: center; overflow: hidden; white-space: nowrap; border-radius: 3px }
.values span { color: #fff; display: block; line-height: 1.15 }
.values small { color: #ccccdc; line-height: 1.1; display: block }
.values .judged small { color: #fff }
.names { display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 12px; max-height: 34px; overflow: hidden }
.empty { flex: 1; display: flex; align-items: center; justify-content: center; color: #8e8ea0 }
.bars { flex: 1; display: flex; flex-direction: column; justify-content: space-evenly; min-height: 0 }
.bars div { display: flex; align-items: center; gap: 8px; white-space: nowrap }
svg { flex: 1; min-height: 0; width: 100% }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th { text-align: left; color: #6ea6ff; border-bottom: 1px solid #2c3235; white-space: nowrap }
td { border-bottom: 1px solid #22262b; white-space: nowrap }
.body { flex: 1; min-height: 0; overflow: hidden }
"""


def page(
    dashboard: Mapping[str, Any], prometheus: Prometheus, panels: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """The page, 1920 pixels wide; of some panels alone, if they are given."""
    shown = list(panels_of(dashboard)) if panels is None else panels
    top = min(panel["gridPos"]["y"] for panel in shown)
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in shown)
    height = (bottom - top) * (ROW_PX + GAP_PX)
    note = f"{dashboard['uid']} · drawn without Grafana, with values of invented calls · rows {top} to {bottom}"
    return "".join(
        (
            f"<!doctype html><meta charset=utf-8><title>{escape(dashboard['title'])}</title><style>{_STYLE}</style>",
            f"<header><b>{escape(dashboard['title'])}</b><span>{escape(note)}</span></header>",
            f"<main style='height:{height}px'>{''.join(_panel(panel, top, prometheus) for panel in shown)}</main>",
        )
    )


def _panel(panel: Mapping[str, Any], top: int, prometheus: Prometheus) -> str:
    at = panel["gridPos"]
    where = (
        f"left:{at['x'] * COLUMN_PX + GAP_PX // 2}px;width:{at['w'] * COLUMN_PX - GAP_PX}px;"
        f"top:{(at['y'] - top) * (ROW_PX + GAP_PX)}px;height:{at['h'] * (ROW_PX + GAP_PX) - GAP_PX}px"
    )
    if panel["type"] == "row":
        return f"<section class=row style='{where}'>▾ {escape(panel['title'])}</section>"
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    kind = " · ".join(filter(None, (panel["type"], defaults.get("unit", "").strip())))
    heading = f"<h2><span>{escape(prometheus.titled(panel['title']))}</span><i>{escape(kind)}</i></h2>"
    found = [(target, prometheus.ask(target)) for target in panel.get("targets", ())]
    draw = {"stat": _values, "table": _table, "bargauge": _bars}.get(panel["type"], _lines)
    nothing = defaults.get("noValue", "a list that Grafana makes itself: not drawn here")
    anything = any(answers for _, answers in found)
    body = draw(panel, found) if anything else f"<div class=empty>{escape(nothing)}</div>"
    text = "" if panel["type"] == "stat" else f"<p>{escape(panel['description'].partition('. ')[0].rstrip('.'))}.</p>"
    return f"<section style='{where}'>{heading}{body}{text}</section>"


_Found = Sequence[tuple[Mapping[str, Any], list[Answer]]]


def _values(panel: Mapping[str, Any], found: _Found) -> str:
    sizes = panel["options"].get("text", {})
    value_px, name_px = sizes.get("valueSize", 32), sizes.get("titleSize", 15)
    cells = []
    for target, answers in found:
        field, legend = _field(panel, target), target["legendFormat"]
        shown = [(answer.named(legend), *_judged(answer.last, field)) for answer in answers]
        cells += shown or [(legend, field["noValue"], "")]
    if "valueSize" not in sizes:  # Grafana makes values as large as they fit, all alike
        room_px = panel["gridPos"]["w"] * COLUMN_PX / len(cells) - 24
        value_px = min(value_px, int(room_px / 0.7 / max(len(text) for _, text, _ in cells)))
    drawn = []
    for name, text, colour in cells:
        look = f"class=judged style='background:{colour}'" if colour else ""
        small = f"<small style='font-size:{name_px}px'>{escape(name)}</small>"
        above = "" if panel["options"]["textMode"] == "value" else small
        drawn.append(f"<div {look}>{above}<span style='font-size:{value_px}px'>{escape(text)}</span></div>")
    return f"<div class=values>{''.join(drawn)}</div>"


def _lines(panel: Mapping[str, Any], found: _Found) -> str:
    """Each unit by its own scale. Series of a heatmap are drawn as lines too: this is a sketch."""
    every = [(target, answer) for target, answers in found for answer in answers if answer.values]
    names, paths = [], []
    for number, (target, answer) in enumerate(every):
        field, colour = _field(panel, target), _SERIES_COLOURS[number % len(_SERIES_COLOURS)]
        alike = [one for other, one in every if _field(panel, other).get("unit") == field.get("unit")]
        text = written(answer.last, field.get("unit", "none"), field.get("decimals"))
        if number < _MOST_NAMES:
            names.append(
                f"<span><b style='color:{colour}'>—</b> {escape(answer.named(target['legendFormat']))} {text}</span>"
            )
        dashes = field.get("custom.lineStyle", {}).get("fill", "solid")
        dashed = {"dash": "8 6", "dot": "2 5"}.get(dashes, "none")
        paths.append(f"<path d='{_path(answer, alike)}' stroke='{colour}' stroke-dasharray='{dashed}'/>")
    look = "fill=none stroke-width=2 vector-effect=non-scaling-stroke"
    drawing = "".join(path.replace("<path", f"<path {look}") for path in paths)
    chart = f"<svg viewBox='0 0 100 100' preserveAspectRatio=none>{drawing}</svg>"
    return f"{chart}<div class=names>{''.join(names)}</div>"


def _path(answer: Answer, alike: Sequence[Answer]) -> str:
    instants = [instant for one in alike for instant, _ in one.values]
    values = [value for one in alike for _, value in one.values]
    first, span = min(instants), (max(instants) - min(instants)) or 1
    low = min(0.0, *values)
    height = (max(values) - low) or 1
    points = [(100 * (at - first) / span, 96 - 92 * (value - low) / height) for at, value in answer.values]
    drawn, before = "", -100.0
    for x, y in points:
        drawn += f"{'M' if x - before > _GAP else 'L'}{x:.1f} {y:.1f}"
        before = x
    return drawn


def _bars(panel: Mapping[str, Any], found: _Found) -> str:
    every = [(target, answer) for target, answers in found for answer in answers]
    longest = max(abs(answer.last) for _, answer in every) or 1
    size = panel["options"].get("text", {})
    rows = []
    for target, answer in every:
        text, colour = _judged(answer.last, _field(panel, target))
        name = f"<span style='width:42%;overflow:hidden;font-size:{size.get('titleSize', 14)}px'>"
        bar = f"<i style='background:{colour or BLUE};height:26px;width:{30 * abs(answer.last) / longest:.0f}%'></i>"
        value = f"<b style='font-size:{size.get('valueSize', 16)}px'>{escape(text)}</b>"
        rows.append(f"<div>{name}{escape(answer.named(target['legendFormat']))}</span>{bar}{value}</div>")
    return f"<div class=bars>{''.join(rows)}</div>"


def _table(panel: Mapping[str, Any], found: _Found) -> str:
    [organize] = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
    labels = [name for name in organize["indexByName"] if name not in organize["renameByName"]]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    order: dict[tuple[str, ...], float] = {}
    sorted_by = next((one["displayName"] for one in panel["options"].get("sortBy") or ()), None)
    for target, answers in found:
        field = _field(panel, target)
        for answer in answers:
            key = tuple(answer.labels.get(label, "") for label in labels)
            text, colour = _judged(answer.last, field)
            rows.setdefault(key, {})[field["name"]] = f"<td style='color:{colour or 'inherit'}'>{escape(text)}"
            if field["name"] == sorted_by:
                order[key] = answer.last
    names = [_field(panel, target)["name"] for target, _ in found]
    head = "".join(f"<th>{escape(name)}" for name in (*labels, *names))
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(label)[:24]}" for label in key)
        + "".join(rows[key].get(name, "<td>") for name in names)
        for key in sorted(rows, key=lambda key: -order.get(key, float("-inf")))[:_MOST_ROWS]
    )
    return f"<div class=body><table><tr>{head}{body}</table></div>"


def _field(panel: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    """What applies to a target's values: the defaults, and what is set for its refId or its name."""
    field: dict[str, Any] = {"noValue": "", **panel["fieldConfig"]["defaults"], "name": target["legendFormat"]}
    for override in panel["fieldConfig"].get("overrides", ()):
        if override["matcher"]["options"] in (target["refId"], target["legendFormat"]):
            field |= {one["id"]: one["value"] for one in override["properties"]}
    return field


def _judged(value: float, field: Mapping[str, Any]) -> tuple[str, str]:
    """A value as it is shown, and its colour where it has levels."""
    colour = next(reversed(list(_reached(value, field))), "")
    for mapping in field.get("mappings", ()):
        options = mapping["options"]
        above = options["from"] is None or value >= options["from"]
        if above and (options["to"] is None or value <= options["to"]):
            return options["result"]["text"], options["result"]["color"]
    return written(value, field.get("unit", "none"), field.get("decimals")), colour


def _reached(value: float, field: Mapping[str, Any]) -> Iterator[str]:
    for step in field.get("thresholds", {}).get("steps", ()):
        if step["value"] is None or value >= step["value"]:
            yield step["color"]
