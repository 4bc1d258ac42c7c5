"""`callcost check`: all that is wrong with settings, rate tables and files of calls, each with its place."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.failures import INVALID, NOT_ALL_COSTED, errors, failing_clearly
from consumer.cli.inputs import Host, Platform, Zone, batches, decoder_of, form_of, no_call
from consumer.core.rates import RateTable
from consumer.core.replay import Replay
from consumer.platforms.formats import Format
from consumer.rates.build import build_rate_table
from consumer.rates.load import load_written_rates
from consumer.rates.problems import RateTableInvalid
from consumer.rates.warnings import warnings_of
from consumer.settings import Settings, SettingsInvalid, WrittenSettings, check_at_hand, load_settings
from consumer.sources.files import Places


def check(
    files: Annotated[list[str] | None, typer.Argument(help="Files of calls.", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option("-c", "--config", help="Settings.")] = None,
    rates: Annotated[Path | None, typer.Option("-r", "--rates", help="A rate table; default the settings'.")] = None,
    platform: Platform = "callcost",
    strict: Annotated[bool, typer.Option(help="Exit 3 if any event was rejected or unrated.")] = False,
    zone: Zone = None,
    host: Host = "",
) -> None:
    """Everything that is wrong with settings, a rate table and files of calls, with file and line.

    Example: callcost check -c callcost.toml -r rates.toml -p asterisk-csv Master.csv
    """
    if not (files or config or rates):
        raise typer.BadParameter("nothing to check: name settings (-c), a rate table (-r) or files")
    settings, settings_valid = _settings(config)
    table, table_valid = _table(rates or (settings.rates if settings else None))
    not_costed, files_valid = 0, True
    if files:
        with failing_clearly():
            not_costed, files_valid = _check_files(files, form_of(platform, files), table, zone, host)
    if not files_valid:
        errors.print(no_call(platform, files or []), style="red", markup=False)
    if not (settings_valid and table_valid):
        raise typer.Exit(INVALID)
    if strict and not_costed:
        raise typer.Exit(NOT_ALL_COSTED)
    if not files_valid:
        raise typer.Exit(INVALID)


def _settings(path: Path | None) -> tuple[Settings | None, bool]:
    if path is None:
        return None, True
    try:
        settings = load_settings(path)
    except SettingsInvalid as error:
        errors.print(str(error), style="red", markup=False)
        return None, False
    mistakes, written = list(_not_at_hand(settings)), WrittenSettings.read(path)
    for mistake in mistakes:
        errors.print(written.placed(mistake), style="red", markup=False)
    if not mistakes:
        typer.echo(f"{path}: valid")
    return settings, not mistakes


def _not_at_hand(settings: Settings) -> Iterator[str]:
    """What the settings name on this machine and `run` could not use."""
    looks: list[Callable[[], object]] = [partial(check_at_hand, settings)]
    if settings.kafka is not None:
        from consumer.kafka.connection import connection_of  # noqa: PLC0415 - not for those who have no Kafka

        looks.append(partial(connection_of, settings.kafka))  # its certificates and secrets
    for look in looks:
        try:
            look()
        except SettingsInvalid as error:
            yield from str(error).splitlines()


def _table(path: Path | None) -> tuple[RateTable | None, bool]:
    if path is None:
        return None, True
    try:
        written, table = load_written_rates(path)
    except RateTableInvalid as error:
        errors.print(str(error), style="red", markup=False)
        return None, False
    typer.echo(
        f"{path}: valid, versions {', '.join(version.id for version in table.versions)}, sha256 {table.sha256[:12]}"
    )
    for warning in warnings_of(written):
        errors.print(f"warning: {warning}", style="yellow", markup=False)
    return table, True


def _check_files(
    files: list[str], form: Format, table: RateTable | None, zone: str | None, host: str
) -> tuple[int, bool]:
    """Decode, merge and, with a rate table, cost every event; each that is not costed is shown or counted.

    How many were not costed, and whether any record was a call, if there were records.
    """
    used = table or _empty_table()
    replay = Replay.of(used, decoder_of(form, used, zone, host))
    places = Places()
    for batch in batches(files, form, places):
        for one in replay.pipeline.feed(batch):
            errors.print(f"{places.of(one.offset)}: {one.rejection}", style="yellow", markup=False)
    for one in replay.pipeline.finish():
        errors.print(f"{places.of(one.offset)}: {one.rejection}", style="yellow", markup=False)
    counts = replay.pipeline.counts
    rejected, unrated = sum(counts.rejected.values()), sum(counts.unrated.values()) if table else 0
    reasons = f" ({', '.join(f'{number} {reason}' for reason, number in counts.unrated.items())})" if unrated else ""
    costable = "without a rate table nothing is costed" if table is None else f"{unrated:,} unrated{reasons}"
    left_out = f"; {counts.unconverted_prices:,} reported prices without an exchange rate"
    typer.echo(
        f"{counts.received:,} events: {rejected:,} rejected, {counts.duplicates:,} duplicates, "
        f"{counts.amended:,} amended; {costable}{left_out if counts.unconverted_prices else ''}"
    )
    return rejected + unrated, replay.has_call or not replay.has_record


def _no_deck(name: str) -> bytes:
    raise KeyError(name)


def _empty_table() -> RateTable:
    text = b'currency = "XXX"\ntime_zone = "UTC"\n[[version]]\nid = "none"\neffective_from = 1970-01-01\n'
    return build_rate_table("none", text, _no_deck)
