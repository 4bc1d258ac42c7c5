"""docs/metrics.md says what is exported, and how it adds up over workers."""

import os
from pathlib import Path

from prometheus_client import ProcessCollector

from consumer.surface.metric_families import FAMILIES
from consumer.surface.metrics_page import across, metrics_page

PAGE = Path(__file__).parent.parent.parent / "docs" / "metrics.md"


def test_the_page_is_what_the_definitions_say() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(metrics_page())
    assert PAGE.read_text() == metrics_page(), "UPDATE_GOLDEN=1 pytest tests/surface, and read the diff"


def test_every_metric_is_on_it_once() -> None:
    lines = [line for line in metrics_page().splitlines() if line.startswith("| `callcost_")]
    names = [line.split("`")[1].partition("{…")[0] for line in lines]
    assert len(lines) == len(FAMILIES) == len(set(names))
    for family in FAMILIES:
        name = f"{family.name}_total" if family.kind == "counter" else family.name
        assert sum(f"`{name}{{" in line or f"`{name}`" in line for line in lines) == 1, name


def test_what_the_client_tells_of_the_process_is_on_it() -> None:
    told = {
        sample.name: family.type for family in ProcessCollector(registry=None).collect() for sample in family.samples
    }
    lines = [line.split(" | ") for line in metrics_page().splitlines() if line.startswith("| `process_")]
    assert {line[0].strip("|` "): line[1] for line in lines} == told


def test_what_says_so_in_its_help_is_taken_by_max() -> None:
    assert all(across(family) == "max" for family in FAMILIES if "max" in family.help)
