"""Options that several commands share: files of calls, their platform, instants, dimensions.

Owns how they are read from the command line, and what is said when they are not what they should be.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from consumer.cli.failures import errors
from consumer.core.calls import DIMENSIONS, Decoder, SourceRecord
from consumer.core.instants import parse_rfc3339
from consumer.core.rates import RateTable
from consumer.platforms.formats import FORMATS, Format, LocalTimes
from consumer.platforms.guess import guess
from consumer.sources.files import STANDARD_INPUT, Places, beginning_of, known_size, read_files

PLATFORMS = (*FORMATS, "auto")

Rates = Annotated[Path, typer.Option("-r", "--rates", help="The rate table.")]
Platform = Annotated[str, typer.Option("-p", "--platform", help=f"Format of the files: {', '.join(PLATFORMS)}.")]
Zone = Annotated[str | None, typer.Option(help="Time zone of local times (Asterisk); default the rate table's.")]
Host = Annotated[str, typer.Option(help="Name of the PBX, part of its call ids where there are several.")]
Files = Annotated[list[str], typer.Argument(help="Files of calls, .gz too; - is standard input.", show_default=False)]


def form_of(platform: str, files: list[str]) -> Format:
    """The format of a platform; `auto` tells it from the first record of each file, and says so."""
    if platform not in PLATFORMS:
        raise typer.BadParameter(f"found {platform!r}, expected one of {', '.join(PLATFORMS)}", param_hint="-p")
    if platform != "auto":
        return FORMATS[platform]
    if STANDARD_INPUT in files:
        raise typer.BadParameter("standard input can be read only once: name its platform", param_hint="-p")
    guessed = {path: guess(beginning_of(path)) for path in files}
    for path, name in guessed.items():
        if name is None:
            raise typer.BadParameter(f"{path} is of no platform that can be told; name it", param_hint="-p")
        errors.print(f"{path}: taken for {name}", markup=False)
    if len(set(guessed.values())) > 1:
        raise typer.BadParameter("the files are of different platforms: replay them one by one", param_hint="-p")
    return FORMATS[str(next(iter(guessed.values())))]


def no_call(platform: str, files: list[str]) -> str:
    """What to say where no record of the files was a call: of which platform they look, if another can be told."""
    said = ["no call in these files" if platform == "auto" else f"no call in these files; is -p {platform} right?"]
    for path in files:
        if platform != "auto" and Path(path).is_file():  # a pipe can be read only once
            found = guess(beginning_of(path))
            if found not in (None, platform):
                said.append(f"{path} looks like -p {found}")
    return "\n".join(said)


def decoder_of(form: Format, table: RateTable, zone: str | None, host: str) -> Decoder:
    """The decoder, for local times of a zone."""
    try:
        return form.decoder(LocalTimes(ZoneInfo(zone) if zone else table.calendar.zone, host))
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"no time zone {zone!r}, expected a name such as Europe/Athens") from None


def instant(text: str | None, option: str) -> int | None:
    """An RFC 3339 option in milliseconds."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise typer.BadParameter(f"found {text!r}: {error}", param_hint=option) from None


def dimensions_of(text: str) -> tuple[str, ...]:
    """`direction,queue` as a tuple."""
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown or names[0] != "direction" or len(set(names)) < len(names):
        expected = f"different names of {', '.join(DIMENSIONS)}, direction first"
        raise typer.BadParameter(f"found {text!r}, expected {expected}", param_hint="--by")
    return names


def batches(files: list[str], form: Format, places: Places) -> Iterator[list[SourceRecord]]:
    """Batches of the files' records, with a progress bar on a terminal."""
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        read = read_files(files, form.framing, places, lambda number: progress.advance(task, number))
        progress.update(task, total=known_size(files))
        yield from read
