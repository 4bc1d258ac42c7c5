"""deploy/compose.yaml as the tests read it. Owns what a service, a mount and a port of it are; knows no rule."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "deploy" / "compose.yaml"


@dataclass(frozen=True)
class Mount:
    """A file or folder of the repository, or a volume, and where a container sees it."""

    source: str
    target: str
    options: str

    @property
    def is_volume(self) -> bool:
        return not self.source.startswith(".")

    @property
    def path(self) -> Path:
        """In the repository."""
        return (FILE.parent / self.source).resolve()


@cache
def stack() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = stack()["services"]
    return found


def mounts(service: str) -> list[Mount]:
    return [Mount(*[*one.split(":"), ""][:3]) for one in services()[service].get("volumes", [])]


def is_one_shot(service: str) -> bool:
    """Whether it does something once and ends."""
    return bool(services()[service]["restart"] == "no")


def seen_at(service: str, path: str) -> Path:
    """What a path in a container is in the repository."""
    for mount in sorted(mounts(service), key=lambda one: -len(one.target)):
        if not mount.is_volume and f"{path}/".startswith(f"{mount.target}/"):
            return mount.path / path[len(mount.target) :].lstrip("/")
    raise AssertionError(f"{service}: nothing of the repository is mounted at {path}")
