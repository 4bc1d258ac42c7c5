"""Panels stand where they can be seen: inside the grid, none over another, the wallboard on one screen."""

import itertools
from typing import Any

import pytest

from grafana.figures import Figures
from grafana.grid import Shelf, put_up
from grafana.panels import PANELS
from grafana.queries import panels_of
from grafana.reporting import Reporting
from tests.grafana.files import NAMES, dashboard, each

ROW_PX, GAP_PX, SCREEN_PX = 30, 8, 1080


def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    across, down = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
    return set(itertools.product(across, down))


@each
def test_panels_are_inside_the_grid_and_none_is_over_another(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels_of(dashboard(uid)):
        mine = cells(panel)
        assert mine
        assert not taken & mine, panel["title"]
        assert all(0 <= x < 24 and y >= 0 for x, y in mine), panel["title"]
        taken |= mine


@each
def test_there_are_no_holes_between_panels(uid: str) -> None:
    panels = list(panels_of(dashboard(uid)))
    taken = set().union(*map(cells, panels))
    bottom = max(y for _, y in taken)
    assert len(taken) == 24 * (bottom + 1)


def test_the_wallboard_is_one_screen_of_1080_pixels() -> None:
    bottom = max(y for panel in panels_of(dashboard("callcost-wallboard")) for _, y in cells(panel)) + 1
    assert bottom <= 28
    assert bottom * (ROW_PX + GAP_PX) <= SCREEN_PX


def test_what_is_on_the_wall_is_legible_from_ten_metres() -> None:
    """25 mm of height at 10 m; a pixel of a 1080p screen of 55 inches is 0.63 mm, so at least 40 pixels."""
    for panel in panels_of(dashboard("callcost-wallboard")):
        if panel["type"] == "stat":
            assert panel["options"]["text"]["valueSize"] >= 40, panel["title"]
            assert panel["options"]["text"]["titleSize"] >= 20, panel["title"]


def test_ids_are_those_of_the_table_and_none_is_there_twice() -> None:
    for uid in NAMES:
        ids = [panel["id"] for panel in panels_of(dashboard(uid))]
        assert sorted(ids) == sorted(place.panel_id for place in PANELS.values() if place.uid == uid)
        assert len(ids) == len(set(ids))


def test_a_shelf_that_is_not_full_is_refused() -> None:
    from grafana.dashboard import begun
    from grafana.money import components

    one = components(Figures(Reporting()))
    with pytest.raises(ValueError, match="23 columns"):
        put_up(begun("u", "t", "d", refresh="30s", since="now-1h"), [Shelf(8, [(one, 23)])])
