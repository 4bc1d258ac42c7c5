"""deploy/systemd/callcost.service as the tests read it. Owns keys and values; knows none of their meaning."""

from pathlib import Path

from tests.deploy.commands import ROOT

UNIT = ROOT / "deploy" / "systemd" / "callcost.service"


def values(key: str, path: Path = UNIT) -> list[str]:
    """What a key is set to, line by line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def value(key: str) -> str:
    """What a key is set to that is set once."""
    (found,) = values(key)
    return found
