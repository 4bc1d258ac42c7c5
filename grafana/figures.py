"""What calls cost, as queries: the figures that several dashboards show, each written once.

Owns the rules of adding up: windows' calls and cost add up over workers and segments; what accrued, absorbed cost and
what it is divided by, baselines and budgets are the same on every worker, so the maximum is taken over workers before
anything is added. It is taken of each installation (`job`) by itself: what is added up over the chosen ones is then
that of all of them.
"""

from dataclasses import dataclass

from grafana.promql import added, alike, chosen, equals, ratio, series, share
from grafana.reporting import Reporting

#: Windows that have segments; in all others only the direction is set.
SEGMENT_WINDOWS = ("1h", "24h", "day-to-date", "month-to-date")
WINDOWS = (
    "5m",
    "15m",
    "1h",
    "8h",
    "24h",
    "7d",
    "30d",
    "day-to-date",
    "week-to-date",
    "month-to-date",
    "quarter-to-date",
)

#: The band around what is usual, as in deploy/rules/recording/expected.py: a test holds the two together.
SIGMAS, LEAST_BAND = 4, "0.05"

#: For whoever reads absorbed cost per call.
IN_DOUBT = (
    "In a window that begins before callcost_calls_known_from_timestamp_seconds it is in doubt: its calls bear what "
    "accrued before any call was known."
)

_DIRECTION = chosen("direction")


@dataclass(frozen=True, slots=True)
class Figures:
    """Queries of one company. `by` names the labels that a result keeps.

    With `segments`, figures are those of all dimensions that are chosen; else of the chosen directions alone.
    """

    reporting: Reporting
    segments: bool = False

    def of_window(self, figure: str, window: str, *by: str, where: tuple[str, ...] = ()) -> str:
        """Calls, seconds, outcomes, cost …: what adds up."""
        return added(self._rows(f"callcost_window_{figure}", window, where), *by)

    def calls(self, window: str, *by: str, where: tuple[str, ...] = ()) -> str:
        """Costed calls."""
        return self.of_window("calls", window, *by, where=where)

    def standard(self, window: str, *by: str, where: tuple[str, ...] = ()) -> str:
        """Cost at standard."""
        return self.of_window(f"cost_{self.reporting.currency}", window, *by, where=where)

    def absorbed(self, window: str, *by: str, where: tuple[str, ...] = ()) -> str:
        """Fully absorbed cost; with all directions chosen, also what accrued while nobody called."""
        rows = self._rows(f"callcost_window_absorbed_cost_{self.reporting.currency}", window, where)
        return added(alike(rows, "job", "window", *self.reporting.dimensions), *by)

    def standard_per_call(self, window: str, *by: str) -> str:
        """Cost at standard a call; nothing without calls."""
        return ratio(self.standard(window, *by), self.calls(window, *by))

    def absorbed_per_call(self, window: str, *by: str) -> str:
        """Fully absorbed cost a call; nothing without calls."""
        return ratio(self.absorbed(window, *by), self.sharing("calls", window, *by))

    def sharing(self, many: str, window: str, *by: str, where: tuple[str, ...] = ()) -> str:
        """Calls, sales or leads that absorbed cost is divided by: of the whole company, as that cost is.

        Of segments only calls of workers that answer are known.
        """
        if self.segments and self.reporting.further:
            return self.of_window(many, window, *by, where=where)
        return added(alike(self._rows(f"callcost_company_{many}", window, where), "job", "window", "direction"), *by)

    def components_per_call(self, window: str) -> str:
        """Cost at standard a call by component: the parts of `standard_per_call`."""
        return share(self.standard(window, "component"), self.calls(window))

    def expected_cost(self, *by: str) -> str:
        """What the calls of the same hours of past days cost."""
        return self._baseline(f"cost_{self.reporting.currency}", by)

    def expected_calls(self, *by: str) -> str:
        """How many they were."""
        return self._baseline("calls", by)

    def expected_per_call(self, *by: str) -> str:
        """What a call of these hours usually costs."""
        return ratio(self.expected_cost(*by), self.expected_calls(*by))

    def upper_bound(self) -> str:
        """By direction: the usual cost a call and SIGMAS standard deviations, or 5 % of it where those are less.

        There the alert on a spike begins: the band of `deploy/rules/recording/expected.py`, which says why it is wider
        where there are fewer calls than in an hour of the baseline. Of several installations the larger sigma counts.
        """
        sigma = alike(series(f"callcost_direction_baseline_sigma_{self.reporting.currency}", _DIRECTION), "direction")
        usual = self.expected_per_call("direction")
        hours = alike(series("callcost_baseline_samples"))
        hourly = f"{self.expected_calls('direction')} / on () group_left () {hours}"
        wider = f"sqrt(clamp_min({hourly} / ({self.calls('1h', 'direction')} > 0), 1))"
        return f"{usual} + ({SIGMAS} * {sigma} * {wider} >= {LEAST_BAND} * {usual} or {LEAST_BAND} * {usual})"

    def change(self) -> str:
        """By how much a call of the last hour costs more than usual."""
        return f"{self.standard_per_call('1h')} - ({self.expected_per_call()})"

    def moved(self) -> str:
        """By effect: the parts of `change` that lie within directions, weighted by calls of the last hour."""
        return share(added(self._moved_of_calls(), "effect"), self.calls("1h"))

    def moved_between(self) -> str:
        """The rest of `change`: calls of one direction, or installation, became more, and those of another fewer."""
        return f"{self.change()} - {added(self.moved())}"

    def moved_by_direction(self, effect: str) -> str:
        """By direction: what an effect did; the effects of a direction add up."""
        return ratio(added(self._moved_of_calls(equals("effect", effect)), "direction"), self.calls("1h", "direction"))

    def _moved_of_calls(self, *where: str) -> str:
        """By installation, direction and effect: what it comes to for the calls of the last hour."""
        rows = series(f"callcost_moved_{self.reporting.currency}", _DIRECTION, *where)
        moved = alike(rows, "job", "direction", "effect")
        return f"{moved} * on (job, direction) group_left () {self.calls('1h', 'job', 'direction')}"

    def excess(self) -> str:
        """By segment: what the calls of the last hour cost more than as many usual ones."""
        by = self.reporting.dimensions
        usual = ratio(self._of_segments(f"cost_{self.reporting.currency}", by), self._of_segments("calls", by))
        return f"{self.standard('1h', *by)} - {self.calls('1h', *by)} * {usual}"

    def accrued(self, window: str) -> str:
        """By pool: what accrued, used or not."""
        return added(self._accrued(window), "pool")

    def used(self, window: str) -> str:
        """By pool: what calls of all workers used of it. Pools without a capacity have none."""
        return added(self._used(window), "pool")

    def idle(self, window: str) -> str:
        """By pool: what accrued and was not used; below 0 where more was used than there is."""
        return added(f"{self._accrued(window)} - {self._used(window)}", "pool")

    def idle_share(self, window: str, *by: str) -> str:
        """The idle part of what accrued in pools with a capacity."""
        both = f"{self._accrued(window)} and on (job, pool) {self._used(window)}"
        return ratio(added(self.idle(window), *by), added(both, *by))

    def _accrued(self, window: str) -> str:
        rows = series(f"callcost_window_accrued_{self.reporting.currency}", equals("window", window))
        return alike(rows, "job", "pool")

    def _used(self, window: str) -> str:
        rows = series(f"callcost_company_absorbed_at_standard_{self.reporting.currency}", equals("window", window))
        return alike(rows, "job", "pool")

    def budget(self, what: str = "") -> str:
        """By installation and budget: `spent`, `projected`, or without a word its amount."""
        name = (
            f"callcost_budget_{what}_{self.reporting.currency}"
            if what
            else f"callcost_budget_{self.reporting.currency}"
        )
        return alike(series(name), "job", "budget")

    def budget_share(self, what: str) -> str:
        """By installation and budget: the part of it that is spent, or will have been."""
        return ratio(self.budget(what), self.budget())

    def budget_elapsed(self) -> str:
        """By installation and budget: the part of its period that is over."""
        start = alike(series("callcost_budget_start_timestamp_seconds"), "job", "budget")
        end = alike(series("callcost_budget_end_timestamp_seconds"), "job", "budget")
        return f"(time() - {start}) / ({end} - {start})"

    def budget_burn(self) -> str:
        """By installation, budget and window: what was spent for what falls to the window; 1 is steady."""
        by = ("job", "budget", "window")
        cost = alike(series(f"callcost_budget_window_cost_{self.reporting.currency}"), *by)
        allotted = alike(series(f"callcost_budget_window_allotted_{self.reporting.currency}"), *by)
        return ratio(cost, allotted)

    def _rows(self, name: str, window: str, where: tuple[str, ...]) -> str:
        return series(name, equals("window", window), *where, *self._chosen())

    def _chosen(self) -> tuple[str, ...]:
        return tuple(map(chosen, self.reporting.dimensions)) if self.segments else (_DIRECTION,)

    def _baseline(self, what: str, by: tuple[str, ...]) -> str:
        """Whole directions have one also where their segments are too rare for one."""
        return self._of_segments(what, by) if self.segments else self._of_directions(what, by)

    def _of_segments(self, what: str, by: tuple[str, ...]) -> str:
        if not self.reporting.further:  # then directions are the segments
            return self._of_directions(what, by)
        rows = series(f"callcost_baseline_{what}", *self._chosen())
        return added(alike(rows, "job", *self.reporting.dimensions), *by)

    @staticmethod
    def _of_directions(what: str, by: tuple[str, ...]) -> str:
        return added(alike(series(f"callcost_direction_baseline_{what}", _DIRECTION), "job", "direction"), *by)
