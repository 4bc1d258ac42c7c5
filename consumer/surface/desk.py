"""What the surface asks of a worker. Everything that is served of figures goes through this."""

from collections.abc import Sequence
from typing import Protocol

from consumer.core.budgets import BudgetReading
from consumer.core.comparison import Comparison, Question
from consumer.core.outlook import Outlook
from consumer.core.reading import Reading
from consumer.surface.status import Status


class Desk(Protocol):
    """The answers of one worker."""

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        """All live windows as of now; `by`: fewer dimensions, direction first. Raises NoFigures."""

    async def overview(self) -> tuple[Reading, Outlook]:
        """What the live page shows: segments have no quantiles. Raises NoFigures."""

    async def why(self, asked: Question) -> tuple[Reading, Comparison]:
        """What was read, and why cost per call moved. Raises NoFigures, and ValueError."""

    async def budgets(self) -> tuple[Reading, Sequence[BudgetReading], Sequence[str]]:
        """What was read, budgets as of now, and why nothing is said of others. Raises NoFigures."""

    def status(self) -> Status:
        """How far the figures can be trusted now."""

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """The text for Prometheus and its content type."""
