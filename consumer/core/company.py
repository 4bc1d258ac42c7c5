"""The whole company: folds of several parts of a source, read as if one had folded everything.

Calls of one contact are all in one part, so every figure is a sum, and the sums of the parts add up. Owns what must be
the same in all of them.
"""

from collections.abc import Sequence

from consumer.core.counts import Counts, sum_of
from consumer.core.ledger import Ledger
from consumer.core.reader import Part, read_windows
from consumer.core.reading import Reading
from consumer.core.windows import Span


def read_together(
    ledgers: Sequence[Ledger], as_of_ms: int, asked: Sequence[Span], by: tuple[str, ...] | None = None
) -> Reading:
    """Windows as of an instant over all folds, under the rate table of the first. Changes nothing.

    Raises ValueError where `by` is not different dimensions of these folds that begin with direction.
    """
    first = ledgers[0]
    table, known = first.costing.table, first.segments.dimensions
    if any(ledger.segments.dimensions != known for ledger in ledgers):
        raise ValueError("folds of different dimensions cannot be read together")
    dimensions = by or known
    if dimensions[0] != "direction" or not set(dimensions) <= set(known) or len(set(dimensions)) < len(dimensions):
        expected = f"different names of {', '.join(known)}, direction first"
        raise ValueError(f"found {', '.join(dimensions)}, expected {expected}")
    parts = [Part(ledger.slices, ledger.segments.values) for ledger in ledgers]
    windows = read_windows(table, parts, asked, [known.index(name) for name in dimensions])
    versions = tuple(version.id for version in table.versions)
    counts: Counts = sum_of([ledger.counts for ledger in ledgers])
    return Reading(as_of_ms, table.currency, versions, table.sha256, dimensions, counts, windows)
