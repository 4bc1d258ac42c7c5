"""What came in, as Prometheus's own engine works it out: partitions move between workers with their counts.

Three partitions begin with 600 000 events each, and each gets 15 every 15 seconds: 3 a second in all. Worker a has the
first two and b the third, until the second goes to b at 10 minutes.
"""

import re
from pathlib import Path

import pytest

from consumer.surface.metric_families import FAMILIES
from grafana.promql import came_in, equals, per_hour, per_minute, per_second, series
from grafana.queries import queries
from tests.grafana.promtool import evaluated
from tests.grafana.selectors import selectors

pytestmark = pytest.mark.promtool

RECEIVED, REJECTED = "callcost_received_total", "callcost_rejected_total"

#: At 10 minutes a partition has 600 000 + 40 × 15 = 600 600, and two have 1 201 200.
MOVES = {
    "a": "1200000+30x39 600600+15x80",
    "b": "600000+15x39 1201200+30x80",
}
#: The same, and b is scraped with what it took over before a is scraped without it.
TOLD_BY_BOTH = {
    "a": "1200000+30x40 600615+15x79",
    "b": "600000+15x39 1201200+30x80",
}
#: Here b needs five minutes (20 scrapes) to restore it; what waited meanwhile is folded with it.
RESTORED = {
    "a": "1200000+30x39 600600+15x80",
    "b": "600000+15x59 1201800+30x60",
}


def of_workers(name: str, values: dict[str, str], *labels: str, job: str = "callcost") -> dict[str, str]:
    """The series of a counter, by worker."""
    return {
        f"{name}{{{','.join((equals('job', job), equals('instance', f'{job}-{worker}'), *labels))}}}": one
        for worker, one in values.items()
    }


#: Every scrape of 9 to 14 minutes.
INSTANTS = [f"{at_s}s" for at_s in range(540, 840, 15)]


def test_what_moves_is_not_new(tmp_path: Path) -> None:
    """3 a second, 180 a minute, 10 800 an hour."""
    shown = [
        (per_second(series(RECEIVED)), {"{}": 3.0}),
        (per_minute(series(RECEIVED)), {"{}": 180.0}),
        (per_hour(series(RECEIVED)), {"{}": 10_800.0}),
    ]
    assert evaluated(of_workers(RECEIVED, MOVES), dict.fromkeys(INSTANTS, shown), tmp_path / "test.yml") == ""


def test_what_two_workers_tell_of_for_a_scrape_is_not_new_either(tmp_path: Path) -> None:
    """The sum at 10 minutes is not known then, so the interval that ends there has a scrape more, 5 × 45 events instead
    of 4 × 45, and the next one a scrape less. Two minutes later, that is at 12 and at 13 minutes."""
    shown = per_minute(series(RECEIVED))
    expected = {at: [(shown, {"{}": 180.0})] for at in INSTANTS}
    expected |= {"720s": [(shown, {"{}": 225.0})], "780s": [(shown, {"{}": 135.0})]}
    assert evaluated(of_workers(RECEIVED, TOLD_BY_BOTH), expected, tmp_path / "test.yml") == ""


def test_what_was_away_while_it_was_restored_is_not_new_when_it_is_back(tmp_path: Path) -> None:
    """At 15 minutes it is back: 1 802 700 in all. When it has been for two minutes it counts, with all that came since
    the sum that counted last, that of 7:45, two minutes before it fell: 1 800 000 + 31 × 45 = 1 801 395, so 1 305 more.
    One interval later it is 180 a minute again.
    """
    shown = came_in(series(RECEIVED))
    expected = {"12m": [(shown, {"{}": 0.0})], "17m": [(shown, {"{}": 1_305.0})], "18m": [(shown, {"{}": 180.0})]}
    assert evaluated(of_workers(RECEIVED, RESTORED), expected, tmp_path / "test.yml") == ""


def test_an_installation_that_begins_anew_hides_nothing_of_another(tmp_path: Path) -> None:
    """By reason: 3 a second of the one; of the other, which lost its store at 10 minutes, nothing."""
    anew = {"c": "5000000x39 0x80"}
    reason = equals("reason", "not_json")
    given = of_workers(REJECTED, MOVES, reason) | of_workers(REJECTED, anew, reason, job="two")
    shown = per_second(series(REJECTED), "reason")
    assert evaluated(given, {"14m": [(shown, {f"{{{reason}}}": 3.0})]}, tmp_path / "test.yml") == ""


def test_no_counter_of_what_happened_is_read_by_rate() -> None:
    """Only what a process counts from its start on is; all others are added up over workers before anything else."""
    of_the_process = {
        "callcost_dead_letters_dropped_total", "callcost_rebalances_total", "callcost_webhook_answers_total",
        "process_cpu_seconds_total",
    }  # fmt: skip
    moving = {f"{one.name_in('usd')}_total" for one in FAMILIES if one.kind == "counter"} - of_the_process
    moving |= {f"{one.name_in('usd')}_bucket" for one in FAMILIES if one.kind == "histogram"}
    asked = list(queries())
    read = [found for query in asked for found in selectors(query.expr)]
    assert {found.metric for found in read if found.function in ("rate", "irate", "increase")} == of_the_process
    assert {found.metric for found in read} & moving >= {RECEIVED, REJECTED}
    for query in asked:
        for found in re.finditer(r"\w+", query.expr):
            if found[0] in moving:
                assert re.search(r"min_over_time\(\(sum by \(job[^)]*\) \($", query.expr[: found.start()]), query
