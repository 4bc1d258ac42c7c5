"""Drawings without Grafana: every panel is on one of them, with what Prometheus answers, as Grafana would write it."""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from grafana.answers import Answer, Prometheus, written
from grafana.pictures import FOLDER, parts
from grafana.queries import panels_of
from grafana.sketch import page
from tests.grafana.files import NAMES, dashboard, each

NOW_S = 1_000_000.0


class Answering(BaseHTTPRequestHandler):
    """A Prometheus where every query has one series, of 1.5 throughout."""

    found: ClassVar[dict[str, Any] | None] = {"budget": "support", "instance": "<b>a</b>", "direction": "inbound"}

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        times = [float(asked["time"])] if url.path.endswith("/query") else [float(asked["start"]), float(asked["end"])]
        samples = [[time, "1.5"] for time in times]
        one = {"metric": self.found, "value": samples[0], "values": samples}
        body = json.dumps({"data": {"result": [one] if self.found is not None else []}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Silent(Answering):
    """A Prometheus that finds nothing."""

    found: ClassVar[dict[str, Any] | None] = None


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[ThreadingHTTPServer] = []

    def start(handler: type[BaseHTTPRequestHandler]) -> Prometheus:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/"
        return Prometheus(url, NOW_S, 30, ("direction", "queue", "site"))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_drawing_has_the_panels_with_their_values_and_words(serve: Any) -> None:
    drawn = page(dashboard("callcost-wallboard"), serve(Answering))
    for panel in panels_of(dashboard("callcost-wallboard")):
        assert panel["title"] in drawn
    assert "$1.500" in drawn  # the cost per call
    assert "150 %" in drawn  # the budget
    assert ">EXTREME<" in drawn  # 1.5 above the usual
    assert "background:#D55E00" in drawn
    assert ">support<" in drawn  # the budget's name


def test_labels_are_text_and_not_markup(serve: Any) -> None:
    drawn = page(dashboard("callcost-oncall"), serve(Answering))
    assert "&lt;b&gt;a&lt;/b&gt;" in drawn
    assert "<b>a</b>" not in drawn


@each
def test_where_nothing_is_found_it_says_so(uid: str, serve: Any) -> None:
    drawn = page(dashboard(uid), serve(Silent))
    for panel in panels_of(dashboard(uid)):
        if panel["type"] not in ("row", "alertlist"):
            assert panel["fieldConfig"]["defaults"]["noValue"] in drawn


@each
def test_every_panel_is_on_one_picture_and_each_picture_is_there(uid: str) -> None:
    pictures = dict(parts(dashboard(uid)))
    assert [panel["id"] for panels in pictures.values() for panel in panels] == [
        panel["id"] for panel in panels_of(dashboard(uid))
    ]
    assert {file.stem for file in FOLDER.glob(f"{uid}*.png")} == pictures.keys()


def test_pictures_are_small_files_and_no_others() -> None:
    names = {name for uid in NAMES for name, _ in parts(dashboard(uid))}
    files: list[Path] = list(FOLDER.iterdir())
    assert {file.stem for file in files} == names
    assert {file.name for file in files if file.stat().st_size >= 150_000} == set()


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (1.70954, "currencyUSD", 3, "$1.710"),
        (-0.005, "currencyUSD", 3, "-$0.005"),
        (175_870.0, "currencyUSD", 2, "$175.87 K"),
        (2.0, "currency:XAU ", 2, "XAU 2.00"),
        (0.1516, "percentunit", 0, "15 %"),
        (0.0, "percentunit", 1, "0.0 %"),
        (3.9, "s", 0, "4 s"),
        (834.0, "s", 0, "13.9 min"),
        (0.0, "s", 0, "0 s"),
        (0.25, "s", 3, "250.000 ms"),
        (3_145_728.0, "bytes", None, "3 MiB"),
        (80.0, "short", 0, "80"),
        (2.5, "cpm", 2, "2.50 c/m"),
        (1.25, "none", None, "1.25"),
    ],
)
def test_values_are_written_in_their_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert written(value, unit, decimals) == text


def test_a_series_is_named_by_its_labels() -> None:
    answer = Answer({"queue": "sales", "site": "ath"}, ((NOW_S, 1.0), (NOW_S + 1, 2.0)))
    assert answer.named("{{queue}} · {{site}}, {{team}}") == "sales · ath, "
    assert answer.last == 2.0
