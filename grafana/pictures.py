"""Pictures of the dashboards for the documentation, drawn with Chromium from what a Prometheus has:

    python -m grafana.pictures http://127.0.0.1:9090

Owns their files, docs/grafana/*.png. A high dashboard has several.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from grafana.answers import Prometheus
from grafana.dashboards import dashboards
from grafana.queries import panels_of
from grafana.reporting import Reporting
from grafana.sketch import page

FOLDER = Path(__file__).parents[1] / "docs" / "grafana"
_MOST_ROWS = 36


def main() -> None:
    """Draw each dashboard and take its pictures."""
    parser = argparse.ArgumentParser(prog="python -m grafana.pictures", description="Draws the dashboards of callcost.")
    parser.add_argument("prometheus", help="its address, such as http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=30, help="that charts show (default: %(default)s)")
    parser.add_argument("--only", help="the uid of one dashboard (default: all)")
    given = parser.parse_args()
    prometheus = Prometheus(given.prometheus, time.time(), given.minutes, Reporting().dimensions)
    FOLDER.mkdir(exist_ok=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    try:
        chosen = (one for one in dashboards().values() if given.only in (None, one["uid"]))
        for dashboard in chosen:
            for name, panels in parts(dashboard):
                _take(driver, page(dashboard, prometheus, panels), FOLDER / f"{name}.png")
    finally:
        driver.quit()


def parts(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Names of pictures and the panels on them; a part begins with a heading."""
    found: list[list[dict[str, Any]]] = [[]]
    for panel in panels_of(dashboard):
        below = _until_heading(dashboard, panel)
        bottom = max((one["gridPos"]["y"] + one["gridPos"]["h"] for one in below), default=0)
        if panel["type"] == "row" and found[-1] and bottom - found[-1][0]["gridPos"]["y"] > _MOST_ROWS:
            found.append([])
        found[-1].append(panel)
    for number, panels in enumerate(found, start=1):
        yield dashboard["uid"] if len(found) == 1 else f"{dashboard['uid']}-{number}", panels


def _until_heading(dashboard: Mapping[str, Any], heading: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels under a heading."""
    below = [panel for panel in panels_of(dashboard) if panel["gridPos"]["y"] > heading["gridPos"]["y"]]
    for panel in below:
        if panel["type"] == "row":
            return
        yield panel


def _take(driver: webdriver.Chrome, html: str, to: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(html)
        file.flush()
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _screen(1080))
        driver.get(Path(file.name).as_uri())
        height = driver.execute_script("return document.documentElement.scrollHeight")
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _screen(height))
        driver.save_screenshot(str(to))


def _screen(height: int) -> dict[str, object]:
    """1200 pixels wide: legible, and a small file."""
    return {"width": 1920, "height": height, "deviceScaleFactor": 0.625, "mobile": False}


if __name__ == "__main__":
    main()
