"""Figures of two workers, worked by hand and evaluated by Prometheus's own engine: what adds up, and what must not.

Worker a has inbound sales, worker b inbound support and outbound sales. What both know alike, both export.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.rules.recording.expected import LEAST_BAND, SIGMAS
from grafana import figures, pipeline
from grafana.figures import Figures
from grafana.queries import EVERYTHING, substituted
from grafana.reporting import Reporting

pytestmark = pytest.mark.promtool

WHOLE, SEGMENTS = Figures(Reporting()), Figures(Reporting(), segments=True)
ALL = EVERYTHING | {"direction": ".*", "queue": ".*", "site": ".*"}

IN_SALES, IN_SUPPORT = 'direction="inbound",queue="sales",site="ath"', 'direction="inbound",queue="support",site="ath"'
OUT_SALES = 'direction="outbound",queue="sales",site="ath"'
NOBODY = 'direction="__idle__",queue="",site=""'

#: A value a series, at every instant.
SERIES = {
    # a: 10 calls for 20; b: 5 for 15 and 5 for 25. Together 20 calls for 60.
    f'callcost_window_calls{{window="1h",{IN_SALES},instance="a"}}': 10,
    f'callcost_window_calls{{window="1h",{IN_SUPPORT},instance="b"}}': 5,
    f'callcost_window_calls{{window="1h",{OUT_SALES},instance="b"}}': 5,
    f'callcost_window_cost_usd{{window="1h",component="labour",{IN_SALES},instance="a"}}': 12,
    f'callcost_window_cost_usd{{window="1h",component="carrier",{IN_SALES},instance="a"}}': 8,
    f'callcost_window_cost_usd{{window="1h",component="labour",{IN_SUPPORT},instance="b"}}': 15,
    f'callcost_window_cost_usd{{window="1h",component="labour",{OUT_SALES},instance="b"}}': 25,
    # Another window of the same calls must not be added to them.
    'callcost_window_calls{window="7d",direction="inbound",queue="",site="",instance="a"}': 900,
    # All in: 30 + 25 + 35 + 10 while nobody called = 100.
    **{
        f'callcost_window_absorbed_cost_usd{{window="1h",{segment},instance="{worker}"}}': cost
        for segment, cost in ((IN_SALES, 30), (IN_SUPPORT, 25), (OUT_SALES, 35), (NOBODY, 10))
        for worker in "ab"
    },
    # Usual: inbound 300 for 450, outbound 100 for 350; together 400 for 800.
    **{
        f'callcost_direction_baseline_{what}{{direction="{direction}",instance="{worker}"}}': value
        for what, direction, value in (
            ("calls", "inbound", 300), ("cost_usd", "inbound", 450), ("sigma_usd", "inbound", 0.25),
            ("calls", "outbound", 100), ("cost_usd", "outbound", 350), ("sigma_usd", "outbound", 0.5),
        )
        for worker in "ab"
    },
    # That is of 20 hours.
    **{f'callcost_baseline_samples{{instance="{worker}"}}': 20 for worker in "ab"},
    # Of segments only inbound sales has one: 200 for 300.
    **{
        f'callcost_baseline_{what}{{{IN_SALES},instance="{worker}"}}': value
        for what, value in (("calls", 200), ("cost_usd", 300))
        for worker in "ab"
    },
    # Inbound rose from 1.5 to 35 ÷ 15, outbound from 3.5 to 5.
    **{
        f'callcost_moved_usd{{direction="{direction}",effect="{effect}",instance="{worker}"}}': value
        for direction, effect, value in (
            ("inbound", "price", 0.5), ("inbound", "handle_time", 0.2), ("inbound", "mix", 35 / 15 - 1.5 - 0.7),
            ("outbound", "price", 1.0), ("outbound", "handle_time", 0.8), ("outbound", "mix", -0.3),
        )
        for worker in "ab"
    },
    # Wages accrued 100, of which calls used 50; rent has no capacity.
    **{
        f'callcost_window_accrued_usd{{window="1h",pool="{pool}",instance="{worker}"}}': value
        for pool, value in (("wages", 100), ("rent", 40))
        for worker in "ab"
    },
    'callcost_company_absorbed_at_standard_usd{window="1h",pool="wages",instance="a"}': 50,
    'callcost_company_absorbed_at_standard_usd{window="1h",pool="wages",instance="b"}': 50,
    # Of the whole company both know 15 inbound and 5 outbound calls, and 4 sales of the latter.
    **{
        f'callcost_company_{many}{{window="1h",direction="{direction}",instance="{worker}"}}': number
        for many, direction, number in (("calls", "inbound", 15), ("calls", "outbound", 5), ("sales", "outbound", 4))
        for worker in "ab"
    },
    # A budget of 1000: 600 spent, 1100 at the end; of its 400 s, 100 are over at the instant 300.
    **{
        f'callcost_budget_{what}{{budget="support",{more}instance="{worker}"}}': value
        for what, more, value in (
            ("usd", 'per="month",', 1000), ("spent_usd", "", 600), ("projected_usd", "", 1100),
            ("start_timestamp_seconds", "", 200), ("end_timestamp_seconds", "", 600),
            ("window_cost_usd", 'window="1h",', 30), ("window_allotted_usd", 'window="1h",', 20),
        )
        for worker in "ab"
    },
    # Read at 290 and 280; the partition of a as a has it at 290, as b heard of it at 270; that of b at 285 and 260.
    'callcost_read_timestamp_seconds{instance="a"}': 290,
    'callcost_read_timestamp_seconds{instance="b"}': 280,
    'callcost_share_timestamp_seconds{source="calls-0",instance="a"}': 290,
    'callcost_share_timestamp_seconds{source="calls-0",instance="b"}': 270,
    'callcost_share_timestamp_seconds{source="calls-1",instance="a"}': 260,
    'callcost_share_timestamp_seconds{source="calls-1",instance="b"}': 285,
    # Partition 0 went from a to b, and both say that it has a gap.
    'callcost_source_gap{source="calls-0",instance="a"}': 1,
    'callcost_source_gap{source="calls-0",instance="b"}': 1,
    'callcost_source_gap{source="calls-1",instance="b"}': 0,
    'callcost_last_event_timestamp_seconds{instance="a"}': 250,
    'callcost_last_event_timestamp_seconds{instance="b"}': 255,
}  # fmt: skip

EXPECTED: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("calls of both workers", WHOLE.calls("1h"), {"{}": 20}),
    ("60 for 20 calls", WHOLE.standard_per_call("1h"), {"{}": 3}),
    (
        "by direction: 35 for 15, 25 for 5",
        WHOLE.standard_per_call("1h", "direction"),
        {'{direction="inbound"}': 35 / 15, '{direction="outbound"}': 5},
    ),
    (
        "labour 52, carrier 8, of 20 calls",
        WHOLE.components_per_call("1h"),
        {'{component="labour"}': 2.6, '{component="carrier"}': 0.4},
    ),
    ("100 all in, once and not from each worker", WHOLE.absorbed("1h"), {"{}": 100}),
    ("all in a call", WHOLE.absorbed_per_call("1h"), {"{}": 5}),
    ("450 + 350, once", WHOLE.expected_cost(), {"{}": 800}),
    ("300 + 100, once", WHOLE.expected_calls(), {"{}": 400}),
    ("of segments 300 are known, once", SEGMENTS.expected_cost(), {"{}": 300}),
    (
        "all in a call by direction: 30 and 25 for 15, 35 for 5",
        WHOLE.absorbed_per_call("1h", "direction"),
        {'{direction="inbound"}': round(55 / 15, 6), '{direction="outbound"}': 7},
    ),
    (
        "all in a call of sales: 65 for 15",
        SEGMENTS.absorbed_per_call("1h", "queue"),
        {'{queue="sales"}': 65 / 15, '{queue="support"}': 5},
    ),
    ("4 sales, counted once", WHOLE.sharing("sales", "1h"), {"{}": 4}),
    ("usual: 800 for 400", WHOLE.expected_per_call(), {"{}": 2}),
    ("of segments, the one that is known: 300 for 200", SEGMENTS.expected_per_call(), {"{}": 1.5}),
    (
        "1.5 and 4 times 0.25; 3.5 and 4 times 0.5",
        WHOLE.upper_bound(),
        {'{direction="inbound"}': 2.5, '{direction="outbound"}': 5.5},
    ),
    ("3 instead of 2", WHOLE.change(), {"{}": 1}),
    (
        "weighted by 15 and 5 of 20 calls",
        WHOLE.moved(),
        {
            '{effect="price"}': 0.5 * 0.75 + 1.0 * 0.25,  # 0.625
            '{effect="handle_time"}': 0.2 * 0.75 + 0.8 * 0.25,  # 0.35
            '{effect="mix"}': (35 / 15 - 2.2) * 0.75 - 0.3 * 0.25,  # 0.025
        },
    ),
    (
        "of each direction as its workers say",
        WHOLE.moved_by_direction("price"),
        {'{direction="inbound"}': 0.5, '{direction="outbound"}': 1.0},
    ),
    ("the change of 1 has all parts: 1 - 0.625 - 0.35 - 0.025", WHOLE.moved_between(), {"{}": 0}),
    (
        "sales: 20 for 10 calls of usually 1.5; nothing is usual of the others",
        WHOLE.excess(),
        {f"{{{IN_SALES}}}": 5},
    ),
    ("once and not from each worker", WHOLE.accrued("1h"), {'{pool="wages"}': 100, '{pool="rent"}': 40}),
    ("once", WHOLE.used("1h"), {'{pool="wages"}': 50}),
    ("100 - 50", WHOLE.idle("1h"), {'{pool="wages"}': 50}),
    ("50 of 100; rent has no capacity to be idle", WHOLE.idle_share("1h"), {"{}": 0.5}),
    ("600 of 1000", WHOLE.budget_share("spent"), {'{job="callcost", budget="support"}': 0.6}),
    ("1100 of 1000", WHOLE.budget_share("projected"), {'{job="callcost", budget="support"}': 1.1}),
    ("100 s of 400", WHOLE.budget_elapsed(), {'{job="callcost", budget="support"}': 0.25}),
    ("30 where 20 are due", WHOLE.budget_burn(), {'{job="callcost", budget="support", window="1h"}': 1.5}),
    ("b reads at 280; the partitions are of 290 and 285", pipeline.oldest_figures(), {"{}": 20}),
    ("one partition with a gap, though two say so", pipeline.gaps(), {"{}": 1}),
    ("the later end of a call", pipeline.last_event(), {"{}": 45}),
)


#: Of a second installation, as large as the first, these are twice as much; ratios stay as they are.
DOUBLED = (
    WHOLE.calls("1h"), WHOLE.absorbed("1h"), WHOLE.accrued("1h"), WHOLE.used("1h"), WHOLE.idle("1h"),
    WHOLE.expected_cost(), WHOLE.expected_calls(), SEGMENTS.expected_cost(), WHOLE.excess(), pipeline.gaps(),
    WHOLE.sharing("sales", "1h"),
)  # fmt: skip


def labelled(selector: str) -> str:
    """Of the job that the dashboards look at, where it has none."""
    return selector if "job=" in selector else selector.replace("{", '{job="callcost",', 1)


def evaluated(given: dict[str, float], expected: list[tuple[str, dict[str, float]]], file: Path) -> str:
    """What promtool finds to differ at 300 s; empty where all is as expected."""
    tests: list[dict[str, Any]] = [
        {
            "expr": substituted(expr, ALL),
            "eval_time": "5m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for expr, samples in expected
    ]
    series = [{"series": labelled(name), "values": f"{value}x10"} for name, value in given.items()]
    content = {
        "rule_files": [],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
    }
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    ran = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


@pytest.mark.parametrize(("expr", "samples"), [one[1:] for one in EXPECTED], ids=[one[0] for one in EXPECTED])
def test_figures_of_two_workers(expr: str, samples: dict[str, float], tmp_path: Path) -> None:
    rounded = f"round(({expr}) * 1e6) / 1e6"  # promtool compares to the last bit
    wanted = {labels: round(value * 1e6) / 1e6 for labels, value in samples.items()}
    assert evaluated(SERIES, [(rounded, wanted)], tmp_path / "test.yml") == ""


@pytest.mark.parametrize(("expr", "samples"), [one[1:] for one in EXPECTED], ids=[one[0] for one in EXPECTED])
def test_figures_of_two_installations_are_those_of_both(expr: str, samples: dict[str, float], tmp_path: Path) -> None:
    """The second is as large as the first: sums double, ratios stay, and each has its own budget."""
    both = SERIES | {name.replace("{", '{job="staging",', 1): value for name, value in SERIES.items()}
    times = 2 if expr in DOUBLED else 1
    wanted = {labels: round(times * value * 1e6) / 1e6 for labels, value in samples.items()}
    wanted |= {labels.replace('"callcost"', '"staging"'): value for labels, value in wanted.items()}
    assert evaluated(both, [(f"round(({expr}) * 1e6) / 1e6", wanted)], tmp_path / "test.yml") == ""


def test_a_pool_without_a_capacity_is_not_idle_where_another_installation_has_one_for_it(tmp_path: Path) -> None:
    """50 of 100 as before; what the other pays for wages is not in it."""
    both = SERIES | {'callcost_window_accrued_usd{job="staging",window="1h",pool="wages",instance="c"}': 400}
    expected = [(WHOLE.idle_share("1h"), {"{}": 0.5}), (WHOLE.idle("1h"), {'{pool="wages"}': 50})]
    assert evaluated(both, expected, tmp_path / "test.yml") == ""


def test_a_partition_that_is_old_in_one_installation_is_not_hidden_by_another_s(tmp_path: Path) -> None:
    """Both have a calls-0; that of the second is of 200, 100 s ago."""
    both = SERIES | {'callcost_share_timestamp_seconds{job="staging",source="calls-0",instance="c"}': 200}
    assert evaluated(both, [(pipeline.oldest_figures(), {"{}": 100})], tmp_path / "test.yml") == ""


def test_where_hours_hardly_differ_the_band_is_a_twentieth(tmp_path: Path) -> None:
    """450 for 300 calls are 1.5 usually; 4 times 0.01 is less than 5 % of it, which is 0.075."""
    calm = {name: 0.01 if "sigma" in name else value for name, value in SERIES.items() if "outbound" not in name}
    expr = f"round(({WHOLE.upper_bound()}) * 1e6) / 1e6"
    assert evaluated(calm, [(expr, {'{direction="inbound"}': 1.575})], tmp_path / "test.yml") == ""


@pytest.mark.parametrize(
    "expr",
    [
        WHOLE.standard_per_call("1h"),
        WHOLE.absorbed_per_call("1h"),
        WHOLE.change(),
        WHOLE.moved(),
        WHOLE.moved_between(),
    ],
)
def test_without_calls_there_is_no_ratio_and_not_nan(expr: str, tmp_path: Path) -> None:
    none = ("window_calls", "window_cost", "company_calls")
    quiet = {name: 0 if any(one in name for one in none) else value for name, value in SERIES.items()}
    assert evaluated(quiet, [(expr, {})], tmp_path / "test.yml") == ""


def test_while_a_worker_is_away_absorbed_cost_is_divided_by_its_calls_too(tmp_path: Path) -> None:
    """Only a answers: of 20 calls for 100 it has 10, but of a queue it knows no calls of others: 65 for 10 of sales."""
    away = {name: value for name, value in SERIES.items() if 'instance="b"' not in name}
    expected = [
        (WHOLE.calls("1h"), {"{}": 10}),
        (WHOLE.absorbed_per_call("1h"), {"{}": 5}),
        (WHOLE.idle("1h"), {'{pool="wages"}': 50}),
        (SEGMENTS.absorbed_per_call("1h", "queue"), {'{queue="sales"}': 6.5}),
    ]
    assert evaluated(away, expected, tmp_path / "test.yml") == ""


def test_a_figure_that_is_off_is_found(tmp_path: Path) -> None:
    assert "exp:" in evaluated(SERIES, [(WHOLE.calls("1h"), {"{}": 21})], tmp_path / "test.yml")


def test_one_queue_alone(tmp_path: Path) -> None:
    """With queue=support chosen: 15 for 5 calls."""
    expr = substituted(SEGMENTS.standard_per_call("1h"), ALL | {"queue": "support"})
    assert evaluated(SERIES, [(expr, {"{}": 3})], tmp_path / "test.yml") == ""


def test_the_band_that_is_drawn_is_the_one_that_pages() -> None:
    drawn = (figures.SIGMAS, figures.LEAST_BAND)
    assert drawn == (SIGMAS, LEAST_BAND)
