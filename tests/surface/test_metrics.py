"""The export: names, values, sums that count nothing twice, and the limit on series."""

import math
import re
import subprocess
from collections.abc import Container, Iterable
from dataclasses import replace

import pytest
from prometheus_client.core import Metric, Sample
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from consumer.core.calls import IDLE
from consumer.core.company import beside_the_whole
from consumer.core.counts import COST_BUCKETS_NANO, Totals
from consumer.core.exemplars import Exemplar
from consumer.core.money import NANO
from consumer.core.reading import Figures, Reading, Row, WindowReading
from consumer.surface.metric_families import FAMILIES, ROW_ABSORBED_COST, ROW_COST, ROWS
from consumer.surface.metrics import Observation, PipelineCollector, registry_of, render
from tests.surface.golden_files import assert_golden
from tests.surface.readings import AS_OF, outlook, reading, state, totals

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def exported(seen: Observation, accept: str = "", most_series: int = 20_000) -> tuple[str, str]:
    body, content_type = render(registry_of(PipelineCollector(lambda: seen, "0.1.0", most_series)), accept)
    return body.decode(), content_type


def observation(shown: Reading | None = None) -> Observation:
    return Observation(shown or reading(), totals(), state(), outlook())


def samples(text: str) -> list[Sample]:
    return [sample for family in parse_text(text) for sample in family.samples]


def total(found: list[Sample], name: str, **labels: str) -> float:
    return math.fsum(
        sample.value for sample in found if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_the_export_is_as_it_was_looked_at() -> None:
    text, content_type = exported(observation())
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert_golden("metrics.prom", text)


@pytest.mark.promtool
def test_prometheus_own_tool_finds_no_fault() -> None:
    text, _ = exported(observation())
    ran = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


@pytest.mark.parametrize("escaping", ["underscores", "allow-utf-8", "dots", "values"])
def test_names_are_escaped_for_those_who_ask_for_it(escaping: str) -> None:
    """What every Prometheus takes is the same with underscores and as it is; else an underscore is written as two."""
    plain, _ = exported(observation(), OPENMETRICS)
    text, content_type = exported(observation(), f"{OPENMETRICS.partition(';')[0]}; version=1.0.0; escaping={escaping}")
    assert content_type.endswith(f"escaping={escaping}")
    assert (text == plain) == (escaping in ("underscores", "allow-utf-8"))
    assert ("callcost__received__total" in text) == (escaping in ("dots", "values"))


def test_openmetrics_is_given_to_those_who_ask_and_says_the_same() -> None:
    text, content_type = exported(observation(), OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    plain, _ = exported(observation())

    def values(families: Iterable[Metric]) -> set[tuple[str, str, float]]:
        return {(s.name, str(sorted(s.labels.items())), s.value) for family in families for s in family.samples}

    openmetrics: Iterable[Metric] = parse_openmetrics(text)  # type: ignore[no-untyped-call]
    assert values(openmetrics) == values(parse_text(plain))


def test_a_bucket_names_a_call_that_fell_into_it_to_those_who_ask_for_openmetrics() -> None:
    bucket = COST_BUCKETS_NANO.index(NANO // 100)
    found: dict[tuple[str, int], Exemplar] = {
        ("inbound", bucket): Exemplar("a-call", 9_000_000, AS_OF),
        ("inbound", bucket + 1): Exemplar("x" * 122, NANO // 50, AS_OF),  # longer than an exemplar may be
    }
    seen = replace(observation(), exemplars=found)
    text, _ = exported(seen, OPENMETRICS)
    assert re.findall(r"^callcost_call_cost_usd_bucket.* # (.*)$", text, re.MULTILINE) == [
        f'{{call_id="a-call"}} 0.009 {AS_OF / 1000}'
    ]
    list(parse_openmetrics(text))  # type: ignore[no-untyped-call]
    assert "a-call" not in exported(seen)[0]


def test_every_family_is_defined_once_and_exported() -> None:
    defined = [family.name_in("USD") for family in FAMILIES]
    assert len(set(defined)) == len(defined)
    text, _ = exported(observation())
    named = [line.split()[2].removesuffix("_total") for line in text.splitlines() if line.startswith("# TYPE")]
    assert named == defined


def test_the_currency_is_in_the_name() -> None:
    text, _ = exported(observation(replace(reading(), currency="EUR")))
    assert total(samples(text), "callcost_cost_eur_total") == pytest.approx(2400.02)
    assert "usd" not in text


@pytest.mark.parametrize("window", ["5m", "1h", "7d"])
def test_the_sum_of_a_window_is_the_whole(window: str) -> None:
    """By segment or by direction, quiet or not, each figure is there once; __idle__ is in the absorbed cost alone."""
    text, _ = exported(observation())
    found = samples(text)
    whole = next(shown for shown in reading().windows if shown.window == window).rows[-1].figures
    for name, family in ROWS.items():
        exact = getattr(whole, name) / family.scale
        assert total(found, family.name_in("USD"), window=window) == pytest.approx(exact, abs=1e-12)
    standard, absorbed = ROW_COST.name_in("USD"), ROW_ABSORBED_COST.name_in("USD")
    assert total(found, standard, window=window) == pytest.approx(whole.standard_nano / NANO)
    assert total(found, absorbed, window=window) == pytest.approx(whole.absorbed_nano / NANO)
    assert {sample.name for sample in found if sample.labels.get("direction") == IDLE} == {absorbed}


def test_segments_are_told_apart_in_their_windows_alone() -> None:
    text, _ = exported(observation())
    queues = {
        sample.labels["window"]
        for sample in samples(text)
        if sample.labels.get("queue", "") != "" and "window" in sample.labels
    }  # fmt: skip
    assert queues == {"1h"}


def test_a_quiet_window_has_zeros_and_no_quantiles() -> None:
    """A ratio over it is no number for Prometheus to work out, never one that is exported."""
    text, _ = exported(observation())
    quiet = [sample for sample in samples(text) if sample.labels.get("window") == "5m"]
    directions = {s.labels["direction"]: s.value for s in quiet if s.name == "callcost_window_calls"}
    assert directions == {"inbound": 0, "outbound": 0, "internal": 0}
    assert not [sample for sample in quiet if "quantile" in sample.labels]
    assert not any(math.isnan(sample.value) for sample in samples(text))


def test_before_the_first_event_counters_are_zero_and_instants_missing() -> None:
    unborn = replace(state(), watermark_ms=None, last_event_ms=None, index_limit=None, dimension_values_limit=None)
    quiet = replace(reading(), windows=reading().windows[:1])
    text, _ = exported(Observation(quiet, Totals(), unborn))
    found = samples(text)
    assert total(found, "callcost_unrated_total", reason="no_prefix") == 0
    assert len([sample for sample in found if sample.name == "callcost_rejected_total"]) == 11
    assert len([sample for sample in found if sample.name == "callcost_call_cost_usd_count"]) == 3
    assert not [s for s in found if s.name in ("callcost_watermark_timestamp_seconds", "callcost_index_entries_limit")]


def crowded(segments: int) -> Reading:
    """An hour of segments q0000, q0001, …; the n-th has n calls, each of 1, two thirds of them inbound."""
    rows = [
        Row(
            ("outbound" if number % 3 == 0 else "inbound", f"q{number:04}", "ath"),
            Figures(calls=number, components_nano={"fee": number * NANO}, absorbed_nano=number * NANO),
        )
        for number in range(1, segments + 1)
    ]
    calls = segments * (segments + 1) // 2
    whole = Figures(calls=calls, components_nano={"fee": calls * NANO}, absorbed_nano=calls * NANO)
    hour = WindowReading("1h", AS_OF - 3_600_000, AS_OF, (*rows, Row((), whole)), ())
    return replace(reading(), windows=(hour,))


def test_segments_over_the_limit_are_summed_as_other_and_said_to_be() -> None:
    """The costliest keep series of their own, three each here; sums stay what they are, by direction too."""
    text, _ = exported(observation(crowded(1_000)), most_series=1_000)
    found = samples(text)
    assert 800 < len(found) <= 1_000  # room is kept for what only some workers have
    calls = [sample for sample in found if sample.name == "callcost_window_calls"]
    own = {sample.labels["queue"] for sample in calls} - {"", "__other__"}
    assert own == {f"q{number:04}" for number in range(1_001 - len(own), 1_001)}
    assert total(found, "callcost_segments_folded") == 1_000 - len(own) > 500
    assert total(found, "callcost_window_calls", window="1h") == 500_500  # 1000 × 1001 ÷ 2
    assert total(found, "callcost_window_calls", direction="outbound") == 166_833  # 3 × (333 × 334 ÷ 2)
    assert total(found, "callcost_window_cost_usd", component="fee") == 500_500


def test_segments_within_the_limit_are_all_there() -> None:
    found = samples(exported(observation(crowded(1_000)))[0])
    assert total(found, "callcost_segments_folded") == 0
    assert not [sample for sample in found if "__other__" in sample.labels.values()]


def part_of(whole: Reading, numbers: Container[int]) -> Reading:
    """What a worker reads that has the calls of some segments of `crowded` alone."""
    hour = whole.windows[0]
    rows = [row for row in hour.rows[:-1] if int(row.segment[1][1:]) in numbers]
    return beside_the_whole(replace(whole, windows=(replace(hour, rows=(*rows, Row((), NOTHING))),)), whole)


NOTHING = Figures()


def test_workers_fold_the_same_segments_so_that_absorbed_cost_counts_once() -> None:
    """Six tenths of 400 segments have calls on one worker, the others on the second: each knows the cost of all.

    Absorbed cost is 1 a call: 400 × 401 ÷ 2 = 80 200. What else a worker exports leaves it no more or less room.
    """
    whole = crowded(400)
    first, second = part_of(whole, range(1, 241)), part_of(whole, range(241, 401))
    lone = replace(state(), checkpoint_ms=AS_OF, webhook_answers={("twilio", 200): 1, ("twilio", 503): 2})
    workers = [
        samples(exported(Observation(own, totals(), how, outlook(), of_all=whole), most_series=800)[0])
        for own, how in ((first, state()), (second, lone))
    ]
    folded = [total(found, "callcost_segments_folded") for found in workers]
    assert folded[0] == folded[1] > 100
    absorbed: dict[str, float] = {}
    for sample in (sample for found in workers for sample in found):
        if sample.name == "callcost_window_absorbed_cost_usd":
            segment = str(sample.labels)
            absorbed[segment] = max(absorbed.get(segment, 0), sample.value)
    assert math.fsum(absorbed.values()) == 80_200
    calls = [total(found, "callcost_window_calls") for found in workers]
    assert calls == [28_920, 51_280]  # 240 × 241 ÷ 2, and the rest of 80 200
    assert all(len(found) <= 800 for found in workers)


def test_what_absorbed_cost_is_divided_by_is_the_whole_company_s_on_every_worker() -> None:
    """Three inbound calls, one a sale, and an outbound one, a lead. This worker has none of them, the other has all."""
    whole = reading()
    idle = [replace(pool, absorbed_nano=None if pool.absorbed_nano is None else 0) for pool in whole.windows[1].pools]
    windows = [replace(one, rows=(Row((), NOTHING),), pools=tuple(idle)) for one in whole.windows]
    own = beside_the_whole(replace(whole, windows=tuple(windows)), whole)
    found = samples(exported(Observation(own, totals(), state(), of_all=whole))[0])
    assert total(found, "callcost_window_calls", window="1h") == 0

    def of_hour(name: str, label: str) -> dict[str, float]:
        return {s.labels[label]: s.value for s in found if s.name == name and s.labels["window"] == "1h"}

    assert of_hour("callcost_company_calls", "direction") == {"inbound": 3, "outbound": 1, "internal": 0}
    assert of_hour("callcost_company_sales", "direction") == {"inbound": 1, "outbound": 0, "internal": 0}
    assert of_hour("callcost_company_leads", "direction") == {"inbound": 0, "outbound": 1, "internal": 0}
    # Headsets have no capacity.
    assert of_hour("callcost_window_absorbed_at_standard_usd", "pool") == {"agents": 0, "night": 0, "phones": 0}
    assert of_hour("callcost_company_absorbed_at_standard_usd", "pool") == {"agents": 2.4, "night": 0, "phones": 1.5}


def test_one_dimension_makes_directions_the_segments() -> None:
    rows = (Row(("inbound",), Figures(calls=2, components_nano={})), Row((), Figures(calls=2, components_nano={})))
    hour = WindowReading("1h", AS_OF - 3_600_000, AS_OF, rows, ())
    found = samples(exported(observation(replace(reading(), dimensions=("direction",), windows=(hour,))))[0])
    calls = {s.labels["direction"]: s.value for s in found if s.name == "callcost_window_calls"}
    assert calls == {"inbound": 2, "outbound": 0, "internal": 0}
