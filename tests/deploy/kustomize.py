"""What kustomize makes of deploy/kubernetes, for machines without it: as much of it as these manifests use.

Owns resources, components, generated ConfigMaps, JSON patches and the namespace. Refuses whatever else a kustomization
says; `test_kubernetes` compares all of it with kubectl's own where kubectl is there.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.commands import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())

Manifest = dict[str, Any]

_KNOWN = {
    "apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "patches",
}  # fmt: skip
_OF_THE_CLUSTER = ("Namespace",)


def rendered(folder: Path) -> list[Manifest]:
    """Manifests of a folder with a kustomization. Names of generated ConfigMaps have no hash behind them."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert set(said) <= _KNOWN, f"{folder}: unknown to these tests: {set(said) - _KNOWN}"
    found = [one for name in said.get("resources", []) for one in _resource(folder / name)]
    found += [one for name in said.get("components", []) for one in rendered((folder / name).resolve())]
    found += [_config_map(folder, one) for one in said.get("configMapGenerator", [])]
    for patch in said.get("patches", []):
        target = patch["target"]
        (patched,) = (one for one in found if (one["kind"], one["metadata"]["name"]) == tuple(target.values()))
        for operation in yaml.safe_load((folder / patch["path"]).read_text(encoding="utf-8")):
            _apply(patched, operation)
    if namespace := said.get("namespace"):
        for one in found:
            if one["kind"] not in _OF_THE_CLUSTER:
                one["metadata"]["namespace"] = namespace
    return found


def overlay(name: str) -> list[Manifest]:
    return rendered(KUBERNETES / "overlays" / name)


def the(kind: str, manifests: list[Manifest], name: str = "callcost") -> Manifest:
    """The one of a kind and name."""
    (found,) = (one for one in manifests if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return found


def named_in(folder: Path) -> set[Path]:
    """Every file that a kustomization refers to, itself and those of folders that it refers to included."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    files = [*said.get("resources", []), *said.get("components", []), *(one["path"] for one in said.get("patches", []))]
    files += [name for one in said.get("configMapGenerator", []) for name in one["files"]]
    found = {folder / "kustomization.yaml"}
    for path in ((folder / name).resolve() for name in files):
        found |= named_in(path) if path.is_dir() else {path}
    return found


def _resource(path: Path) -> list[Manifest]:
    if path.is_dir():
        return rendered(path.resolve())
    return copy.deepcopy(_read(path.resolve()))


@cache
def _read(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def _config_map(folder: Path, said: Manifest) -> Manifest:
    held = {name: (folder / name).read_text(encoding="utf-8") for name in said["files"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": said["name"]}, "data": held}


def _apply(manifest: Manifest, operation: Manifest) -> None:
    """One operation of RFC 6902: add, replace or remove."""
    *way, last = operation["path"].lstrip("/").split("/")
    place: Any = manifest
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    value = copy.deepcopy(operation.get("value"))
    if isinstance(place, list):
        assert (operation["op"], last) == ("add", "-")
        place.append(value)
    elif operation["op"] == "add":
        place[last] = value
    else:
        assert last in place, f"nothing to {operation['op']} at {operation['path']}"
        del place[last]
        if operation["op"] == "replace":
            place[last] = value
