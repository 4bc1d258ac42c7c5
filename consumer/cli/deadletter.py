"""`callcost deadletter`: rejected events, their reason and their bytes, and another try after a fix."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from consumer.app import letters_of_kafka
from consumer.cli.failures import FAILED, fail, failing_clearly
from consumer.cli.report_dead_letters import dead_letter_json, dead_letter_report, dead_letters_report
from consumer.core.calls import Reason
from consumer.home.dead_letter import DeadLetters
from consumer.home.embedded.dead_letters import KeptLetters
from consumer.home.embedded.store import at_work_or_not
from consumer.settings import load_settings

app = typer.Typer(no_args_is_help=True)

Config = Annotated[
    Path, typer.Option("-c", "--config", help="Settings: path of the table home says where the events are.")
]
Form = Annotated[Literal["table", "json"], typer.Option("--format", help="How they are shown.")]
OfReason = Annotated[Reason | None, typer.Option("--reason", help="Only those rejected for this.")]


@contextmanager
def _kept(config: Path, *, to_write: bool = False) -> Iterator[DeadLetters]:
    with failing_clearly():
        settings = load_settings(config)
        if settings.kafka is not None:
            yield letters_of_kafka(settings)
        else:
            path = settings.home.path
            with at_work_or_not(path) as store, store.transaction() if to_write else store.reading() as connection:
                yield KeptLetters(connection)


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
    with _kept(config) as letters:
        found = letters.newest(most, reason, replayed=replayed)
        standing = letters.standing()
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
    with _kept(config) as letters:
        letter = letters.find(number)
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

    On Kafka their records are written to the topics they came from.

    What was costed before, such as the other calls of the same array, is a duplicate and counts no second time.

    Example: callcost deadletter replay --all --reason unknown_value
    """
    if bool(numbers) == all_ or (reason is not None and not all_):
        raise typer.BadParameter("name numbers, or --all, or --all --reason REASON")
    with _kept(config, to_write=True) as letters:
        missing = [number for number in numbers or () if letters.find(number) is None]
        done = "" if missing else letters.replay(None if all_ else numbers, reason)
    if missing:
        fail(f"not found, nothing is replayed: {', '.join(map(str, missing))}; see callcost deadletter list", FAILED)
    typer.echo(done)
