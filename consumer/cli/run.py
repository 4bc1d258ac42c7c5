"""`callcost run`: the worker."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.logging import RichHandler

from consumer.app import Worker
from consumer.cli.failures import errors, failing_clearly
from consumer.cli.serving import serve
from consumer.settings import load_settings


def run(
    config: Annotated[Path, typer.Option("-c", "--config", help="Settings.")] = Path("callcost.toml"),
) -> None:
    """The worker: follows a growing file of calls and serves /metrics.

    Example: callcost run -c callcost.toml
    """
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=errors, show_path=False)]
    )
    with failing_clearly():
        worker = Worker.load(load_settings(config))
        asyncio.run(serve(worker))
