"""Dashboards are what `python -m grafana` makes, can be read again, lead to one another, and have words for colours."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from grafana.__main__ import main
from grafana.dashboards import dashboards, text
from grafana.panels import PANELS
from grafana.queries import panels_of
from grafana.reporting import Reporting
from grafana.sdk import JSONEncoder, models, register_default_plugins
from tests.grafana.files import FOLDER, NAMES, dashboard, each

BLUE, ORANGE, VERMILION = "#0072B2", "#E69F00", "#D55E00"


def test_making_them_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    main([])
    assert {file.name: file.read_bytes() for file in FOLDER.iterdir()} == before
    assert capsys.readouterr().out == ""


def test_the_files_are_those_that_are_made_and_no_other() -> None:
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()} == {
        name: text(made) for name, made in dashboards().items()
    }


@each
def test_the_sdk_reads_what_it_wrote(uid: str) -> None:
    """What it did not know would be lost. It adds a placement, and takes a link of values for one of dashboards."""
    register_default_plugins()
    again = json.loads(JSONEncoder().encode(models.Dashboard.from_json(dashboard(uid))))
    for one in (*again["links"], *again["annotations"].get("list", ())):
        assert one.pop("placement") == "inControlsMenu"
    for panel in panels_of(again):
        for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links", ()):
            for added in link.keys() - {"title", "url", "targetBlank"}:
                del link[added]
    assert again == dashboard(uid)


@each
def test_grafana_finds_what_a_dashboard_needs_to_be_provisioned(uid: str) -> None:
    file = dashboard(uid)
    assert (file["uid"], file["schemaVersion"], file["editable"], file["tags"]) == (uid, 42, False, ["callcost"])
    assert "id" not in file  # the database gives it; one in the file would clash
    assert file["title"].startswith("callcost: ")
    assert file["description"]


def test_the_wall_is_read_anew_every_ten_seconds() -> None:
    assert {uid: dashboard(uid)["refresh"] for uid in NAMES} == {
        "callcost-wallboard": "10s",
        "callcost-cost": "30s",
        "callcost-oncall": "30s",
        "callcost-kafka": "30s",
    }


@each
def test_ref_ids_are_given_and_differ(uid: str) -> None:
    for panel in panels_of(dashboard(uid)):
        refs = [target["refId"] for target in panel.get("targets", ())]
        assert refs == [chr(65 + number) for number in range(len(refs))]


@each
def test_links_lead_to_dashboards_panels_and_variables_that_there_are(uid: str) -> None:
    file = dashboard(uid)
    [among] = file["links"]
    assert (among["type"], among["tags"], among["includeVars"], among["keepTime"]) == (
        "dashboards",
        ["callcost"],
        True,
        True,
    )
    for url in urls(file):
        found = re.match(r"/d/([\w-]+)\?(?:viewPanel=(\d+)&)?", url)
        assert found, url
        aim = dashboard(found[1])
        if found[2]:
            assert int(found[2]) in {panel["id"] for panel in panels_of(aim)}
        variables = {variable["name"] for variable in aim["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", url)) <= variables
        assert set(re.findall(r"\$\{(\w+):queryparam\}", url)) <= variables


def urls(of: object) -> Iterator[str]:
    """All addresses on a dashboard, wherever they are."""
    if isinstance(of, dict):
        for key, value in of.items():
            if key == "url" and value:
                yield value
            yield from urls(value)
    elif isinstance(of, list):
        for value in of:
            yield from urls(value)


def test_a_click_on_a_segment_shows_that_segment_alone() -> None:
    [panel] = [one for one in panels_of(dashboard("callcost-cost")) if one["id"] == PANELS["segments"].panel_id]
    links = {
        override["matcher"]["options"]: one["value"][0]["url"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "links"
    }
    assert links.keys() == {"direction", "queue", "site"}
    assert links["queue"].startswith(
        "/d/callcost-cost?var-direction=${__data.fields.direction:percentencode}"
        "&var-queue=${__data.fields.queue:percentencode}&var-site=${__data.fields.site:percentencode}&"
    )


def test_the_panels_that_alerts_lead_to_stay_where_they_are() -> None:
    """Alerts that were sent, and bookmarks, name them: a change here breaks those."""
    assert {name: PANELS[name].path for name in ("cost_per_call", "moved", "budget_burn", "freshness", "target")} == {
        "cost_per_call": "/d/callcost-cost?viewPanel=1",
        "moved": "/d/callcost-cost?viewPanel=7",
        "budget_burn": "/d/callcost-cost?viewPanel=19",
        "freshness": "/d/callcost-oncall?viewPanel=6",
        "target": "/d/callcost-oncall?viewPanel=3",
    }


@each
def test_every_panel_says_what_it_shows_where_there_is_nothing(uid: str) -> None:
    for panel in panels_of(dashboard(uid)):
        if panel["type"] not in ("row", "alertlist"):
            assert panel["fieldConfig"]["defaults"]["noValue"].isupper(), panel["title"]


@each
def test_colours_are_those_that_everybody_can_tell_apart_and_a_word_goes_with_each(uid: str) -> None:
    """Whatever is judged in a stat panel has a range for each threshold, in its colour, with a word."""
    for panel in panels_of(dashboard(uid)):
        for override in panel.get("fieldConfig", {}).get("overrides", ()):
            properties = {one["id"]: one["value"] for one in override["properties"]}
            steps = properties.get("thresholds", {}).get("steps", [])
            assert {step["color"] for step in steps} <= {BLUE, ORANGE, VERMILION}, panel["title"]
            for mapping, step in zip(properties.get("mappings", []), steps, strict="mappings" in properties):
                assert mapping["options"]["from"] == step["value"], panel["title"]
                assert mapping["options"]["result"]["color"] == step["color"], panel["title"]
                assert mapping["options"]["result"]["text"], panel["title"]


def test_each_number_on_the_wall_has_a_state_in_words_beside_it() -> None:
    panels = {panel["id"]: panel for panel in panels_of(dashboard("callcost-wallboard"))}
    for name in ("wall_cost", "wall_today", "wall_calls", "wall_idle", "wall_budget", "wall_fresh"):
        below = panels[PANELS[f"{name}_target"].panel_id]
        assert below["gridPos"]["x"] == panels[PANELS[name].panel_id]["gridPos"]["x"]
        worded = [
            override["matcher"]["options"]
            for override in below["fieldConfig"]["overrides"]
            if any(one["id"] == "mappings" for one in override["properties"])
        ]
        states = [target["refId"] for target in below["targets"] if target["legendFormat"] == "state"]
        assert worded == states == ["C"]


def test_another_currency_and_other_dimensions_are_parameters() -> None:
    made = dashboards(Reporting("chf", ("direction", "campaign")))
    whole = json.dumps(made)
    assert "_usd" not in whole
    assert "currencyUSD" not in whole
    assert "queue" not in re.findall(r'=~\\"\$(\w+)', whole)
    assert "callcost_window_cost_chf" in whole
    assert "currencyCHF" in whole
    names = [variable["name"] for variable in made["callcost-cost.json"]["templating"]["list"]]
    assert names == ["datasource", "job", "instance", "direction", "campaign", "window"]


def test_a_currency_without_a_sign_is_written_out() -> None:
    assert (Reporting("usd").unit, Reporting("xau").unit) == ("currencyUSD", "currency:XAU ")


@pytest.mark.parametrize(
    ("currency", "dimensions"),
    [
        ("USD", ("direction",)),
        ("dollars", ("direction",)),
        ("usd", ("queue", "direction")),
        ("usd", ()),
        ("usd", ("direction", "site", "site")),
    ],
)
def test_what_no_worker_can_have_is_refused(currency: str, dimensions: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"a currency has three letters|dimensions are different ones"):
        Reporting(currency, dimensions)


def test_the_command_writes_to_a_folder(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--currency", "EUR", "--dimensions", "direction,queue", "--to", str(tmp_path)])
    assert {file.stem for file in tmp_path.iterdir()} == set(NAMES)
    assert capsys.readouterr().out.count("wrote ") == 4
    assert "callcost_window_cost_eur" in (tmp_path / "callcost-cost.json").read_text(encoding="utf-8")


def test_the_command_refuses_what_is_no_currency(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--currency", "euros"])
    assert "three letters" in capsys.readouterr().err


def test_the_command_tells_of_a_folder_that_cannot_be_written(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(SystemExit) as ended:
        main(["--to", str(tmp_path / "taken")])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        f"python -m grafana: {tmp_path}/taken: File exists; give --to a folder that can be written\n"
    )
