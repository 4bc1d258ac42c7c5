"""Whether the figures can be believed: the rate table, calls without a cost, events that are no calls, late calls."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert
from deploy.rules.texts import amount, listed, looked_up

#: A twentieth of the calls without a cost moves every figure; fewer than 30 calls are no share.
MUCH_UNRATED, LEAST_CALLS = "0.05", 30
#: A few a day are wrong numbers; so many in an hour are a prefix, a trunk or a day that the table lacks.
MANY_UNRATED = 10
#: A sender that changed its format rejects nearly all; a single odd event now and then is nobody's business.
SOME_REJECTED, MANY_REJECTED = "0.01", "0.25"
LEAST_REJECTED = 10
#: Late calls are in no window. A hundredth of what the hour cost shows in the figures.
MUCH_LATE, LEAST_LATE = "0.01", 10
#: A table without a new version for a quarter has last year's prices sooner or later.
OLD_TABLE_DAYS = 95


def quality_alerts(to: Deployment) -> tuple[Alert, ...]:
    """What makes figures wrong, and not only old."""
    return (*_rate_table(), *_unrated(), *_rejected(), _late(to))


def _rate_table() -> tuple[Alert, ...]:
    return (
        Alert(
            name="CallcostRateTableRefused",
            severity="warning",
            area="quality",
            about="rate_table",
            expr="min by (job) (callcost_rate_table_load_success) == 0",
            lasting="5m",
            keep="5m",
            summary="A newer rate table is refused; prices of the one before it stay in force",
            description=f"""
                {looked_up("max(callcost_rate_table_problems{job=$job})", "printf `%.0f`")} mistakes in it are in the
                log, on the live page and in /api/status. Calls are costed at the old prices until it is mended.""",
            panel="rate_table",
        ),
        Alert(
            name="CallcostRateTablesDiffer",
            severity="warning",
            area="quality",
            about="rate_tables_differ",
            expr="count by (job) (count by (job, sha256) (callcost_rate_table_info)) > 1",
            lasting="15m",
            keep="5m",
            summary="Workers cost calls by {{ $value }} different rate tables",
            description="""
                A file of the rate table is each worker's own, and not all have the same one. The same call costs one
                amount or another, depending on who takes it.""",
            panel="rate_table",
        ),
        Alert(
            name="CallcostRateTableOld",
            severity="info",
            area="quality",
            about="rate_table_old",
            expr=f"""
                time() - min by (job) (callcost_rate_table_newest_version_timestamp_seconds)
                  > {OLD_TABLE_DAYS} * 86400
                """,
            lasting="1h",
            summary="The newest prices took effect {{ $value | humanizeDuration }} ago: are they still right?",
            description="""
                Nothing is broken. No version of the rate table began since. Compare wages, licences, rents and carrier
                prices with it, and write a new version, even if it is with the same prices.""",
            panel="rate_table",
        ),
    )


def _unrated() -> tuple[Alert, ...]:
    reasons = listed(
        "sort_desc(job_reason:callcost_unrated:increase1h{job=$job} > 0)",
        "{{ $one.Labels.reason }} {{ $one.Value | printf `%.0f` }}",
        "see callcost_unrated_total",
    )
    return (
        Alert(
            name="CallcostUnratedShareHigh",
            severity="critical",
            area="quality",
            about="unrated",
            expr=f"""
                max by (job) (job_window:callcost_unrated:ratio{{window="1h"}}) > {MUCH_UNRATED}
                  and on (job)
                  (
                    job_window:callcost_calls:sum{{window="1h"}} + job_window:callcost_unrated:sum{{window="1h"}}
                  ) >= {LEAST_CALLS}
                """,
            lasting="10m",
            keep="10m",
            summary="{{ $value | humanizePercentage }} of the calls of the last hour have no cost",
            description=f"""
                Every figure is of the other calls, and totals are too low by that much. The rate table has no price
                for them. New ones of the last hour, by reason: {reasons}.""",
            panel="unrated",
        ),
        Alert(
            name="CallcostUnratedCalls",
            severity="warning",
            area="quality",
            about="unrated",
            expr=f'max by (job) (job_window:callcost_unrated:sum{{window="1h"}}) >= {MANY_UNRATED}',
            lasting="10m",
            keep="10m",
            summary="{{ $value }} calls of the last hour have no cost",
            description=f"""
                They are in no figure but this one. The rate table has no price for them. New ones of the last hour, by
                reason: {reasons}.""",
            panel="unrated",
        ),
    )


def _rejected() -> tuple[Alert, ...]:
    def expr(share: str) -> str:
        return f"""
            job:callcost_rejected:ratio15m > {share}
              and on (job) job:callcost_rejected:increase15m >= {LEAST_REJECTED}
            """

    reasons = listed(
        "sort_desc(job_reason:callcost_rejected:increase15m{job=$job} > 0)",
        "{{ $one.Labels.reason }} {{ $one.Value | printf `%.0f` }}",
        "see callcost_rejected_total",
    )
    return (
        Alert(
            name="CallcostRejectsMany",
            severity="critical",
            area="quality",
            about="rejects",
            expr=expr(MANY_REJECTED),
            lasting="5m",
            keep="10m",
            summary="{{ $value | humanizePercentage }} of the events of the last 15 minutes are rejected",
            description=f"""
                Their calls are in no figure. Most likely a sender changed its format. By reason: {reasons}. They are
                kept as dead letters and can be replayed after a fix.""",
            panel="rejects",
        ),
        Alert(
            name="CallcostRejects",
            severity="warning",
            area="quality",
            about="rejects",
            expr=expr(SOME_REJECTED),
            lasting="15m",
            keep="15m",
            summary="{{ $value | humanizePercentage }} of the events of the last 15 minutes are rejected",
            description=f"""
                Their calls are in no figure. By reason: {reasons}. They are kept as dead letters and can be replayed
                after a fix.""",
            panel="rejects",
        ),
    )


def _late(to: Deployment) -> Alert:
    late, cost = f"job:callcost_late_cost_{to.money}:increase1h", f"job_window:callcost_cost_{to.money}:sum"
    calls = looked_up("job:callcost_late_calls:increase1h{job=$job}", "printf `%.0f`")
    return Alert(
        name="CallcostLateCost",
        severity="warning",
        area="quality",
        about="late",
        expr=f"""
            {late}
              > on (job) {MUCH_LATE} * {cost}{{window="1h"}}
              and on (job) job:callcost_late_calls:increase1h >= {LEAST_LATE}
            """,
        lasting="10m",
        keep="15m",
        summary="Calls for {{ $value | " + amount(to.code) + " }} came too late for any window within an hour",
        description=f"""
            {calls} calls ended longer before the watermark than allowed_lateness_s. Their cost is in
            callcost_late_cost_{to.money}_total and in no window, so windows show too little.""",
        panel="late",
    )
