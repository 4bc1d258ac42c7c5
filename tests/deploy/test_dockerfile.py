"""deploy/Dockerfile: what the image is made of, as far as it shows without a Docker engine.

The wheel is built from the files that reach the builder, and from no others, and runs where nothing can be written.
"""

import fnmatch
import os
import re
import shutil
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.deploy.commands import ROOT, ask

DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Every instruction with its argument, on one line, without comments."""
    text = "\n".join(line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#"))
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in (line.split(maxsplit=1) for line in lines)]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, argument in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, argument))
    return found


def reaches_the_builder(path: PurePosixPath) -> bool:
    """By .dockerignore: of the patterns that fit the path or a folder above it, the last counts."""
    taken = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.lstrip("!")
        if not pattern or pattern.startswith("#"):
            continue
        fits = [path, *path.parents][:-1]
        name = pattern.removeprefix("**/")
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatch(one.name, name) for one in fits)
        else:
            hit = any(str(one) == name or name == "*" for one in fits)
        if hit:
            taken = line.startswith("!")
    return taken


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Docker would send to the builder, of what git knows."""
    folder = tmp_path_factory.mktemp("context")
    known = ask("git", "ls-files", "-co", "--exclude-standard")
    for name in known.stdout.splitlines():
        if reaches_the_builder(PurePosixPath(name)) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def unpacked(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as the Dockerfile builds it, and unpacked where nothing can be written."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    built = ask("pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, context, environment=offline)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("callcost-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "unpacked")
    return folder / "unpacked"


def test_hadolint_finds_nothing_and_no_rule_is_ignored() -> None:
    found = ask("hadolint", "--no-color", DOCKERFILE)
    assert (found.returncode, found.stdout) == (0, "")
    assert "hadolint ignore" not in DOCKERFILE.read_text()
    assert not list(ROOT.glob(".hadolint*"))


def test_nothing_but_the_package_and_its_requirements_reaches_the_builder(context: Path) -> None:
    assert sorted(path.name for path in context.iterdir()) == [
        "README.md", "consumer", "pyproject.toml", "requirements", "schemas",
    ]  # fmt: skip
    assert [path.name for path in (context / "requirements").iterdir()] == ["run.txt"]
    for left_out in (".git/config", ".venv/bin/python", "deploy/compose.yaml", "consumer/__pycache__/app.pyc", "x.db"):
        assert not reaches_the_builder(PurePosixPath(left_out)), left_out


def test_everything_that_is_copied_is_in_the_context(context: Path) -> None:
    copied = [argument.split() for name, argument in stages()[0] if name == "COPY"]
    sources = [source for words in copied for source in words[:-1]]
    assert sources == ["requirements/run.txt", "pyproject.toml", "README.md", "schemas", "consumer"]
    assert all((context / source).exists() for source in sources)


def test_the_wheel_holds_every_file_of_the_package(context: Path, unpacked: Path) -> None:
    expected = {
        str(path.relative_to(context))
        for package in ("consumer", "schemas")
        for path in (context / package).rglob("*")
        if path.is_file()
    }
    assert {"consumer/samples/rates.toml", "consumer/samples/decks/carrier-a.csv", "schemas/call.py"} < expected
    assert any(name.startswith("consumer/surface/page/") and name.endswith(".html") for name in expected)
    held = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert expected == {name for name in held if not name.startswith("callcost-")}


def test_the_wheel_runs_from_a_folder_that_cannot_be_written_to(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import consumer, sys; from consumer.__main__ import main; print(consumer.__file__, flush=True); "
        f"sys.argv = ['callcost', 'check', '-r', '{unpacked}/consumer/samples/rates.toml']; main()"
    )
    environment = {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    said = ask("python", "-c", code, cwd=tmp_path, environment=environment)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"{unpacked}/consumer/__init__.py\n{unpacked}/consumer/samples/rates.toml: valid")
    assert not list(unpacked.rglob("__pycache__"))
    assert not list(tmp_path.iterdir())


def test_packages_come_by_hash_and_as_wheels() -> None:
    (install,) = (argument for name, argument in stages()[0] if name == "RUN" and "run.txt" in argument)
    assert "--require-hashes --only-binary :all: -r requirements/run.txt" in install


def test_what_only_building_needs_is_taken_away_again() -> None:
    (last,) = (argument for name, argument in stages()[0] if name == "RUN" and " uninstall " in argument)
    taken_away = set(last.split(" uninstall --yes ")[1].split())
    assert taken_away == only_for_building()


def only_for_building() -> set[str]:
    """Packages of run.txt that nothing but the build group asks for, by its `# via` lines."""
    asked_by: dict[str, set[str]] = {}
    name = ""
    for line in (ROOT / "requirements" / "run.txt").read_text().splitlines():
        if found := re.match(r"([a-z0-9-]+)==", line):
            name = found[1]
            asked_by.setdefault(name, set())
        elif (via := re.sub(r"^ +#( +via)? *", "", line)) and line.startswith("    #"):
            asked_by[name].add(via)
    needed: set[str] = set()
    while True:
        found_now = {one for one, by in asked_by.items() if by & {"callcost (pyproject.toml)", *needed}}
        if found_now == needed:
            return set(asked_by) - needed
        needed = found_now


def test_both_stages_are_the_same_pinned_python() -> None:
    bases = [argument.split()[0] for name, argument in instructions() if name == "FROM"]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-bookworm", bases[0])


def test_what_runs_is_nobody_special_and_has_nothing_to_build_or_install_with() -> None:
    last = stages()[1]
    said = dict(last)
    assert said["USER"] == "10001:10001"
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert "OPENBLAS_NUM_THREADS=1" in said["ENV"], "else threads by the cores of the machine, beyond the limit of pids"
    assert said["ENTRYPOINT"] == '["callcost"]'
    runs = " ".join(argument for name, argument in last if name == "RUN")
    assert not re.search(r"apt-get|curl|wget|pip install|gcc|ADD ", runs)
    assert "pip uninstall --yes --root-user-action=ignore pip setuptools wheel" in runs
    assert not any(name == "VOLUME" for name, _ in last), "an unnamed volume would hide what should be mounted"


def test_labels_name_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"VERSION={version}" in [argument for name, argument in stages()[1] if name == "ARG"]
    assert f"image: callcost:{version}" in (ROOT / "deploy" / "compose.yaml").read_text()
