"""`callcost run`: the worker."""

from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.failures import failing_clearly
from consumer.cli.serving import log_to_stderr, serve
from consumer.settings import load_settings


def run(
    config: Annotated[Path, typer.Option("-c", "--config", help="Settings.")] = Path("callcost.toml"),
) -> None:
    """The worker: takes calls in, keeps them safe, and serves what they cost.

    Example: callcost run -c callcost.toml
    """
    log_to_stderr()
    with failing_clearly():
        serve(load_settings(config))
