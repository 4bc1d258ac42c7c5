"""Every worked example holds, to the nano-unit: tests/vectors, one file an example."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumer.core.accrual import accrued_nano
from consumer.core.calls import SourceRecord
from consumer.core.costing import Costing
from consumer.core.explain import explain
from consumer.core.instants import parse_rfc3339
from consumer.core.money import format_nano
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.replay import Replay
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table
from consumer.surface.report_explain import explanation_json
from consumer.surface.report_json import reading_json

EXAMPLES = sorted(Path(__file__).parent.joinpath("vectors").glob("*.json"))


def table_of(example: dict[str, Any]) -> RateTable:
    decks = {name: text.encode() for name, text in example.get("decks", {}).items()}
    return build_rate_table("rates.toml", example["rates"].encode(), decks.__getitem__)


def records_of(example: dict[str, Any]) -> list[SourceRecord]:
    lines = example.get("raw_lines") or [json.dumps(call) for call in example["calls"]]
    return [SourceRecord(offset, line.encode()) for offset, line in enumerate(lines)]


def replayed(example: dict[str, Any]) -> tuple[Pipeline, Reading]:
    instants = [parse_rfc3339(example[name]) if name in example else None for name in ("as_of", "from", "to")]
    replay = Replay.of(
        table_of(example), decode, *instants, dimensions=tuple(example.get("by", ("direction", "queue", "site")))
    )
    replay.pipeline.feed(records_of(example))
    replay.pipeline.finish()
    return replay.pipeline, replay.read()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_worked_example_holds(path: Path) -> None:
    example = json.loads(path.read_text())
    pipeline, reading = replayed(example)
    expect, shown = example["expect"], reading_json(reading)
    assert pipeline.counts.received == pipeline.counts.accounted()
    check_calls(pipeline, expect.get("calls", {}))
    for name, value in expect.get("counts", {}).items():
        assert shown["counts"][name] == value, name
    for row in expect.get("windows", []):
        check_row(shown["windows"], row)
    for pool in expect.get("pools", []):
        found = [p for p in shown["pools"] if (p["window"], p["pool"]) == (pool["window"], pool["pool"])]
        assert [{name: p[name] for name in pool["fields"]} for p in found] == [pool["fields"]]
    for accrual in expect.get("accrual", []):
        assert accrued(pipeline.table, accrual) == accrual["amount"], accrual


def check_calls(pipeline: Pipeline, expected: dict[str, Any]) -> None:
    calls = {call.call_id: call for call in pipeline.index.calls()}
    for call_id, expectation in expected.items():
        shown = explanation_json(explain(Costing(pipeline.table), calls[call_id]))
        for name, value in expectation.items():
            if name == "lines":
                charged = [line for line in shown["lines"] if line["amount"] != "0"]
                assert sorted(map(line_key, charged)) == sorted(map(line_key, value)), call_id
            else:
                assert shown[name] == value, (call_id, name)


def line_key(line: dict[str, str]) -> tuple[str, str, str]:
    return line["kind"], line["name"], line["amount"]


def check_row(windows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    found = [window for window in windows if (window["window"], window["segment"]) == (row["window"], row["segment"])]
    if row.get("absent"):
        assert found == []
        return
    assert len(found) == 1, row
    for name, value in row["fields"].items():
        shown = found[0][name]
        if name in ("from", "to"):
            assert parse_rfc3339(shown) == parse_rfc3339(value)
        elif name in ("p50", "p95", "p99") and value is not None:
            assert float(shown) == pytest.approx(float(value), rel=0.01)
        elif isinstance(value, dict):
            assert {key: shown.get(key) for key in value} == value, name
        else:
            assert shown == value, name


def accrued(table: RateTable, accrual: dict[str, str]) -> str:
    start, end = parse_rfc3339(accrual["from"]), parse_rfc3339(accrual["to"])
    pools = [(version, pool) for version in table.versions for pool in version.pools if pool.name == accrual["pool"]]
    return format_nano(sum(accrued_nano(table, version, pool, start, end) for version, pool in pools))
