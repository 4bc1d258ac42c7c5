"""docs/grafana.md: its commands work, its settings are valid, and it names what there is."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.files import NAMES, ROOT, dashboard

PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def command(containing: str) -> str:
    """The one block of commands that has this in it."""
    [found] = [block for kind, block in BLOCKS if kind == "sh" and containing in block]
    return found  # type: ignore[no-any-return]


def shell(text: str, **variables: str) -> str:
    """What the commands print, run at the root of the repository; with the Python that runs the tests."""
    text = text.replace(".venv/bin/python", sys.executable)
    environment = {**os.environ, **variables}
    ran = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: E501  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.promtool
def test_prometheus_takes_the_scrape_configuration(tmp_path: Path) -> None:
    [block] = [block for kind, block in BLOCKS if kind == "yaml"]
    [job] = yaml.safe_load(block)["scrape_configs"]
    assert job["job_name"] == "callcost"
    (tmp_path / "prometheus.yml").write_text(block, encoding="utf-8")
    shell(f"promtool check config {tmp_path}/prometheus.yml")


@pytest.mark.promtool
def test_prometheus_takes_the_rules() -> None:
    assert "SUCCESS" in shell(command("promtool check rules"))


def test_the_files_come_to_where_grafana_reads_them(tmp_path: Path) -> None:
    shell(command("install -D"), GRAFANA_ETC=str(tmp_path))
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()) == [
        *(f"dashboards/{name}.json" for name in NAMES),
        "provisioning/dashboards/callcost.yaml",
        "provisioning/datasources/callcost.yaml",
    ]


class Grafana(BaseHTTPRequestHandler):
    """Takes dashboards and remembers them."""

    taken: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.taken.append({"path": self.path, "token": self.headers["Authorization"], **body})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def grafana() -> Iterator[ThreadingHTTPServer]:
    Grafana.taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Grafana)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_dashboards_can_be_posted(grafana: ThreadingHTTPServer) -> None:
    """That a real Grafana takes what is posted here is not shown: only that it is whole, and where it goes."""
    given = {"GRAFANA_URL": f"http://127.0.0.1:{grafana.server_port}", "GRAFANA_TOKEN": "abc", "no_proxy": "*"}
    shell(command("api/dashboards/db"), **given)
    posted = sorted(Grafana.taken, key=lambda one: str(one["dashboard"]["uid"]))
    assert [one["dashboard"] for one in posted] == [dashboard(name) for name in NAMES]
    assert {(one["path"], one["token"], one["overwrite"]) for one in posted} == {
        ("/api/dashboards/db", "Bearer abc", True)
    }


def test_another_currency_is_written_where_it_says(tmp_path: Path) -> None:
    shell(command("--currency"), GRAFANA_ETC=str(tmp_path))
    assert "callcost_window_cost_eur" in (tmp_path / "dashboards" / "callcost-cost.json").read_text(encoding="utf-8")


def test_queries_are_printed() -> None:
    assert shell(command("grafana.queries")).startswith("callcost-cost/segments/A\tsum by (direction, queue, site) (")


def test_what_it_names_is_there() -> None:
    for uid in re.findall(r"`(callcost-\w+)`", PAGE):
        assert uid in {*NAMES, "callcost-prometheus"}
    for path in re.findall(r"`((?:grafana|deploy)/[\w./-]+)`", PAGE):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path


def test_titles_it_names_are_those_of_panels() -> None:
    titles = {panel["title"].partition(", $")[0] for name in NAMES for panel in dashboard(name)["panels"]}
    named = {"Calls by what they cost", "Why a call costs more (+) or less (−) than usual", "Segments"}
    assert named <= titles
    for name in ("Calls by\nwhat they cost", "Why a call costs more or less", "*Segments*"):
        assert name in PAGE, name
