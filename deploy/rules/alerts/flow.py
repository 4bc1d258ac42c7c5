"""Whether figures are of now: events come in, are folded as they come, and every partition has a worker."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert

#: Last week, at this time of day, so many events came in 15 minutes. Were they to come by chance at that mean, none in
#: 15 minutes would be one case in 20 000.
USUAL_EVENTS = 10
#: The baseline holds up to 32 hours (two hours of 16 days): at least 10 calls an hour.
USUAL_CALLS = 320
#: The last hour's baseline touches the hour before, so a centre is known to be shut an hour after its last call.
SILENCE_S, LONG_SILENCE_S = 900, 4_200
#: Ten seconds of folding one by one (docs/measurements.md); a backlog that falls is no trouble.
MANY_BEHIND = 10_000
MUCH_UNREAD_BYTES = 5_000_000
#: Watermarks follow events within out_of_orderness_s, a minute unless set otherwise.
WATERMARK_BEHIND_S = 7_200
#: Workers tell of a partition every few seconds, and restore one within minutes.
OLD_SHARE_S = 120
#: Windows are read at the time of the scrape.
OLD_FIGURES_S = 120
MANY_REBALANCES = 6


def flow_alerts(_: Deployment) -> tuple[Alert, ...]:
    """From the senders to the figures."""
    return (_no_events(), *_behind(), _watermark(), _share(), _gap(), _rebalances(), _figures())


def _no_events() -> Alert:
    """Season-aware in two ways, since neither is enough.

    Prometheus's own past says within 17 minutes that events are missing, at opening and closing time as well, but needs
    a week of it. The baseline is there from the start, knows the local calendar, and covers two hours and all days with
    the same shifts: so it is asked for long silences alone, and not where last week was quiet too.
    """
    age, events = "job:callcost_last_event_age_seconds:min", "job:callcost_received:increase15m"
    baseline = "job:callcost_baseline_calls:sum"
    return Alert(
        name="CallcostNoEvents",
        severity="critical",
        area="flow",
        about="events",
        expr=f"""
            (
              {age} > {SILENCE_S}
              and on (job) {events} == 0
              and on (job) ({events} offset 1w) >= {USUAL_EVENTS}
              and on (job) {baseline} > 0
            )
            or
            (
              {age} > {LONG_SILENCE_S}
              and on (job) {baseline} >= {USUAL_CALLS}
              and on (job) ({baseline} offset 30m) >= {USUAL_CALLS}
              unless on (job) ({events} offset 1w) == 0
            )
            """,
        lasting="5m",
        keep="5m",
        summary="No call came for {{ $value | humanizeDuration }}, at an hour at which calls come",
        description="""
            Windows empty themselves and look calm. Either nobody calls, or a sender, its way to us, or the worker's
            source is broken. A public holiday that no calendar of the rate table has looks the same: then silence it
            for the day.""",
        panel="freshness",
    )


def _behind() -> tuple[Alert, ...]:
    return (
        Alert(
            name="CallcostBehind",
            severity="warning",
            area="flow",
            about="behind",
            expr=f"""
                job:callcost_records_behind:sum > {MANY_BEHIND}
                  and on (job) deriv(job:callcost_records_behind:sum[10m]) >= 0
                """,
            lasting="15m",
            keep="5m",
            summary="{{ $value | printf `%.0f` }} records wait to be folded, and they do not get fewer",
            description="""
                Events come faster than they are folded, or a worker is stuck. Figures are as old as the backlog is
                long; on a single machine posts are refused from 200 000 on.""",
            panel="lag",
        ),
        Alert(
            name="CallcostSourceBehind",
            severity="warning",
            area="flow",
            about="source_behind",
            expr=f"""
                job_source:callcost_source_lag_bytes:max > {MUCH_UNREAD_BYTES}
                  and on (job, source) deriv(job_source:callcost_source_lag_bytes:max[10m]) >= 0
                """,
            lasting="15m",
            keep="5m",
            summary="{{ $value | humanize1024 }}B of {{ $labels.source }} are not read, and they do not get less",
            description="The followed file grows faster than it is read, or reading it waits for the disk.",
            panel="lag",
        ),
    )


def _watermark() -> Alert:
    return Alert(
        name="CallcostWatermarkStuck",
        severity="warning",
        area="flow",
        about="watermark",
        expr=f"""
            max by (job) (callcost_last_event_timestamp_seconds)
              - on (job) min by (job) (callcost_watermark_timestamp_seconds)
              > {WATERMARK_BEHIND_S}
              and on (job) job:callcost_received:increase15m > 0
            """,
        lasting="15m",
        keep="5m",
        summary="Event time stands {{ $value | humanizeDuration }} behind the newest call",
        description="""
            Calls that wait for the rest of their events are costed late. On Kafka a partition stands still: no call
            falls to it, or its worker is stuck.""",
        panel="freshness",
    )


def _share() -> Alert:
    return Alert(
        name="CallcostShareStale",
        severity="critical",
        area="flow",
        about="share",
        expr=f"job_source:callcost_share_age_seconds:min > {OLD_SHARE_S}",
        lasting="10m",
        keep="5m",
        summary="The figures of {{ $labels.source }} are {{ $value | humanizeDuration }} old: nobody folds it",
        description="""
            A partition has no worker, or its worker is stuck. What lies in it is missing from the sums of windows;
            calls are not lost, and are counted when a worker takes it.""",
        panel="kafka_oldest_share",
    )


def _gap() -> Alert:
    return Alert(
        name="CallcostSourceGap",
        severity="warning",
        area="flow",
        about="gap",
        expr="max by (job, source) (callcost_source_gap) == 1",
        keep="15m",
        summary="Records of {{ $labels.source }} were gone before they were read: calls may be missing",
        description="""
            The log and /api/status say which. It stays until the process is started anew. Calls that were never read
            are in no figure, unless their platform sends them again.""",
        panel="source_gap",
    )


def _rebalances() -> Alert:
    return Alert(
        name="CallcostRebalanceStorm",
        severity="warning",
        area="flow",
        about="rebalances",
        expr=f"max by (job) (increase(callcost_rebalances_total[30m])) > {MANY_REBALANCES}",
        lasting="5m",
        keep="15m",
        summary="Partitions were handed out {{ $value | printf `%.0f` }} times within 30 minutes",
        description="""
            Each time partitions are restored, and figures stand still. A worker comes and goes: it is killed for its
            memory, fails its probe, or is too slow to be heard within session_timeout_s.""",
        panel="kafka_rebalances",
    )


def _figures() -> Alert:
    return Alert(
        name="CallcostFiguresOld",
        severity="warning",
        area="flow",
        about="figures_old",
        expr=f"""
            time() - max by (job, instance) (callcost_read_timestamp_seconds) > {OLD_FIGURES_S}
              or max by (job, instance) (callcost_read_timestamp_seconds) - time() > {OLD_FIGURES_S}
            """,
        lasting="5m",
        keep="5m",
        summary="{{ $labels.instance }}: the figures are of {{ $value | humanizeDuration }} before or after now",
        description="""
            Windows are read at the time of the scrape, so either the clock of the worker or that of Prometheus is
            wrong, or something between them serves an old answer. Windows end at the worker's clock.""",
        panel="freshness",
    )
