"""A reading for people: what became of the events, all windows, and the longest one by segment and by pool.

Owns the choice of what is shown and the rounding for the eye (4 decimals, half-up); exact figures are in the JSON.
Fits 100 columns; where numbers are too long for that they go on in the next line and are never cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consumer.core.calls import REASONS
from consumer.core.counts import UNRATED_REASONS, Counts
from consumer.core.instants import format_ms
from consumer.core.money import divide_half_up
from consumer.core.reading import Figures, Reading, WindowReading

MOST_SEGMENTS = 25  # shown one by one, the costliest first; the others are one line
_NONE = "–"
_FOOTNOTE = (
    "direct: carrier and fees. standard: direct, and pools at their capacity cost rates. absorbed: direct, and all that "
    "pools accrued, used or idle.\nRounded to 4 decimals; --format json has the exact figures."
)


def reading_report(reading: Reading) -> RenderableType:
    """Everything, to be printed on one console."""
    longest = max(reading.windows, key=lambda window: (_whole(window).calls > 0, window.to_ms - window.from_ms))
    span = f"{longest.window} ({_instant(longest.from_ms)} to {_instant(longest.to_ms)})"
    versions = ", ".join(reading.versions)
    return Group(
        Text.assemble(
            (f"What calls cost in {reading.currency}", "bold"), f", as of {_instant(reading.as_of_ms)}\n",
            f"rate table {versions} (sha256 {reading.table_sha256[:12]})\n",
        ),
        _equation(reading.counts),
        _doubts(reading.counts, reading.currency),
        _windows_table(reading.windows),
        _segments_table(f"{span}, by {', '.join(reading.dimensions)}", longest, len(reading.dimensions)),
        *([_pools_table(f"{span}, pools", longest)] if longest.pools else []),
        Text(_FOOTNOTE, "dim"),
    )  # fmt: skip


def _equation(counts: Counts) -> Text:
    """The counts, so that everybody can see that they add up."""
    parts = {
        "costed": counts.costed, "unrated": sum(counts.unrated.values()), "rejected": sum(counts.rejected.values()),
        "duplicates": counts.duplicates, "amended": counts.amended, "late": counts.late, "pending": counts.pending,
    }  # fmt: skip
    return Text(f"{counts.received:,} received = " + " + ".join(f"{number:,} {name}" for name, number in parts.items()))


def _doubts(counts: Counts, currency: str) -> RenderableType:
    """What the costs below leave out, in words; a line a kind."""
    doubts = list(_doubt_lines(counts, currency))
    if not doubts:
        return Text("Nothing is in doubt.\n", "green")
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(justify="right", style="bold yellow")
    lines.add_column()
    for number, words in doubts:
        lines.add_row(f"{number:,}", words)
    return Group(lines, Text())


def _doubt_lines(counts: Counts, currency: str) -> Iterator[tuple[int, str]]:
    if counts.unrated:
        yield sum(counts.unrated.values()), f"unrated, in no cost: {_reasons(counts.unrated, UNRATED_REASONS)}"
    if counts.rejected:
        yield sum(counts.rejected.values()), f"rejected, no calls: {_reasons(counts.rejected, REASONS)}"
    if counts.late:
        yield counts.late, f"late, in no window: {_money(counts.late_cost_nano)} {currency} at standard"
    if counts.pending:
        yield counts.pending, "pending: versions that wait for the rest of their call, in no cost yet"
    if counts.unknown_keys:
        yield counts.unknown_keys, "unknown keys in the records, ignored"


def _reasons(numbers: Mapping[str, int], reasons: Sequence[str]) -> str:
    return ", ".join(f"{numbers[reason]:,} {reason}" for reason in reasons if numbers.get(reason))


class _Line(NamedTuple):
    """A row as it is shown."""

    names: tuple[str, ...]
    calls: int
    unrated: int
    standard_nano: int
    absorbed_nano: int
    p95_nano: int | None

    @classmethod
    def of(cls, names: tuple[str, ...], figures: Figures) -> "_Line":
        return cls(
            names, figures.calls, figures.unrated, figures.standard_nano, figures.absorbed_nano, figures.p95_nano
        )

    def cells(self, with_unrated: bool) -> list[str]:
        unrated = [_number(self.unrated)] if with_unrated else []
        per_call = [_per_call(self.standard_nano, self.calls), _per_call(self.absorbed_nano, self.calls)]
        return [
            _number(self.calls), *unrated, *per_call, _money(self.p95_nano),
            _money(self.standard_nano), _money(self.absorbed_nano),
        ]  # fmt: skip


def _windows_table(windows: Sequence[WindowReading]) -> Table:
    """The whole, a row a window."""
    has_unrated = any(_whole(window).unrated for window in windows)
    table = _table("All calls", ["window"], _headings(has_unrated, "direct\nper call"))
    for window in windows:
        whole = _whole(window)
        calls, *cells = _Line.of((window.window,), whole).cells(has_unrated)
        at = 1 if has_unrated else 0
        cells.insert(at, _per_call(whole.direct_nano, whole.calls))
        table.add_row(window.window, calls, *cells)
    return table
