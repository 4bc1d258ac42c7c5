"""`callcost deadletter`: rejected events, their reason and their bytes, and another try after a fix."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from consumer.cli.failures import FAILED, fail, failing_clearly
from consumer.cli.report_dead_letters import dead_letter_json, dead_letter_report, dead_letters_report
from consumer.core.calls import Reason
from consumer.home.embedded import dead_letters
from consumer.home.embedded.store import at_work_or_not
from consumer.settings import load_settings

app = typer.Typer(no_args_is_help=True)

Config = Annotated[
    Path, typer.Option("-c", "--config", help="Settings: path of the table home says where the events are.")
]
Form = Annotated[Literal["table", "json"], typer.Option("--format", help="How they are shown.")]
OfReason = Annotated[Reason | None, typer.Option("--reason", help="Only those rejected for this.")]


@contextmanager
def _kept(config: Path, *, to_write: bool = False) -> Iterator[sqlite3.Connection]:
    with failing_clearly():
        settings = load_settings(config)
        with at_work_or_not(settings.home.path) as store, store.transaction() if to_write else store.reading() as found:
            yield found


@app.command("list")
def list_(
    config: Config = Path("callcost.toml"),
    reason: OfReason = None,
    most: Annotated[int, typer.Option(min=1, help="The newest, so many.")] = 50,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those that were replayed too.")] = False,
    format_: Form = "table",
) -> None:
    """Rejected events, the newest last: number, time, platform, record and reason; phone numbers are masked.

    Example: callcost deadletter list -c callcost.toml --reason bad_time
    """
    with _kept(config) as connection:
        found = dead_letters.newest(connection, most, reason, replayed=replayed)
        standing, _ = dead_letters.standing(connection)
    if format_ == "json":
        for letter in found:
            sys.stdout.write(json.dumps(dead_letter_json(letter), ensure_ascii=False) + "\n")
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
        console.print(dead_letters_report(found, standing))


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="As `list` says.", show_default=False)],
    config: Config = Path("callcost.toml"),
    raw: Annotated[bool, typer.Option("--raw", help="Nothing but the bytes, as they came in.")] = False,
    format_: Form = "table",
) -> None:
    """One rejected event: why, and the whole record that it came in, unmasked.

    Example: callcost deadletter show 12 --raw > record.json
    """
    with _kept(config) as connection:
        letter = dead_letters.find(connection, number)
    if letter is None:
        fail(f"dead letter {number} was not found: it may have been dropped; see callcost deadletter list", FAILED)
    if raw:
        sys.stdout.buffer.write(letter.value)
    elif format_ == "json":
        sys.stdout.write(json.dumps(dead_letter_json(letter, whole=True), ensure_ascii=False) + "\n")
    else:
        console = Console(highlight=False, soft_wrap=True)
        console.print(dead_letter_report(letter))


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="As `list` says.", show_default=False)] = None,
    config: Config = Path("callcost.toml"),
    all_: Annotated[bool, typer.Option("--all", help="All, or all of one reason, that were not replayed yet.")] = False,
    reason: OfReason = None,
) -> None:
    """Have rejected events decoded and costed again, each once, by the worker: now, or when it starts.

    What was costed before, such as the other calls of the same array, is a duplicate and counts no second time.

    Example: callcost deadletter replay --all --reason unknown_value
    """
    if bool(numbers) == all_ or (reason is not None and not all_):
        raise typer.BadParameter("name numbers, or --all, or --all --reason REASON")
    with _kept(config, to_write=True) as connection:
        missing = [number for number in numbers or () if dead_letters.find(connection, number) is None]
        asked = 0 if missing else dead_letters.ask(connection, None if all_ else numbers, reason)
    if missing:
        fail(f"not found, nothing is replayed: {', '.join(map(str, missing))}; see callcost deadletter list", FAILED)
    typer.echo(f"{asked:,} to be replayed, by the worker at its next checkpoint or when it starts")
