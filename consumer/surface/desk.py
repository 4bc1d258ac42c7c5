"""What the surface asks of a worker. Everything that is served of figures goes through this."""

from collections.abc import Sequence
from typing import Protocol

from consumer.core.budgets import BudgetReading
from consumer.core.comparison import Comparison, Question
from consumer.core.reading import Reading
from consumer.surface.status import Status


class Desk(Protocol):
    """The answers of one worker."""

    async def reading(self, by: tuple[str, ...] | None = None, *, segment_quantiles: bool = True) -> Reading:
        """All live windows as of now; `by`: fewer dimensions, direction first. Raises NoFigures.

        Without `segment_quantiles` only directions and the whole have quantiles, which takes half the time.
        """

    async def why(self, asked: Question) -> tuple[Reading, Comparison]:
        """What was read, and why cost per call moved. Raises NoFigures, and ValueError."""

    async def budgets(self) -> tuple[Reading, Sequence[BudgetReading], Sequence[str]]:
        """What was read, budgets as of now, and why nothing is said of others. Raises NoFigures."""

    def status(self) -> Status:
        """How far the figures can be trusted now."""

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """The text for Prometheus and its content type."""
