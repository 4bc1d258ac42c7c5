"""amlint reads the whole of alertmanager.yml: what is misrouted, unreachable, or kept quiet too often."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
AMLINT = Path(sys.executable).parent / "amlint"


def checked(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AMLINT, "check", config], capture_output=True, text=True, check=False)


def test_it_finds_nothing() -> None:
    ran = checked(CONFIG)
    assert (ran.returncode, "No issues found" in ran.stdout) == (0, True), ran.stdout


@pytest.mark.parametrize(("right", "wrong"), [("receiver: digest", "receiver: nobody"), ("08:00", "19:00")])
def test_it_would_find_something(tmp_path: Path, right: str, wrong: str) -> None:
    text = CONFIG.read_text()
    assert right in text
    broken = tmp_path / "alertmanager.yml"
    broken.write_text(text.replace(right, wrong, 1))
    assert checked(broken).returncode != 0
