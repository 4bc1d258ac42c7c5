"""A rejected event as people see it, whatever home keeps it, and what can be done with it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from consumer.core.calls import Rejection


class DeadLetter(NamedTuple):
    """A rejected event. `value` is the whole record it came in. state: kept, asked (to be replayed), replayed, gone."""

    number: int
    offset: int
    platform: str
    timestamp_ms: int
    value: bytes
    rejection: Rejection
    state: str
    source: str = ""  # topic/partition, where there are several


class DeadLetters(Protocol):
    """All that are kept."""

    def newest(self, most: int, reason: str | None, *, replayed: bool) -> list[DeadLetter]:
        """The newest, oldest first: of one reason or of all, those that were replayed too or not."""

    def standing(self) -> int:
        """How many were not replayed yet."""

    def find(self, number: int) -> DeadLetter | None:
        """One of them."""

    def replay(self, numbers: Sequence[int] | None, reason: str | None) -> str:
        """Have some replayed (None: all that were not yet), each once; what was done, for people."""
