"""Three workers of one company: each shows the whole of it, and their metrics add up to the whole."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.home.contract import some_hours
from tests.kafka.broker import Broker
from tests.kafka.company import Company
from tests.worker_process import until

pytestmark = pytest.mark.kafka

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})?$")


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap)
    yield company
    company.dismiss()


def test_each_worker_shows_the_whole_company_and_metrics_add_up_to_it(company: Company) -> None:
    for _ in range(3):
        company.hire()
    company.tell(some_hours())
    until(company.are_up_to_date)
    undisturbed = company.undisturbed()
    assert undisturbed.counts.received == len(some_hours())
    shares = [[one["source"] for one in worker.status()["shares"] if one["own"]] for worker in company.workers]
    assert sorted(chain.from_iterable(shares)) == [f"{company.name}/{number}" for number in range(4)]
    for worker in company.workers:
        undisturbed.assert_shown_by(worker)
    assert_adds_up(company)


def assert_adds_up(company: Company) -> None:
    """`sum` of what is each worker's own, `max` of what all know alike."""
    summed: dict[str, float] = defaultdict(float)
    alike: dict[str, set[float]] = defaultdict(set)
    for worker in company.workers:
        for sample, value in worker.metrics().items():
            found = _SAMPLE.match(sample)
            assert found is not None
            summed[found[1]] += value
            if found[1] in ("callcost_window_absorbed_cost_usd", "callcost_window_accrued_usd") and "day-to" in sample:
                alike[sample].add(round(value, 2))  # accrued between one scrape and the next
    totals = company.undisturbed().totals
    assert summed["callcost_received_total"] == totals.received
    assert summed["callcost_costed_total"] == totals.costed
    assert summed["callcost_duplicates_total"] == totals.duplicates
    assert summed["callcost_amended_total"] == totals.amended
    assert summed["callcost_partitions"] == 4
    assert summed["callcost_restoring_records"] == summed["callcost_source_lag_records"] == 0
    assert summed["callcost_rebalances_total"] >= 3
    assert summed["callcost_store_bytes"] > 1_000
    cost = sum(sum(of.cost_nano.values()) for of in totals.directions.values()) / 1e9
    assert summed["callcost_cost_usd_total"] == pytest.approx(cost, rel=1e-12)
    whole = {
        window["window"]: window
        for window in company.workers[0].get("/api/windows")["windows"]
        if window["segment"] == {} and window["window"].endswith("to-date")
    }
    for name in ("day-to-date", "month-to-date"):
        calls = sum(
            value
            for worker in company.workers
            for sample, value in worker.metrics().items()
            if sample.startswith("callcost_window_calls{") and f'window="{name}"' in sample
        )
        assert calls == whole[name]["calls"]
        absorbed = [
            sum(
                value
                for sample, value in worker.metrics().items()
                if sample.startswith("callcost_window_absorbed_cost_usd{") and f'window="{name}"' in sample
            )
            for worker in company.workers
        ]
        for found in absorbed:
            assert found == pytest.approx(float(whole[name]["absorbed_cost"]), rel=1e-3)
    assert alike
    assert all(max(values) - min(values) <= 0.2 + 0.001 * max(values) for values in alike.values())


def test_the_share_of_a_worker_that_is_gone_stays_in_the_figures_and_grows_old_where_it_is_seen(
    broker: Broker, tmp_path: Path
) -> None:
    """The group waits for it for a minute here; nobody takes its partitions over meanwhile."""
    company = Company(tmp_path, broker.bootstrap, partitions=2, session_timeout_s=60)
    try:
        first, second = company.hire(), company.hire()
        company.tell(some_hours())
        until(company.are_up_to_date)
        undisturbed = company.undisturbed()
        second.kill()
        until(lambda: any("its worker is gone, or stuck" in one for one in first.status()["troubles"]))
        (others,) = [one for one in first.status()["shares"] if not one["own"]]
        assert others["as_of"] < first.status()["as_of"]
        undisturbed.assert_shown_by(first)
        ages = [value for name, value in first.metrics().items() if name.startswith("callcost_share_timestamp_seconds")]
        assert max(ages) - min(ages) > 5  # that of the other is 10 s old, and ours not quite new
    finally:
        company.dismiss()


def test_a_worker_more_than_there_are_partitions_shows_everything_and_takes_over(
    broker: Broker, tmp_path: Path
) -> None:
    company = Company(tmp_path, broker.bootstrap, partitions=1)
    try:
        first, second = company.hire(), company.hire()
        company.tell(some_hours()[:500])
        until(company.are_up_to_date)
        undisturbed = company.undisturbed()
        for worker in (first, second):
            undisturbed.assert_shown_by(worker)
        owner = first if any(one["own"] for one in first.status()["shares"]) else second
        other = second if owner is first else first
        assert owner.stop() == 0
        until(lambda: any(one["own"] for one in other.status()["shares"]))
        company.tell(some_hours()[500:])
        until(company.are_up_to_date)
        company.undisturbed().assert_shown_by(other)
    finally:
        company.dismiss()
