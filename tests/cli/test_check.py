"""`callcost check`: what is wrong with settings, rate tables and calls, before a worker meets it."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from consumer.cli.main import app

RATES = """\
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2026-01-01
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rates.toml").write_text(RATES)
    return tmp_path


def checked(folder: Path, settings: str) -> Result:
    (folder / "callcost.toml").write_text('rates = "rates.toml"\n' + settings)
    return CliRunner().invoke(app, ["check", "-c", str(folder / "callcost.toml")])


def run(folder: Path) -> Result:
    return CliRunner().invoke(app, ["run", "-c", str(folder / "callcost.toml")])


# What settings name on this machine.


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "tokens: No such file or directory; expected a file with a secret a line"),
        ("short", "ingest.token: found one that is too short, expected 16 characters or more"),
    ],
)
def test_a_token_that_run_refuses_is_refused_in_the_same_words(folder: Path, token: str | None, said: str) -> None:
    if token is not None:
        (folder / "tokens").write_text(f"{token}\n")
    found = checked(folder, '[ingest]\ntoken_file = "tokens"\n')
    assert (found.exit_code, run(folder).exit_code) == (2, 2)
    assert said in found.stderr
    assert said in run(folder).stderr
    assert "callcost.toml: valid" not in found.stdout
    assert "rates.toml: valid" in found.stdout  # it is looked at all the same


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/callcost.db", "there is no folder {folder}/missing"),
        ("rates.toml/callcost.db", "there is no folder {folder}/rates.toml"),
        ("taken", "it is no file"),
    ],
)
def test_a_state_that_could_not_be_kept_is_told(folder: Path, path: str, said: str) -> None:
    (folder / "taken").mkdir()
    found = checked(folder, f'[home]\npath = "{path}"\n')
    assert (found.exit_code, run(folder).exit_code) == (2, 1)
    expected = f"home.path: {folder}/{path}: {said.format(folder=folder)}; expected a file that can be written"
    assert expected in found.stderr


@pytest.mark.parametrize(
    ("closed", "said"), [("state", "no file can be made in {state}"), ("callcost.db", "it cannot be read and written")]
)
def test_a_state_that_may_not_be_written_is_told(
    folder: Path, closed: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the system answers whoever is not its root."""
    state = folder / "state"
    state.mkdir()
    (state / "callcost.db").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != closed or not mode & os.W_OK)
    found = checked(folder, '[home]\npath = "state/callcost.db"\n')
    assert found.exit_code == 2
    assert said.format(state=state) in found.stderr


def test_all_that_is_not_at_hand_is_told_at_once(folder: Path) -> None:
    found = checked(
        folder,
        '[ingest]\ntoken_file = "a"\ntwilio_auth_token_file = "b"\npublic_url = "https://calls.example"\n'
        '[home]\npath = "missing/callcost.db"\n',
    )
    first, second, third = found.stderr.splitlines()
    assert first.startswith(f"{folder}/callcost.toml:3: ingest.token_file: {folder}/a: ")
    assert second.startswith(f"{folder}/callcost.toml:4: ingest.twilio_auth_token_file: {folder}/b: ")
    assert third.startswith(f"{folder}/callcost.toml:7: home.path: {folder}/missing/callcost.db: ")


def test_settings_that_run_takes_are_valid_and_nothing_is_made(folder: Path) -> None:
    (folder / "tokens").write_text("a-secret-of-somebody\n")
    found = checked(folder, '[ingest]\ntoken_file = "tokens"\n')
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.startswith(f"{folder}/callcost.toml: valid\n")
    assert sorted(path.name for path in folder.iterdir()) == ["callcost.toml", "rates.toml", "tokens"]


def test_a_cluster_keeps_the_state_and_no_file_is_asked_for(folder: Path) -> None:
    found = checked(folder, '[home]\npath = "missing/callcost.db"\n[kafka]\nbootstrap = "127.0.0.1:1"\n')
    assert found.exit_code == 0


# The rate table.

TARIFF = """\
[[version.tariff]]
name = "carrier-a"
currency = "UDS"
rates = [{ prefix = "30", rate_per_minute = "0.06" }]
"""


def test_a_currency_without_an_exchange_rate_is_a_warning_and_the_table_is_valid(folder: Path) -> None:
    """RATES has 5 lines; the currency is on the third of the tariff's."""
    rates = folder / "rates.toml"
    rates.write_text(RATES + TARIFF)
    found = CliRunner().invoke(app, ["check", "-r", str(rates), "--strict"])
    assert found.exit_code == 0
    assert found.stdout.startswith(f"{rates}: valid, versions v1, ")
    assert found.stderr == (
        f"warning: {rates}:8: version[0].tariff[0].currency: found UDS, expected a currency with an [[fx]] rate in "
        "force at the version's start; without one calls are unrated, no_fx_rate\n"
    )
