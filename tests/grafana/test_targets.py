"""What every target of a Prometheus has, `up` and the like, is shown of workers alone.

Worker a answers. Worker b did until minute 5, and Prometheus, which scrapes itself, answers too.
"""

from pathlib import Path

import pytest

from grafana.queries import Query, queries
from tests.grafana.promtool import evaluated
from tests.grafana.selectors import selectors

pytestmark = pytest.mark.promtool

A, B, OTHER = (
    f'job="{job}",instance="{instance}"'
    for job, instance in (("callcost", "a"), ("callcost", "b"), ("prometheus", "localhost:9090"))
)

#: Every 15 seconds for 10 minutes.
GIVEN = {
    f"up{{{A}}}": "1x40",
    f"up{{{B}}}": "1x20 0x20",
    f"up{{{OTHER}}}": "1x40",
    f'callcost_build_info{{{A},version="1"}}': "1x40",
    f'callcost_build_info{{{B},version="1"}}': "1x20 stale",
    f"callcost_series_limit{{{A}}}": "20000x40",
    **{
        f"{name}{{{target}}}": values
        for target in (A, OTHER)
        for name, values in (
            ("scrape_samples_scraped", "500x40"),
            ("scrape_duration_seconds", "0.25x40"),
            ("process_resident_memory_bytes", "3000000x40"),
            ("process_cpu_seconds_total", "0+7.5x40"),
            ("process_open_fds", "32x40"),
            ("process_max_fds", "1024x40"),
        )
    },
}

#: At 10 minutes, by panel: 7.5 s of 15 are half a core, 32 ÷ 1024 and 500 ÷ 20 000.
SHOWN = {
    "target": {'{instance="a"}': 1.0, '{instance="b"}': 0.0},
    "memory": {'{instance="a"}': 3_000_000.0},
    "processor": {'{instance="a"}': 0.5},
    "open_files": {'{instance="a"}': 0.03125},
    "series": {'{instance="a"}': 0.025},
    "scrape": {'{instance="a"}': 0.25},
}


def of_any_target() -> dict[str, Query]:
    """Queries of metrics that are not ours, by panel."""
    return {
        query.name: query
        for query in queries()
        if any(not one.metric.startswith(("callcost_", "ALERTS")) for one in selectors(query.expr))
    }


def test_these_panels_show_what_every_target_has() -> None:
    assert of_any_target().keys() == SHOWN.keys()


@pytest.mark.parametrize("name", SHOWN)
def test_workers_alone_are_shown_also_one_that_is_down(name: str, tmp_path: Path) -> None:
    assert evaluated(GIVEN, {"10m": [(of_any_target()[name].expr, SHOWN[name])]}, tmp_path / "test.yml") == ""
