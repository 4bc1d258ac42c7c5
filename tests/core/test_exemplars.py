"""Which call is named for a bucket of the histogram."""

from consumer.core.exemplars import Exemplar, newest
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.platforms.canonical import decode
from tests.core.streams import records, three_hours
from tests.tables import centre


def test_it_is_a_call_that_fell_into_the_bucket() -> None:
    pipeline = Pipeline(centre(), decode, FoldSettings())
    pipeline.feed(records(three_hours(1)))
    exemplars = pipeline.ledger.exemplars
    for direction, totals in pipeline.ledger.totals.directions.items():
        filled = {bucket for bucket, number in enumerate(totals.histogram) if number}
        assert {bucket for of, bucket in exemplars if of == direction} == filled
    assert len({one.call_id for one in exemplars.values()}) == len(exemplars) > 0


def test_of_several_parts_it_is_the_call_that_ended_last() -> None:
    early, late = Exemplar("early", 1, 1_000), Exemplar("late", 2, 2_000)
    for parts in ([early, late], [late, early]):
        assert newest({("inbound", 3): one} for one in parts) == {("inbound", 3): late}
