"""Where panels stand: shelves from top to bottom, on each panels from left to right, 24 columns wide.

Owns positions. A row of Grafana's (a heading that can be folded) is a shelf of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana.panels import PANELS
from grafana.sdk import Dashboard, GridPos, Row

COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Shelf:
    """Panels of one height, each with its width. The widths add up to 24."""

    height: int
    panels: Sequence[tuple[Any, int]]  # of any builder of panels


@dataclass(frozen=True, slots=True)
class Heading:
    """A row with a title. The name is that of PANELS."""

    name: str
    title: str


def put_up(dashboard: Dashboard, shelves: Sequence[Shelf | Heading]) -> Dashboard:
    """The panels on the dashboard."""
    top = 0
    for shelf in shelves:
        if isinstance(shelf, Heading):
            row = Row(shelf.title).id(PANELS[shelf.name].panel_id)
            dashboard.with_row(row.grid_pos(GridPos(h=1, w=COLUMNS, x=0, y=top)))
            top += 1
        else:
            _fill(dashboard, shelf, top)
            top += shelf.height
    return dashboard


def _fill(dashboard: Dashboard, shelf: Shelf, top: int) -> None:
    left = 0
    for panel, width in shelf.panels:
        dashboard.with_panel(panel.grid_pos(GridPos(h=shelf.height, w=width, x=left, y=top)))
        left += width
    if left != COLUMNS:
        raise ValueError(f"the shelf at {top} is {left} columns wide, not {COLUMNS}")
