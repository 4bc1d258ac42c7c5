"""A rates.toml on the disk, with its decks beside it, to a RateTable; and the same from its bytes, kept elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consumer.core.rates import RateTable
from consumer.rates.build import build_rate_table
from consumer.rates.problems import RateTableInvalid
from consumer.toml.problem import Problem


@dataclass(frozen=True, slots=True)
class WrittenRates:
    """A rate table as it was written: the bytes of rates.toml and of each deck that it names."""

    name: str  # of the file, for messages
    text: bytes
    decks: Mapping[str, bytes]

    def build(self) -> RateTable:
        """The table that these bytes are."""
        return build_rate_table(self.name, self.text, self.decks.__getitem__)


def load_rates(path: Path) -> RateTable:
    """The table of a file; decks are relative to it. Raises RateTableInvalid with every problem."""
    return load_written_rates(path)[1]


def load_written_rates(path: Path) -> tuple[WrittenRates, RateTable]:
    """What stands in a file and its decks, and the table it makes. Raises RateTableInvalid with every problem."""
    try:
        text = path.read_bytes()
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        raise RateTableInvalid([Problem(str(path), 0, "", found, "a rate table that can be read")]) from None
    decks: dict[str, bytes] = {}

    def read_deck(name: str) -> bytes:
        decks[name] = (path.parent / name).read_bytes()
        return decks[name]

    table = build_rate_table(str(path), text, read_deck)
    return WrittenRates(str(path), text, decks), table
