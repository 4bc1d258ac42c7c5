"""Every example in docs/examples runs, and prints the figures that its README shows."""

import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from consumer.cli.main import app
from consumer.home.embedded import journal
from consumer.home.embedded.journal import Records, Taken
from consumer.home.embedded.store import Store
from consumer.settings import FoldSection, KafkaSection, Settings, SourceSettings, load_settings

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"

_BLOCK = re.compile(r"```console\n\$ callcost (.*)\n((?:.*\n)+?)```", re.MULTILINE)
_FIGURE = re.compile(r"[0-9][0-9,.]*")
_HEADER = (
    "age,job,marital,education,default,balance,housing,loan,contact,day,month,duration,campaign,pdays,previous,"
    "poutcome,y"
)


def shown_in(folder: str) -> list[tuple[str, str]]:
    """Commands of a README with the output that it shows."""
    return _BLOCK.findall((EXAMPLES / folder / "README.md").read_text(encoding="utf-8"))


def figures(text: str) -> set[str]:
    return {figure.rstrip(".,") for figure in _FIGURE.findall(text)}


@pytest.mark.parametrize(
    ("folder", "arguments", "output"),
    [(folder, *shown) for folder in ("asterisk", "kamailio") for shown in shown_in(folder)],
)
def test_command_prints_the_figures_of_the_readme(
    folder: str, arguments: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(EXAMPLES / folder)
    result = CliRunner().invoke(app, shlex.split(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert figures(output) - figures(result.stdout) == set()


@pytest.mark.parametrize(("folder", "commands"), [("asterisk", 4), ("kamailio", 3)])
def test_readme_shows_commands(folder: str, commands: int) -> None:
    assert len(shown_in(folder)) == commands


def converter() -> ModuleType:
    spec = importlib.util.spec_from_file_location("convert", EXAMPLES / "campaign" / "convert.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(contact: str, day: int, month: str, duration_s: int, answer: str) -> str:
    return f"40,services,single,secondary,no,100,no,no,{contact},{day},{month},{duration_s},1,-1,0,unknown,{answer}"


ROWS = [
    row("unknown", 30, "dec", 60, "no"),  # 2008
    row("cellular", 30, "dec", 90, "yes"),
    row("cellular", 2, "jan", 0, "no"),  # the month goes back: 2009
    row("telephone", 2, "jan", 30, "yes"),
]


def test_campaign_rows_become_calls_with_a_year_and_a_time_of_day(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("\ufeff" + "\n".join([_HEADER, *ROWS]) + "\n", encoding="utf-8")
    convert = converter()
    made = list(convert.calls(convert.rows_of(path)))
    assert [call["started_at"] for call in made] == [
        "2008-12-30T09:00:00.000+00:00",
        "2008-12-30T13:00:00.000+00:00",
        "2009-01-02T09:00:00.000+00:00",
        "2009-01-02T13:00:00.000+00:00",
    ]
    assert [call["disposition"] for call in made] == ["answered", "answered", "no_answer", "answered"]
    assert [call.get("queue") for call in made] == [None, "cellular", "cellular", "telephone"]
    assert [call.get("outcome") for call in made] == [None, "sale", None, "sale"]


def test_campaign_gives_cost_per_sale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By hand: 180 s at 0.09 a minute, and 180 s × 11 200 ÷ 1 382 400, over two sales."""
    path = tmp_path / "bank.csv"
    path.write_text("\n".join([_HEADER, *ROWS]) + "\n", encoding="utf-8")
    assert converter().main([str(path)]) == 0
    rates = str(EXAMPLES / "campaign" / "rates.toml")
    arguments = ["replay", "-r", rates, "--by", "direction,queue", "--format", "json", "-"]
    result = CliRunner().invoke(app, arguments, input=capsys.readouterr().out)
    assert result.exit_code == 0, result.output
    whole = next(line for line in rows_of(result.stdout) if line["segment"] == {})
    assert (whole["calls"], whole["answered"], whole["sales"]) == (4, 3, 2)
    assert whole["direct_cost"] == "0.27"
    assert whole["standard_cost"] == "1.728333334"  # 0.486111111 + 0.729166667 + 0.243055556 of agents
    assert whole["standard_cost_per"]["sale"] == "0.864166667"


def rows_of(output: str) -> list[dict[str, Any]]:
    return [line for line in json.loads(output)["windows"] if line["window"] == "all"]


def test_campaign_takes_the_published_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "bank-full.csv"
    header = ";".join(f'"{name}"' for name in _HEADER.split(","))
    path.write_text(header + "\n" + ROWS[1].replace(",", ";") + "\n", encoding="utf-8")
    convert = converter()
    assert [call["outcome"] for call in convert.calls(convert.rows_of(path))] == ["sale"]


def test_campaign_refuses_other_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,price\nchair,12\n", encoding="utf-8")
    assert converter().main([str(path)]) == 2
    assert "found the columns name, price; expected age, job" in capsys.readouterr().err


def fenced(page: str, language: str) -> list[str]:
    text = (EXAMPLES.parent / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_page_on_the_rate_table_computes_its_calls_as_explain_does(tmp_path: Path) -> None:
    """The page's own table, deck and calls; its figures were worked by hand."""
    (tmp_path / "decks").mkdir()
    for name, language in (("rates.toml", "toml"), ("decks/carrier-a.csv", "csv"), ("calls.jsonl", "json")):
        (tmp_path / name).write_text(fenced("rate-table.md", language)[0], encoding="utf-8")
    arguments = ["explain", "-r", str(tmp_path / "rates.toml"), "--format", "json", str(tmp_path / "calls.jsonl")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    inbound, outbound = (json.loads(line) for line in result.stdout.splitlines())
    assert [line["amount"] for line in inbound["lines"]] == ["0.072", "2.235294118", "0.038419118"]
    assert (inbound["direct"], inbound["standard"]) == ("0.072", "2.345713236")
    assert [line["amount"] for line in outbound["lines"]] == ["0.0322", "0.036", "0.010110294"]
    assert (outbound["direct"], outbound["standard"]) == ("0.0682", "0.078310294")


def test_settings_of_the_page_on_the_interface_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "callcost.toml"
    path.write_text(fenced("interface.md", "toml")[0], encoding="utf-8")
    found = load_settings(path)
    assert (found.home.path, found.fold) == (tmp_path / "callcost.db", FoldSection())
    defaults = Settings(rates=Path("rates.toml"))
    assert found.model_copy(update={"rates": defaults.rates, "home": defaults.home}) == defaults
    assert found.home.model_copy(update={"path": defaults.home.path}) == defaults.home


def test_every_setting_is_on_the_page_on_the_interface() -> None:
    shown = tomllib.loads(re.sub(r"(?m)^# (?=[\[a-z])", "", fenced("interface.md", "toml")[0]))
    secrets = {"token", "twilio_auth_token", "password"}  # in words beside it: better in files
    for name, about in Settings.model_fields.items():
        there_or_not = {"source": SourceSettings, "kafka": KafkaSection}
        section = type(about.default) if isinstance(about.default, BaseModel) else there_or_not.get(name)
        expected = set(section.model_fields) if section else set()
        assert set(shown[name] if expected else ()) == expected - secrets, name


def test_settings_of_the_page_on_kafka_are_valid(tmp_path: Path) -> None:
    first, secured = fenced("kafka.md", "toml")
    (tmp_path / "callcost.toml").write_text(first, encoding="utf-8")
    assert load_settings(tmp_path / "callcost.toml").kafka == KafkaSection(bootstrap="127.0.0.1:9092")
    (tmp_path / "callcost.toml").write_text('rates = "rates.toml"\n' + secured, encoding="utf-8")
    assert load_settings(tmp_path / "callcost.toml").kafka is not None


def test_what_stands_for_kafka_on_the_page_on_the_interface_are_the_defaults() -> None:
    shown = tomllib.loads(re.sub(r"(?m)^# (?=[\[a-z])", "", fenced("interface.md", "toml")[0]))["kafka"]
    for name, about in KafkaSection.model_fields.items():
        if not about.is_required() and about.default is not None and name in shown:
            assert shown[name] == about.default, name


@pytest.mark.sqlite3
def test_the_backup_of_the_page_on_a_single_machine_is_one(tmp_path: Path) -> None:
    """Taken with SQLite's own command while the file is in use."""
    (command,) = fenced("single-machine.md", "sh")
    store = Store(tmp_path / "callcost.db")
    with store.transaction() as connection:
        journal.append(connection, 0, 0, [Taken("callcost", b"a call")])
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
    store.close()
    copy = Store(tmp_path / "callcost-backup.db")
    with copy.reading() as connection:
        assert [record.value for record in Records().read(connection, 0)] == [b"a call"]
    copy.close()
