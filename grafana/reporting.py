"""What dashboards are made for: the currency that a company reports in, and the dimensions of its segments.

Owns the two parameters of all dashboards. They are those of the rate table (`currency`) and of `[fold] dimensions`.
"""

from dataclasses import dataclass

from grafana.sdk import units

#: Units that Grafana knows, among them those of currencies that it has a sign for.
UNITS = frozenset(value for value in vars(units).values() if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class Reporting:
    """The currency in lower case, as in the names of metrics; the dimensions with the direction first."""

    currency: str = "usd"
    dimensions: tuple[str, ...] = ("direction", "queue", "site")

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isalpha() and self.currency.islower()):
            raise ValueError(f"a currency has three letters in lower case, not {self.currency!r}")
        if self.dimensions[:1] != ("direction",) or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError(f"dimensions are different ones and begin with direction, not {self.dimensions}")

    @property
    def further(self) -> tuple[str, ...]:
        """The dimensions after the direction: set only in windows that have segments."""
        return self.dimensions[1:]

    @property
    def code(self) -> str:
        """The currency as people write it."""
        return self.currency.upper()

    @property
    def unit(self) -> str:
        """Grafana's unit of amounts."""
        signed = f"currency{self.code}"
        return signed if signed in UNITS else f"currency:{self.code} "
