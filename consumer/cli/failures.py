"""How commands end that cannot do their work: a message on standard error that says what to do, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from consumer.app import CannotListen
from consumer.home.failures import HomeBroken
from consumer.rates.problems import RateTableInvalid
from consumer.settings import SettingsInvalid
from consumer.sources.broken import SourceBroken
from consumer.sources.unavailable import Unavailable

FAILED, INVALID, NOT_ALL_COSTED = 1, 2, 3

errors = Console(stderr=True, highlight=False, soft_wrap=True)

_KNOWN = (SettingsInvalid, RateTableInvalid, SourceBroken, HomeBroken, Unavailable)


def fail(message: str, code: int) -> NoReturn:
    """End the command with a message for people."""
    errors.print(message, style="red", markup=False)
    raise typer.Exit(code)


@contextmanager
def failing_clearly(another_address: str = "set [http] port, or host") -> Iterator[None]:
    """Turn what is wrong with the world or with what the user wrote into a message and an exit code.

    `another_address` says how a worker is told to listen elsewhere.
    """
    try:
        yield
    except CannotListen as error:
        fail(f"{error}; {another_address}", FAILED)
    except _KNOWN as error:
        _fail_by(error)
    except BaseExceptionGroup as group:  # of the tasks of a worker
        known, unknown = group.split(_KNOWN)
        if known is None or unknown is not None:
            raise
        _fail_by(_first(known))


def _fail_by(error: BaseException) -> NoReturn:
    if isinstance(error, SettingsInvalid):
        fail(f"settings:\n{error}", INVALID)
    fail(str(error), INVALID if isinstance(error, RateTableInvalid) else FAILED)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
