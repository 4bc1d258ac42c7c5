"""docs/deployment.md and docs/security.md: commands that can run here do, links lead somewhere, figures are right."""

import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from consumer.settings import FoldSection, HomeSection, HttpSection, KafkaSection
from consumer.settings.sections import IngestSection
from tests.deploy.commands import ROOT, ask, shown

PAGES = (ROOT / "docs" / "deployment.md", ROOT / "docs" / "security.md")

#: What takes an engine, a cluster, root or an installation; and the tests themselves.
NOT_HERE = ("docker ", "kubectl create ", "kubectl -n ", "kubectl apply ", "sudo ", ".venv/bin/pytest")


def commands() -> list[str]:
    """Of all blocks of shell, each command on one line."""
    blocks = [block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)]
    return [line for block in blocks for line in block.replace("\\\n", "").splitlines()]


RUN = [line for line in commands() if not line.startswith(NOT_HERE) and "| sudo " not in line]


def test_commands_that_are_run_here_are_these() -> None:
    assert [line.split()[0] for line in RUN] == [
        "kubectl", "kubectl", "kubectl", "python3", "callcost", "callcost", ".venv/bin/hadolint", "systemd-analyze",
    ]  # fmt: skip


@pytest.mark.parametrize("line", RUN)
def test_a_command_of_the_documentation_does_what_it_says(line: str, tmp_path: Path) -> None:
    program = line.split(maxsplit=1)[0]
    if program in ("kubectl", "systemd-analyze") and shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    line = line.replace("> tokens", f"> {tmp_path}/tokens").replace(".venv/bin/", "").replace("--past 30d", "--past 1d")
    shown(line)
    if "tokens" in line:
        assert len((tmp_path / "tokens").read_text().strip()) >= 16


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        found = page.parent / name if name else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_of_the_repository_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"`((?:deploy|grafana|tests|requirements)/[\w./-]*)`", page.read_text()):
        assert (ROOT / name).exists(), name


def default(section: type, key: str) -> int:
    return int(section.model_fields[key].default)  # type: ignore[attr-defined]


def test_limits_are_the_defaults_of_the_settings() -> None:
    rows = re.findall(r"^\| .*? \| (.*?) \| `(\w+)`", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    said = {key: int(re.sub(r"\D", "", text.split(",")[0].split("(")[0].split("and")[0])) for text, key in rows}
    assert said == {
        "most_body_bytes": default(IngestSection, "most_body_bytes") >> 20,
        "most_records": default(IngestSection, "most_records"),
        "body_s": default(IngestSection, "body_s"),
        "idle_s": default(HttpSection, "idle_s"),
        "most_waiting_mb": default(KafkaSection, "most_waiting_mb"),
        "most_calls": default(FoldSection, "most_calls"),
        "most_values": default(FoldSection, "most_values"),
        "most_series": default(HttpSection, "most_series"),
        "most_dead_letters": default(HomeSection, "most_dead_letters"),
    }


def test_the_sample_costs_what_the_documentation_says() -> None:
    """A week of it, within a tenth."""
    command = "callcost simulate --to stdout --past 8d --for 0s | callcost replay -r deploy/sample/rates.toml -"
    (row,) = re.findall(r"^ 7d +\S+ +\S+ +(\S+) +(\S+) ", shown(command), re.MULTILINE)
    standard, absorbed = map(Decimal, row)
    assert abs(absorbed - Decimal("4.20")) < Decimal("0.42")
    assert abs(standard - Decimal("2.55")) < Decimal("0.25")
    assert standard / absorbed < Decimal("0.667"), "more than a third is idle"


def test_the_make_of_manifests_is_what_it_is_called() -> None:
    assert "python -m deploy.kubernetes" in (ROOT / "docs" / "deployment.md").read_text()
    assert ask("python", "-c", "import deploy.kubernetes.__main__").returncode == 0
