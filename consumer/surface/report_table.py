"""A reading for people: what became of the events, all windows, and the longest whole one by segment and by pool.

Owns the choice of what is shown, the mark of what is in doubt, and the rounding for the eye (4 decimals, half-up);
exact figures are in the JSON. Fits 100 columns unless amounts are long; no number is cut or broken for want of room.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from consumer.core.calls import REASONS
from consumer.core.counts import UNRATED_REASONS, Counts
from consumer.core.instants import format_ms
from consumer.core.money import divide_half_up
from consumer.core.reading import Figures, Reading, WindowReading

WIDTH = 100  # columns
_NAME_WIDTH = 22  # leaves room for amounts below 100 000
MOST_SEGMENTS = 25  # shown one by one, the costliest first; the others are one line
_NONE = "–"
_DOUBT = "*"  # before a figure, so that decimals stay below one another
_FOOTNOTE = (
    "direct: carrier and fees; standard: direct, and pools at their capacity cost rates;\n"
    "absorbed: direct, and all that pools accrued, used or idle.\n"
    "Rounded to 4 decimals: --format json has the exact figures."
)


def print_reading(reading: Reading, console: Console) -> None:
    """Print all of it. Widens the console to WIDTH, or to what the numbers need."""
    longest = max(
        reading.windows, key=lambda one: (_whole(one).calls > 0, reading.is_whole(one), one.to_ms - one.from_ms)
    )
    span = f"{longest.window}, {_instant(longest.from_ms)} to {_instant(longest.to_ms)}"
    tables = [
        ("All calls, by window", _windows_table(reading)),
        (f"{span}: by {', '.join(reading.dimensions)}", _segments_table(reading, longest)),
    ]
    if longest.pools:
        tables.append((f"{span}: pools", _pools_table(longest)))
    unbounded = console.options.update(max_width=1_000)
    console.width = max(
        console.width, WIDTH, *(Measurement.get(console, unbounded, table).maximum for _, table in tables)
    )
    console.print(Text(f"What calls cost in {reading.currency}, as of {_instant(reading.as_of_ms)}", "bold"))
    console.print(Text(f"Rate table {', '.join(reading.versions)} (sha256 {reading.table_sha256[:12]}).\n"))
    console.print(_equation(reading.counts), _doubts(reading.counts, reading.currency), sep="\n")
    for heading, table in tables:
        notes = _why_doubted(reading) if table is tables[0][1] else ()
        console.print(Text(heading, "bold"), table, *notes, sep="\n")
    console.print(Text(_FOOTNOTE, "dim"))


def live_report(reading: Reading) -> RenderableType:
    """The windows alone, for a terminal that shows them as they move."""
    return Group(
        Text(f"What calls cost in {reading.currency}, as of {_instant(reading.as_of_ms)}", "bold"),
        _equation(reading.counts),
        _doubts(reading.counts, reading.currency),
        _windows_table(reading, without=_TOTALS),
        *_why_doubted(reading),
    )


def _why_doubted(reading: Reading) -> Iterator[Text]:
    """What the mark means, if any figure has it."""
    if reading.known_from_ms is not None and any(_is_doubted(reading, window) for window in reading.windows):
        since = _instant(reading.known_from_ms)
        words = f"doubtful: no call before {since} is known; those since bear what accrued before."
        yield Text(f"{_DOUBT} {words}\n", "yellow")


def _is_doubted(reading: Reading, window: WindowReading) -> bool:
    """Whether the window's calls bear what pools accrued before any call was known."""
    return _whole(window).calls > 0 and not reading.is_whole(window)


def _equation(counts: Counts) -> Text:
    """The counts, so that everybody can see that they add up."""
    parts = {
        "costed": counts.costed, "unrated": sum(counts.unrated.values()), "rejected": sum(counts.rejected.values()),
        "duplicates": counts.duplicates, "amended": counts.amended, "late": counts.late, "pending": counts.pending,
    }  # fmt: skip
    return Text(
        f"{counts.received:,} received\n= " + " + ".join(f"{number:,} {name}" for name, number in parts.items())
    )


def _doubts(counts: Counts, currency: str) -> RenderableType:
    """What the costs below leave out, in words; a line a kind."""
    doubts = list(_doubt_lines(counts, currency))
    if not doubts:
        return Text("Every call is in the costs below.\n")
    lines = Table.grid(padding=(0, 0, 0, 2))
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
    if counts.unconverted_prices:
        yield counts.unconverted_prices, "reported prices left out: no exchange rate for their currency"
    if counts.unknown_keys:
        yield counts.unknown_keys, "unknown keys in the records, ignored"


def _reasons(numbers: Mapping[str, int], reasons: Sequence[str]) -> str:
    return ", ".join(f"{numbers[reason]:,} {reason}" for reason in reasons if numbers.get(reason))


class _Line(NamedTuple):
    """What is shown of a row."""

    calls: int = 0
    unrated: int = 0
    direct_nano: int = 0
    standard_nano: int = 0
    absorbed_nano: int = 0
    p95_nano: int | None = None
    is_doubted: bool = False  # its absorbed cost per call

    @classmethod
    def of(cls, figures: Figures, is_doubted: bool) -> "_Line":
        costs = (figures.direct_nano, figures.standard_nano, figures.absorbed_nano)
        return cls(figures.calls, figures.unrated, *costs, figures.p95_nano, is_doubted)

    def plus(self, other: "_Line") -> "_Line":
        """Both together, which have no quantile."""
        return _Line(
            self.calls + other.calls, self.unrated + other.unrated, self.direct_nano + other.direct_nano,
            self.standard_nano + other.standard_nano, self.absorbed_nano + other.absorbed_nano,
            is_doubted=self.is_doubted,
        )  # fmt: skip

    def cells(self) -> list[str]:
        costs = (self.direct_nano, self.standard_nano, self.absorbed_nano)
        per_call = [divide_half_up(cost, self.calls) if self.calls else None for cost in costs]
        money = [*map(_money, (*per_call, self.p95_nano, self.standard_nano, self.absorbed_nano))]
        if self.is_doubted and self.calls:
            money[2] = _DOUBT + money[2]
        return [f"{self.calls:,}", f"{self.unrated:,}", *money]


_HEADINGS = (
    "calls", "unrated", "direct\nper call", "standard\nper call", "absorbed\nper call", "p95\nstandard",
    "standard\ntotal", "absorbed\ntotal",
)  # fmt: skip
_TOTALS = _HEADINGS[-2:]  # left out where 80 columns must do


def _windows_table(reading: Reading, without: Sequence[str] = ()) -> Table:
    """The whole, a row a window."""
    lines = [(one.window, _Line.of(_whole(one), _is_doubted(reading, one))) for one in reading.windows]
    return _lines_table("window", lines, without=without)


def _segments_table(reading: Reading, window: WindowReading) -> Table:
    """The costliest segments, the others together; then directions, what nobody called for, and the whole."""
    dimensions, is_doubted = len(reading.dimensions), _is_doubted(reading, window)
    segments = [row for row in window.rows if len(row.segment) == dimensions and not row.is_idle]
    segments.sort(key=lambda row: (-row.figures.absorbed_nano, row.segment))
    lines = [(" · ".join(row.segment), _Line.of(row.figures, is_doubted)) for row in segments[:MOST_SEGMENTS]]
    others = [_Line.of(row.figures, is_doubted) for row in segments[MOST_SEGMENTS:]]
    if others:
        lines.append((f"{len(others):,} more segments", reduce(_Line.plus, others)))
    sums = [(f"all {row.segment[0]}", row) for row in window.rows if len(row.segment) == 1 < dimensions]
    sums += [("idle: nobody called", row) for row in window.rows if row.is_idle]
    sums += [("the whole", row) for row in window.rows if not row.segment]
    return _lines_table("segment", lines, [(name, _Line.of(row.figures, is_doubted)) for name, row in sums])


def _lines_table(
    of: str, lines: Sequence[tuple[str, _Line]], sums: Sequence[tuple[str, _Line]] = (), without: Sequence[str] = ()
) -> Table:
    """Lines, and below a rule their sums. The column of unrated calls is there if any has one."""
    shown = [
        number
        for number, heading in enumerate(_HEADINGS)
        if heading not in without and (heading != "unrated" or any(line.unrated for _, line in lines))
    ]
    table = _table(of, [_HEADINGS[number] for number in shown])
    for part in (lines, sums):
        for name, line in part:
            cells = line.cells()
            table.add_row(_printable(name), *(cells[number] for number in shown))
        table.add_section()
    return table


def _pools_table(window: WindowReading) -> Table:
    """What was paid for, and how much of it was used."""
    table = _table("pool", ["accrued", "absorbed\nat standard", "idle", "utilisation"])
    for pool in window.pools:
        amounts = map(_money, (pool.accrued_nano, pool.absorbed_nano, pool.idle_nano))
        table.add_row(_printable(pool.pool), *amounts, _percent(pool.utilisation_thousandths))
    return table


def _table(of: str, headings: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(of, overflow="fold", max_width=_NAME_WIDTH, vertical="bottom")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)  # a number over two lines would be read as two
    return table


def _whole(window: WindowReading) -> Figures:
    return window.rows[-1].figures


def _instant(instant_ms: int) -> str:
    """2026-11-23 10:00:00Z, with milliseconds where there are any."""
    return format_ms(instant_ms).replace("T", " ").replace(".000Z", "Z")


def _money(nano: int | None) -> str:
    """1,234.5678."""
    if nano is None:
        return _NONE
    rounded = divide_half_up(nano, 100_000)
    whole, decimals = divmod(abs(rounded), 10_000)
    return f"{'-' if rounded < 0 else ''}{whole:,}.{decimals:04d}"


def _percent(thousandths: int | None) -> str:
    """87.5 %."""
    if thousandths is None:
        return _NONE
    sign, thousandths = ("-", -thousandths) if thousandths < 0 else ("", thousandths)
    return f"{sign}{thousandths // 10:,}.{thousandths % 10} %"


def _printable(name: str) -> Text:
    """A name from an event, which may hold anything: no markup, and nothing that a terminal obeys."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name))
