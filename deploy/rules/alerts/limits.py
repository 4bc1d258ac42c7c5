"""Bounds that keep the worker small, and what is lost when they are reached."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert

#: Of a limit: there is still time to raise it.
NEAR = "0.9"


def limit_alerts(_: Deployment) -> tuple[Alert, ...]:
    """None of these is urgent; all of them go unnoticed otherwise."""
    return (*_dead_letters(), _index(), *_cardinality())


def _dead_letters() -> tuple[Alert, ...]:
    letters = "job:callcost_dead_letters:sum"
    return (
        Alert(
            name="CallcostDeadLetters",
            severity="info",
            area="quality",
            about="dead_letters",
            expr=f"""
                {letters} - max_over_time({letters}[1h] offset 1d) > 0
                  or ({letters} > 0 unless {letters} offset 1d)
                """,
            lasting="1h",
            summary="{{ $value | printf `%.0f` }} dead letters more than a day ago",
            description="""
                Rejected events are kept: callcost deadletter list and show say why, replay costs each once after a
                fix.""",
            panel="dead_letters",
        ),
        Alert(
            name="CallcostDeadLettersDropped",
            severity="warning",
            area="quality",
            about="dead_letters_dropped",
            expr="sum by (job) (increase(callcost_dead_letters_dropped_total[1h])) > 0",
            keep="1h",
            summary="{{ $value | printf `%.0f` }} rejected events were dropped within an hour: there were too many",
            description="""
                The oldest dead letters are gone and can no longer be replayed. Find out what is rejected, or raise
                most_dead_letters and most_dead_letters_mb.""",
            panel="dead_letters",
        ),
    )


def _index() -> Alert:
    return Alert(
        name="CallcostIndexNearLimit",
        severity="warning",
        area="quality",
        about="index",
        expr=f"""
            max by (job, instance) (callcost_index_entries)
              / (max by (job, instance) (callcost_index_entries_limit) > 0)
              > {NEAR}
            """,
        lasting="30m",
        keep="15m",
        summary="Worker {{ $labels.instance }} remembers {{ $value | humanizePercentage }} of the calls that it may",
        description="""
            At the limit the oldest calls are forgotten before horizon_s is over; an amendment or a repetition of one
            is then taken for a new call, and may count twice.""",
        panel="index",
    )


def _cardinality() -> tuple[Alert, ...]:
    return (
        Alert(
            name="CallcostDimensionNearLimit",
            severity="warning",
            area="quality",
            about="cardinality",
            expr=f"""
                max by (job, dimension) (callcost_dimension_values)
                  / on (job) group_left () (max by (job) (callcost_dimension_values_limit) > 0)
                  > {NEAR}
                """,
            lasting="30m",
            keep="15m",
            summary="Dimension {{ $labels.dimension }} has {{ $value | humanizePercentage }} of the values that it may",
            description="""
                Further values are counted together as __other__ and are told apart nowhere. Often something that
                is no name comes in as one: a phone number, a call id.""",
            panel="cardinality",
        ),
        Alert(
            name="CallcostSegmentsFolded",
            severity="warning",
            area="quality",
            about="folded",
            expr="max by (job) (callcost_segments_folded) > 0",
            lasting="30m",
            keep="15m",
            summary="{{ $value }} segments are summed up as __other__ in Prometheus",
            description="""
                A scrape would have more series than callcost_series_limit. Sums are right; these segments cannot be
                seen on dashboards and have no alerts. The live page and /api/windows still have them.""",
            panel="series",
        ),
    )
