"""Programs that tests of deploy/ ask. Owns that nothing is raised: what one said is for the test to judge."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent  # callcost, hadolint and others of the environment


def ask(
    *command: str | Path, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program's exit code and what it printed; programs of our environment come first in its PATH."""
    variables = {**(os.environ if environment is None else environment), "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def shown(command: str) -> str:
    """What a command of the documentation prints, run in a shell at the root of the repository."""
    found = ask("bash", "-euo", "pipefail", "-c", command)
    assert found.returncode == 0, found.stderr
    return found.stdout
