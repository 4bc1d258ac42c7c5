"""The files that Grafana reads at its start name what there is."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.files import FOLDER, NAMES, ROOT

PROVISIONING = ROOT / "grafana" / "provisioning"


def read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROVISIONING / path).read_text(encoding="utf-8"))
    return found


def test_there_is_one_data_source_and_it_lists_the_alerts_of_prometheus() -> None:
    file = read("datasources/callcost.yaml")
    [source] = file["datasources"]
    assert (file["apiVersion"], source["type"], source["uid"]) == (1, "prometheus", "callcost-prometheus")
    assert source["jsonData"]["manageAlerts"] is True
    assert "secureJsonData" not in source


def test_dashboards_are_files_in_a_folder_and_cannot_be_changed_in_grafana() -> None:
    file = read("dashboards/callcost.yaml")
    [provider] = file["providers"]
    assert (provider["type"], provider["folder"], provider["allowUiUpdates"]) == ("file", "callcost", False)
    assert provider["options"]["path"] == "/etc/grafana/dashboards"


def test_the_folder_has_dashboards_and_nothing_else_that_grafana_would_read() -> None:
    assert sorted(file.name for file in FOLDER.rglob("*")) == [f"{name}.json" for name in NAMES]
    for file in FOLDER.iterdir():
        assert json.loads(file.read_text(encoding="utf-8"))["uid"] == file.stem


@pytest.mark.parametrize("path", ["grafana/provisioning", "grafana/dashboards"])
def test_compose_gives_grafana_these_folders(path: str) -> None:
    compose: Path = ROOT / "deploy" / "compose.yaml"
    volumes = yaml.safe_load(compose.read_text(encoding="utf-8"))["services"]["grafana"]["volumes"]
    at = "/etc/" + path if path.endswith("dashboards") else "/etc/grafana/provisioning"
    assert f"../{path}:{at}:ro" in volumes
