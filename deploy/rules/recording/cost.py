"""What calls cost: sums and cost per call of windows, whole, by direction and segment; handle time; outcomes."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Group, Recording

#: The windows that have segments (consumer/surface/metric_windows.py); the others have directions alone.
SEGMENT_WINDOWS = ("1h", "24h", "day-to-date", "month-to-date")
_OUTBOUND = '{direction="outbound"}'


def cost(to: Deployment) -> Group:
    """Sums first, then ratios of them."""
    return Group("callcost-cost", (*_sums(to), *_per_call(to), *_of_segments(to), *_handle_time(), *_outcomes(to)))


def _sums(to: Deployment) -> list[Recording]:
    return [
        rule
        for level, by in (("job_window", "job, window"), ("job_window_direction", "job, window, direction"))
        for rule in (
            Recording(f"{level}:callcost_calls:sum", f"sum by ({by}) (callcost_window_calls)"),
            Recording(f"{level}:callcost_cost_{to.money}:sum", f"sum by ({by}) (callcost_window_cost_{to.money})"),
            Recording(
                f"{level}:callcost_absorbed_cost_{to.money}:sum",
                f"sum by ({by}) (max by (job, window, {to.segment}) (callcost_window_absorbed_cost_{to.money}))",
            ),
            Recording(f"{level}:callcost_company_calls:sum", f"sum by ({by}) ({_company('calls')})"),
        )
    ]


def _company(many: str, where: str = "") -> str:
    """Calls, sales or leads of all partitions, as absorbed cost is: also of those that no worker has at the moment."""
    return f"max by (job, window, direction) (callcost_company_{many}{where})"


def _per_call(to: Deployment) -> list[Recording]:
    return [
        Recording(
            f"{level}:callcost_{cost}_per_call_{to.money}:ratio",
            f"{level}:callcost_{cost}_{to.money}:sum / ({level}:callcost_{calls}:sum > 0)",
        )
        for level in ("job_window", "job_window_direction")
        for cost, calls in (("cost", "calls"), ("absorbed_cost", "company_calls"))
    ]


def _of_segments(to: Deployment) -> list[Recording]:
    by = f"job, window, {to.segment}"
    windows = f'window=~"{"|".join(SEGMENT_WINDOWS)}"'
    calls = f"sum by ({by}) (callcost_window_calls{{{windows}}})"
    return [
        Recording("job_window_segment:callcost_calls:sum", calls),
        Recording(
            f"job_window_segment:callcost_cost_per_call_{to.money}:ratio",
            f"sum by ({by}) (callcost_window_cost_{to.money}{{{windows}}})\n"
            "/ (job_window_segment:callcost_calls:sum > 0)",
        ),
        Recording(
            f"job_window_segment:callcost_absorbed_cost_per_call_{to.money}:ratio",
            f"max by ({by}) (callcost_window_absorbed_cost_{to.money}{{{windows}}})\n"
            "/ (job_window_segment:callcost_calls:sum > 0)",
        ),
    ]


def _handle_time() -> list[Recording]:
    return [
        Recording(
            f"{level}:callcost_handled_seconds_per_call:ratio",
            f"sum by ({by}) (callcost_window_handled_seconds) / ({level}:callcost_calls:sum > 0)",
        )
        for level, by in (("job_window", "job, window"), ("job_window_direction", "job, window, direction"))
    ]


def _outcomes(to: Deployment) -> list[Recording]:
    """What a sale and a lead cost: all outbound calls, those that sold nothing as well, over those that did."""
    return [
        Recording(
            f"job_window:callcost_outbound_{cost}_per_{outcome}_{to.money}:ratio",
            f"sum by (job, window) (job_window_direction:callcost_{cost}_{to.money}:sum{_OUTBOUND})\n"
            f"/ (sum by (job, window) ({brought}) > 0)",
        )
        for outcome in ("sale", "lead")
        for cost, brought in (
            ("cost", f"callcost_window_{outcome}s{_OUTBOUND}"),
            ("absorbed_cost", _company(f"{outcome}s", _OUTBOUND)),
        )
    ]
