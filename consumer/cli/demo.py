"""`callcost demo`: an invented centre's calls through a worker, for whoever wants to see figures move."""

import asyncio
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live

from consumer.app import Worker, system_clock
from consumer.cli.failures import failing_clearly
from consumer.cli.receivers import Delivered
from consumer.cli.serving import serve
from consumer.cli.simulate import ScenarioName, tell
from consumer.core.instants import DAY_MS
from consumer.settings import HomeSection, HttpSection, Settings
from consumer.simulator.scenarios import SCENARIOS
from consumer.simulator.simulator import Simulator
from consumer.sources.unavailable import Unavailable
from consumer.surface.report_table import live_report

_REFRESH_S = 1.0
_RETRY_S = 0.05


def demo(
    port: Annotated[int, typer.Option(help="Port of the live page on loopback; 0 takes a free one.")] = 8080,
    calls_per_minute: Annotated[
        float, typer.Option(min=0.1, max=600, help="Calls a minute at the peak of the week.")
    ] = 6.0,
    scenario: Annotated[ScenarioName, typer.Option(help="What happens from now on, for a while.")] = "normal",
    days: Annotated[int, typer.Option(min=0, max=190, help="Days of history that are there at the start.")] = 30,
    seconds: Annotated[int | None, typer.Option(min=1, help="Stop after so long; default: on Ctrl-C.")] = None,
) -> None:
    """An invented centre: a month of its calls, then new ones as they end, on a live page and in the terminal.

    Example: callcost demo --scenario carrier-price
    """
    with (
        failing_clearly(another_address="choose another with --port"),
        tempfile.TemporaryDirectory(prefix="callcost-") as folder,
        as_file(files("consumer.samples")) as samples,
    ):
        settings = Settings.model_construct(
            rates=samples / "rates.toml", home=HomeSection(path=Path(folder) / "demo.db"), http=HttpSection(port=port)
        )
        centre = Simulator(
            peak_calls_per_minute=calls_per_minute, scenario=SCENARIOS[scenario], scenario_from_ms=system_clock()
        )
        serve(settings, lambda worker, url: _play(worker, url, centre, days, seconds))


async def _play(worker: Worker, url: str, centre: Simulator, days: int, seconds: int | None) -> None:
    """Tell the centre's calls to the worker and show the figures, until told to stop or for so many seconds."""
    now_ms = system_clock()
    until_ms = None if seconds is None else now_ms + seconds * 1000
    async with asyncio.TaskGroup() as group:
        showing = group.create_task(_show(worker, url))
        await tell(centre.told(now_ms - days * DAY_MS), _IntoWorker(worker), now_ms, until_ms)
        showing.cancel()


class _IntoWorker:
    """Events into the worker's home, without the way over HTTP."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.delivered = Delivered()

    async def tell(self, event: bytes) -> None:
        """One event."""
        await self.tell_batch([event])

    async def tell_batch(self, batch: Sequence[bytes]) -> None:
        """Several, as soon as there is room for them."""
        while True:
            try:
                await self._worker.home.append("callcost", batch)
            except Unavailable:
                await asyncio.sleep(_RETRY_S)
            else:
                self.delivered.told += len(batch)
                return


async def _show(worker: Worker, url: str) -> None:
    """The figures: in the terminal every second, in anything else the last ones at the end."""
    console = Console(highlight=False)
    if console.is_terminal:
        await _show_live(worker, url, console)
    else:
        await _show_last(worker, url, Console(highlight=False, width=100))


async def _show_live(worker: Worker, url: str, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(Group(live_report(await worker.desk.reading()), _where(url)), refresh=True)
            await asyncio.sleep(_REFRESH_S)


async def _show_last(worker: Worker, url: str, console: Console) -> None:
    console.print(_where(url), soft_wrap=True)
    try:
        await asyncio.Event().wait()  # until the demo ends
    finally:
        console.print(live_report(await worker.desk.reading()))


def _where(url: str) -> str:
    return f"{url} is the live page; Ctrl-C ends the demo"
