"""What every home does, whatever keeps it: it takes calls, folds them, and shows what they come to.

The worker knows homes by this alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from consumer.core.counts import Counts
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.share import Share
from consumer.rates.load import WrittenRates

T = TypeVar("T")
Clock = Callable[[], int]  # milliseconds since 1970


class Seen(NamedTuple):
    """All that there are figures of: what this worker folds, and what others told of what they fold."""

    own: Sequence[Pipeline]
    others: Sequence[Share]


@dataclass(frozen=True, slots=True)
class ShareState:
    """How one part of the source stands. All of them together are the whole."""

    source: str  # topic/partition
    is_own: bool
    as_of_ms: int | None  # its figures are as old as this; None: nothing was ever told of it
    behind: int = 0  # records that are in the source and not in the figures; known of our own


@dataclass(slots=True)
class HomeState:
    """How it stands, for those who watch it."""

    restoring: str | None = "opening the file"  # what is being done before figures are complete
    trouble: str | None = None  # why calls are refused
    store_trouble: str | None = None  # why the last attempt to store the state failed: checkpoints, dead letters
    troubles: tuple[str, ...] = ()  # what else an operator should know of
    checkpoint_ms: int | None = None
    checkpoint_duration_ms: int | None = None
    checkpoint_bytes: int = 0  # written with the last one
    dead_letters: int = 0
    dead_letters_dropped: int = 0
    size_bytes: int = 0
    shares: tuple[ShareState, ...] = ()  # of a source in several parts
    gaps: tuple[str, ...] = ()  # parts of the source of which records are gone
    restoring_parts: int | None = None  # how many are being restored; None: it has no parts
    restoring_records: int | None = None  # records that are still to be read again for them
    rebalances: int | None = None  # of parts among workers


class Home(Protocol):
    """One task runs it, another follows it; any task may append."""

    @property
    def state(self) -> HomeState:
        """How it stands now."""

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to read."""

    @property
    def counts(self) -> Counts:
        """What became of all events, those that others folded included."""

    @property
    def last_event_ms(self) -> int | None:
        """The latest end of a call that was seen; None before the first."""

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come in the part that is least far."""

    @property
    def behind(self) -> int:
        """Records that are durable and not folded yet."""

    async def open(self) -> None:
        """From here on records may be taken. Raises HomeBroken."""

    async def restore(self, rates: WrittenRates, table: RateTable) -> None:
        """Bring the fold to where it was, and go on from there with this rate table. Raises HomeBroken."""

    async def append(self, platform: str, values: Sequence[bytes], position: tuple[str, bytes] | None = None) -> None:
        """Make records durable. Raises Unavailable: nothing was taken."""

    async def switch(self, rates: WrittenRates, table: RateTable) -> None:
        """From here on another rate table. Raises Unavailable: the one before stays."""

    def position_of(self, source: str) -> bytes | None:
        """How far a source was read, as it was stored with its last records."""

    async def read(self, look: Callable[[Seen], T]) -> T:
        """Look at all figures between two batches, on a thread."""

    async def run(self) -> None:
        """Write what is appended, until told to stop and nothing waits. Raises HomeBroken."""

    async def follow(self) -> None:
        """Fold, and store a checkpoint now and then, until told to stop. Restore comes first. Raises HomeBroken."""

    def stop(self) -> None:
        """Take nothing more; `run` and `follow` end when what was taken is safe."""

    async def close(self) -> None:
        """After `run` and `follow` have ended: a last checkpoint, and everything is let go of."""

    async def abandon(self) -> None:
        """Let go of everything as it is."""
