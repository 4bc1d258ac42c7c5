"""`callcost demo`: an invented centre's calls through the worker, for whoever wants to see figures move."""

import asyncio
import itertools
import json
import tempfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live

from consumer.app import Worker, system_clock
from consumer.cli.failures import failing_clearly
from consumer.cli.serving import serve
from consumer.core.instants import DAY_MS, parse_rfc3339
from consumer.samples.calls import Centre, events
from consumer.settings import HttpSection, Settings, SourceSettings
from consumer.surface.report_table import live_report

Event = dict[str, Any]

_REFRESH_S = 1.0
_CENTRE = Centre(duplicate_share=0.02, amended_share=0.3)
_PAST_STEP_MS = 12_000  # five calls a minute during the last day


def demo(
    port: Annotated[int, typer.Option(help="Port of /metrics on loopback; 0 takes a free one.")] = 8080,
    calls_per_minute: Annotated[int, typer.Option(min=1, max=6_000, help="How many calls end in a minute.")] = 60,
    seconds: Annotated[int | None, typer.Option(min=1, help="Stop after so long; default: on Ctrl-C.")] = None,
) -> None:
    """An invented centre: a day of calls, then new ones, their cost in the terminal and on /metrics.

    Example: callcost demo --calls-per-minute 120
    """
    with (
        failing_clearly(),
        tempfile.TemporaryDirectory(prefix="callcost-") as folder,
        as_file(files("consumer.samples")) as samples,
    ):
        path = Path(folder) / "calls.jsonl"
        now_ms = system_clock()
        path.write_bytes(b"".join(_line(event) for event in _told_before(now_ms)))
        settings = Settings.model_construct(
            rates=samples / "rates.toml", source=SourceSettings(path=path), http=HttpSection(port=port)
        )
        worker = Worker.load(settings)
        coming = events(_CENTRE, now_ms + 1, now_ms, 60_000 / calls_per_minute)
        asyncio.run(serve(worker, lambda url: _play(worker, path, coming, seconds, url)))


def _told_before(now_ms: int) -> list[Event]:
    """A day of calls that have ended, and their amendments."""
    told = events(_CENTRE, now_ms, now_ms - DAY_MS, _PAST_STEP_MS)
    return list(itertools.takewhile(lambda event: _ended_ms(event) < now_ms, told))


async def _play(worker: Worker, path: Path, coming: Iterator[Event], seconds: int | None, url: str) -> None:
    """Write each event when its call has ended, and show the figures, every second."""
    until_ms = None if seconds is None else system_clock() + seconds * 1000
    event, console = next(coming), Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=100)
    with path.open("ab", buffering=0) as calls, Live(console=console, auto_refresh=False) as live:
        while until_ms is None or system_clock() < until_ms:
            while _ended_ms(event) <= system_clock():
                calls.write(_line(event))
                event = next(coming)
            shown = Group(live_report(worker.read()), f"{url}/metrics for Prometheus; Ctrl-C ends the demo")
            live.update(shown, refresh=console.is_terminal)
            await asyncio.sleep(_REFRESH_S)
        live.refresh()


def _ended_ms(event: Event) -> int:
    """When an event's call ended; an amendment is told right after its call."""
    return parse_rfc3339(event["ended_at"]) if "ended_at" in event else 0


def _line(event: Event) -> bytes:
    return json.dumps(event).encode() + b"\n"
