"""What waited for a worker is stored while it is folded, and nothing is late because other partitions are faster."""

import asyncio
import re
from collections.abc import Iterator
from itertools import accumulate, chain
from pathlib import Path
from zlib import crc32

import pytest

from consumer.kafka.keys import call_key
from consumer.platforms import canonical
from tests.home.contract import some_hours
from tests.kafka.broker import Broker
from tests.kafka.chaos import events_of
from tests.kafka.company import Company
from tests.worker_process import until

pytestmark = pytest.mark.kafka

LATENESS_S = 60
SHARES = (0.7, 0.2, 0.1)  # of the backlog, that lie in each partition


def test_a_long_backlog_is_stored_while_it_is_folded(broker: Broker, tmp_path: Path) -> None:
    """A worker that is killed before it has caught up does not begin again."""
    company = Company(tmp_path, broker.bootstrap, partitions=1, checkpoint_s=0.1)
    try:
        worker = company.hire()
        until(lambda: worker.status()["not_ready"] is None)
        assert worker.stop() == 0
        company.tell(events_of(150, seed=3))
        worker.start()
        until(lambda: asyncio.run(company.stored_up_to(0)) > 0)
        assert worker.status()["not_ready"] is not None
        worker.kill()
        worker.start()
        until(company.are_up_to_date)
        gone_on = re.search(rf"{company.name}/0: going on from (\d+)", worker.log.read_text())
        assert gone_on is not None
        assert 0 < int(gone_on[1]) < company.told
        company.undisturbed().assert_shown_by(worker)
    finally:
        company.dismiss()


@pytest.fixture
def company(broker: Broker, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, broker.bootstrap, partitions=len(SHARES), fold=f"allowed_lateness_s = {LATENESS_S}")
    yield company
    company.dismiss()


def dealt(event: bytes) -> int:
    """The partition of an event: all of a contact in one, and in each its share of the contacts."""
    point = crc32(call_key(canonical.decode, event, ()) or b"") / 2**32
    return next(number for number, reach in enumerate(accumulate(SHARES)) if point < reach or reach > 0.999)


def test_in_an_uneven_backlog_nothing_is_late_that_was_not_late_in_its_own_partition(company: Company) -> None:
    worker = company.hire()
    until(lambda: worker.status()["not_ready"] is None)
    assert worker.stop() == 0
    for partition in range(len(SHARES)):
        company.tell([event for event in some_hours() if dealt(event) == partition], partition=partition)
    worker.start()
    until(company.are_up_to_date)
    undisturbed = company.undisturbed()
    undisturbed.assert_shown_by(worker)
    counts = undisturbed.counts
    assert worker.status()["counts"]["late"] == counts.late
    # One partition after the other, as if they were one source: what this backlog would come to without event times
    # of each partition's own.
    in_a_row = list(chain.from_iterable(undisturbed.records.values()))
    mixed = undisturbed.folded([record._replace(offset=at) for at, record in enumerate(in_a_row)]).counts
    assert mixed.received == counts.received
    assert mixed.late > counts.received * 0.1 > counts.late
