"""How commands end that cannot do their work: a message on standard error that says what to do, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from consumer.rates.problems import RateTableInvalid
from consumer.settings import SettingsInvalid
from consumer.sources.broken import SourceBroken

FAILED, INVALID, NOT_ALL_COSTED = 1, 2, 3

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """End the command with a message for people."""
    errors.print(message, style="red", markup=False)
    raise typer.Exit(code)


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn what is wrong with the world or with what the user wrote into a message and an exit code."""
    try:
        yield
    except SettingsInvalid as error:
        fail(f"settings:\n{error}", INVALID)
    except RateTableInvalid as error:
        fail(str(error), INVALID)
    except SourceBroken as error:
        fail(str(error), FAILED)
