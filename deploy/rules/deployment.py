"""What differs from one company to the next: the currency, the dimensions of segments, and where pages are.

Owns these parameters and what follows from them in a rule's text. Knows no rule.
"""

from dataclasses import dataclass

from grafana.panels import PANELS


@dataclass(frozen=True, slots=True)
class Deployment:
    """As in the rate table and the settings of the workers, and the addresses that alerts link to."""

    currency: str = "usd"  # of the rate table, as in the names of metrics
    dimensions: tuple[str, ...] = ("direction", "queue", "site")  # [fold] dimensions
    job: str = "callcost"  # of the scrape configuration
    runbooks: str = "https://callcost.example/docs/runbooks"
    grafana: str = "https://grafana.example"

    def __post_init__(self) -> None:
        if self.dimensions[:1] != ("direction",):
            raise ValueError(f"dimensions: found {self.dimensions}, expected direction first")
        if not self.currency.isalpha() or len(self.currency) != 3:
            raise ValueError(f"currency: found {self.currency!r}, expected three letters")

    @property
    def money(self) -> str:
        """The currency in the name of a metric."""
        return self.currency.lower()

    @property
    def code(self) -> str:
        """The currency as people read it."""
        return self.currency.upper()

    @property
    def segment(self) -> str:
        """The labels of a segment, to sum by or to match on."""
        return ", ".join(self.dimensions)

    def runbook_url(self, alert: str) -> str:
        """The page that says what to do."""
        return f"{self.runbooks.rstrip('/')}/{alert}.md"

    def dashboard_url(self, panel: str, variables: tuple[str, ...] = ()) -> str:
        """A panel, with the variables of its dashboard set to the alert's labels."""
        chosen = "".join(f"&var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in variables)
        return self.grafana.rstrip("/") + PANELS[panel].path + chosen
