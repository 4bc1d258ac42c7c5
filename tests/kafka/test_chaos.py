"""Chaos, in short: tests/kafka/chaos.py and `make chaos` are the long of it."""

from pathlib import Path

import pytest

from tests.kafka.broker import Broker
from tests.kafka.chaos import Chaos, events_of
from tests.kafka.company import Company

pytestmark = pytest.mark.kafka


def test_whatever_is_done_to_workers_and_broker_the_figures_are_those_of_an_undisturbed_fold(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        company = Company(tmp_path / "company", broker.bootstrap, partitions=5)
        chaos = Chaos(company, broker, events_of(120, seed=7), seconds=75, seed=7)
        try:
            undisturbed = chaos.run()
        finally:
            company.dismiss()
    assert undisturbed.counts.costed > 20_000
    assert len(chaos.acts) == 6
