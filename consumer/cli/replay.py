"""`callcost replay`: what recorded calls cost."""

import json
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console

from consumer.cli.failures import INVALID, NOT_ALL_COSTED, errors, failing_clearly
from consumer.cli.inputs import (
    Files,
    Host,
    Platform,
    Rates,
    Zone,
    batches,
    decoder_of,
    dimensions_of,
    form_of,
    instant,
    no_call,
)  # fmt: skip
from consumer.core.instants import DAY_MS, HOUR_MS
from consumer.core.intake import Rejected
from consumer.core.reading import Reading
from consumer.core.replay import Replay
from consumer.rates.load import load_rates
from consumer.sources.files import Places
from consumer.surface.report_csv import reading_csv
from consumer.surface.report_json import reading_json
from consumer.surface.report_table import print_reading

_SHOWN = 20  # rejections


def replay(
    files: Files,
    rates: Rates,
    platform: Platform = "callcost",
    as_of: Annotated[
        str | None, typer.Option(help="Read as of this instant, RFC 3339; default the last call's end.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="With --to: adds the window `range`.")] = None,
    to: Annotated[str | None, typer.Option(help="With --from: the end of `range`, exclusive.")] = None,
    by: Annotated[str, typer.Option(help="Dimensions of segments, direction first.")] = "direction,queue,site",
    format_: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="How figures are shown.")
    ] = "table",
    strict: Annotated[bool, typer.Option(help="Exit 3 if any event was rejected or unrated.")] = False,
    horizon: Annotated[
        str | None, typer.Option(help="Forget calls after so long, such as 7d or 24h, to bound memory.")
    ] = None,
    zone: Zone = None,
    host: Host = "",
) -> None:
    """What recorded calls cost.

    Example: callcost replay -r rates.toml -p asterisk-csv Master.csv
    """
    if (from_ is None) != (to is None):
        raise typer.BadParameter("--from and --to come together", param_hint="--from")
    start, end = instant(from_, "--from"), instant(to, "--to")
    if start is not None and end is not None and start >= end:
        raise typer.BadParameter(f"found {from_} to {to}, expected --from before --to", param_hint="--from")
    with failing_clearly():
        table, form = load_rates(rates), form_of(platform, files)
        asked = Replay.of(
            table, decoder_of(form, table, zone, host), instant(as_of, "--as-of"), start, end,
            dimensions=dimensions_of(by), horizon_ms=_horizon(horizon),
        )  # fmt: skip
        places, rejected = Places(), _Rejections()
        for batch in batches(files, form, places):
            rejected.show(asked.pipeline.feed(batch), places)
        rejected.show(asked.pipeline.finish(), places)
        rejected.summarize()
    reading = asked.read()
    _print(reading, format_)
    if not asked.has_call:
        said = no_call(platform, files) if asked.has_record else "no call: nothing to read"
        errors.print(said, style="red" if asked.has_record else "yellow", markup=False)
    counts = reading.counts
    if strict and (counts.rejected or counts.unrated):
        raise typer.Exit(NOT_ALL_COSTED)
    if asked.has_record and not asked.has_call:
        raise typer.Exit(INVALID)


def _print(reading: Reading, form: str) -> None:
    """The report. For people there is none without windows."""
    if form == "json":
        json.dump(reading_json(reading), sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
    elif form == "csv":
        sys.stdout.write(reading_csv(reading))
    elif reading.windows:
        print_reading(reading, Console(highlight=False, width=None if sys.stdout.isatty() else 100))


def _horizon(text: str | None) -> int | None:
    units = {"h": HOUR_MS, "d": DAY_MS}
    if text is None:
        return None
    if not text[:-1].isdecimal() or text[-1:] not in units or int(text[:-1]) == 0:
        raise typer.BadParameter(f"found {text!r}, expected such as 24h or 7d", param_hint="--horizon")
    return int(text[:-1]) * units[text[-1]]


class _Rejections:
    """Shows the first rejections with their places, and counts the others."""

    def __init__(self) -> None:
        self._number = 0

    def show(self, rejected: list[Rejected], places: Places) -> None:
        for one in rejected:
            self._number += 1
            if self._number <= _SHOWN:
                errors.print(f"{places.of(one.offset)}: rejected, {one.rejection}", style="yellow", markup=False)

    def summarize(self) -> None:
        if self._number > _SHOWN:
            errors.print(f"and {self._number - _SHOWN:,} more rejected", style="yellow", markup=False)
