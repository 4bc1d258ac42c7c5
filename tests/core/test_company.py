"""Folds of several parts of a source, read together: what one fold of all of it would say."""

import json
from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.company import Summed, read_together
from consumer.core.counts import Totals, sum_of
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.reading import Reading
from consumer.core.slices import live_levels
from consumer.core.windows import Span, spans
from consumer.platforms.canonical import decode
from tests.core.streams import NOON, mad, records, three_hours, well_formed
from tests.tables import centre

WIDE = FoldSettings(levels=live_levels(MINUTE_MS), out_of_orderness_ms=MINUTE_MS, horizon_ms=24 * HOUR_MS)
AS_OF = NOON + 2 * HOUR_MS


def folded(lines: list[bytes], shape: FoldSettings = WIDE) -> Pipeline:
    pipeline = Pipeline(centre(), decode, shape)
    pipeline.feed(records(lines))
    return pipeline


def together(parts: Sequence[Summed], as_of_ms: int, asked: list[Span], by: tuple[str, ...] | None = None) -> Reading:
    return read_together(centre(), WIDE.dimensions, parts, as_of_ms, asked, by)


def figures(read: Reading) -> Reading:
    """All but since when calls are known, which is said to a cell: those of a part that lags are finer."""
    return replace(read, known_from_ms=None)


def by_key(lines: list[bytes], parts: int) -> list[list[bytes]]:
    """Lines as a topic has them in partitions: all of one call in one of them."""
    found: list[list[bytes]] = [[] for _ in range(parts)]
    for line in lines:
        found[crc32(str(json.loads(line)["call_id"]).encode()) % parts].append(line)
    return found


def without_contacts(lines: list[bytes]) -> list[bytes]:
    """Each call a contact of its own, so that a contact's legs are in one part."""
    told = [json.loads(line) for line in lines]
    return [json.dumps({name: value for name, value in one.items() if name != "contact_id"}).encode() for one in told]


@given(well_formed(), st.integers(1, 4))
def test_parts_read_together_are_one_fold_of_all(lines: list[bytes], parts: int) -> None:
    lines = without_contacts(lines)
    whole = folded(lines)
    each = [folded(some).ledger for some in by_key(lines, parts)]
    asked = spans(whole.table.calendar, AS_OF)
    assert figures(together(each, AS_OF, asked)) == figures(whole.read(AS_OF, asked))
    by_direction = together(each, AS_OF, asked, ("direction",))
    assert figures(by_direction) == figures(whole.read(AS_OF, asked, ("direction",)))
    totals = [ledger.totals for ledger in each]
    assert sum_of(Totals, totals) == whole.ledger.totals


@pytest.mark.parametrize("seed", range(5))
def test_parts_whose_time_has_come_less_far_are_no_less_exact(seed: int) -> None:
    """A part that lags has finer cells; the edges of windows are edges of its cells too."""
    lines = without_contacts(three_hours(seed))
    one, other = by_key(lines, 2)
    other = other[: len(other) // 2]
    whole = folded([*one, *other])
    asked = spans(whole.table.calendar, AS_OF)
    each = [folded(one).ledger, folded(other).ledger]
    assert figures(together(each, AS_OF, asked)) == figures(whole.read(AS_OF, asked))
    assert figures(together(each[::-1], AS_OF, asked)) == figures(whole.read(AS_OF, asked))


@given(mad(), mad())
def test_counts_of_parts_keep_the_law(one: list[bytes], other: list[bytes]) -> None:
    read = together([folded(one).ledger, folded(other).ledger], AS_OF, []).counts
    assert read.received == read.accounted() == len(one) + len(other)


def test_reading_together_changes_nothing() -> None:
    each = [folded(some).ledger for some in by_key(without_contacts(three_hours(1)), 3)]
    asked = spans(centre().calendar, AS_OF)
    first = together(each, AS_OF, asked)
    first.counts.costed += 1
    assert together(each, AS_OF, asked).counts.costed == first.counts.costed - 1


def test_folds_of_different_dimensions_cannot_be_together() -> None:
    narrow = folded([], replace(WIDE, dimensions=("direction",)))
    with pytest.raises(ValueError, match="different dimensions"):
        together([folded([]).ledger, narrow.ledger], AS_OF, [])
