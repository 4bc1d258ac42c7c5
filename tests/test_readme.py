"""The README's commands, as somebody copies them after `make demo`."""

import json
import os
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.deploy.commands import BIN, ROOT, ask

README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return found


def commands(name: str) -> list[str]:
    """`callcost name ...`, as the README shows them."""
    found: list[str] = re.findall(rf"(?m)^\$ (callcost {name} .*)$", README)
    return found


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder in which the README's files are made by its own commands and texts."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text(f"PATH={BIN}:$PATH\n")
    (script,) = fenced("sh")
    made = ask("bash", "-euo", "pipefail", "-c", script, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    for name, language in (("callcost.toml", "toml"), ("call.json", "json")):
        (text,) = fenced(language)
        (tmp_path / "mine" / name).write_text(text)
    return tmp_path


def test_the_files_of_the_readme_are_valid_and_its_call_is_costed(clone: Path) -> None:
    """240 s × 0.02/60 of freephone, 240 s × 3200 ÷ 720 000 of agents, 1800 ÷ 36 ÷ 5000 of the PBX."""
    checked = ask("callcost", "check", "-c", "mine/callcost.toml", "mine/call.json", "--strict", cwd=clone)
    assert (checked.returncode, checked.stderr) == (0, "")
    shown = ask("callcost", "explain", "-r", "mine/rates.toml", "--format", "json", "mine/call.json", cwd=clone)
    assert [line["amount"] for line in json.loads(shown.stdout)["lines"]] == ["0.08", "1.066666667", "0.01"]


def test_the_worker_of_the_readme_takes_its_call(clone: Path) -> None:
    (run,) = commands("run")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "CALLCOST_HTTP__PORT": "0", "COLUMNS": "200"}
    with subprocess.Popen(run.split(), cwd=clone, stderr=subprocess.PIPE, text=True, env=environment) as worker:
        try:
            assert worker.stderr
            url = next(line.split("listening on ")[1].strip() for line in worker.stderr if "listening on" in line)
            token = (clone / "mine" / "tokens").read_text().splitlines()[0]
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"  # no clock may be behind the call
            call = (clone / "mine" / "call.json").read_text().replace("2026-11-02", yesterday).encode()
            asked = urllib.request.Request(f"{url}/ingest/callcost", data=call, headers=headers)
            with urllib.request.urlopen(asked) as answer:
                assert answer.read().decode() == '{"received":1}'
        finally:
            worker.kill()
    assert '\n{"received":1}\n' in README


@pytest.mark.parametrize("command", [*commands("replay"), *commands("explain")])
def test_a_command_of_the_readme_shows_costs(command: str) -> None:
    found = ask(*command.split())
    assert found.returncode == 0, found.stderr
    assert "EUR" in found.stdout


def test_the_readme_shows_a_command_of_each_kind() -> None:
    assert [len(commands(name)) for name in ("run", "replay", "explain")] == [1, 1, 1]
