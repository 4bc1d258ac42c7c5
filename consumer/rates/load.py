"""A rates.toml on the disk, with its decks beside it, to a RateTable."""

from pathlib import Path

from consumer.core.rates import RateTable
from consumer.rates.build import build_rate_table
from consumer.rates.problems import Problem, RateTableInvalid


def load_rates(path: Path) -> RateTable:
    """The table of a file; decks are relative to it. Raises RateTableInvalid with every problem."""
    try:
        text = path.read_bytes()
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        raise RateTableInvalid([Problem(str(path), 0, "", found, "a rate table that can be read")]) from None
    return build_rate_table(str(path), text, lambda deck: (path.parent / deck).read_bytes())
