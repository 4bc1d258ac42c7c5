"""Whether workers run, are ready, and keep what they have come to."""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert
from deploy.rules.texts import looked_up

#: A checkpoint is stored every 2 s unless checkpoint_s says otherwise.
OLD_CHECKPOINT_S = 300
#: Refusals that a sender sees; 400 is counted as rejected, 200 is well.
REFUSED = "401|408|413|415|503"
MANY_REFUSED = 10


def process_alerts(to: Deployment) -> tuple[Alert, ...]:
    """Who is down, who is not ready, and what cannot be stored."""
    return (_down(to), _worker_down(to), _not_ready(), _checkpoint(), _store(), _refused())


def _down(to: Deployment) -> Alert:
    up = f'up{{job="{to.job}"}}'
    return Alert(
        name="CallcostDown",
        severity="critical",
        area="process",
        about="down",
        expr=f"max by (job) ({up}) == 0 or absent({up})",
        lasting="3m",
        keep="2m",
        summary="No callcost worker answers: there are no figures",
        description="""
            All targets of the job are down, or there is none. On a single machine posts are refused meanwhile and
            senders have to send again; on Kafka calls wait in their topic.""",
        panel="target",
    )


def _worker_down(to: Deployment) -> Alert:
    return Alert(
        name="CallcostWorkerDown",
        severity="warning",
        area="process",
        about="down",
        expr=f'max by (job, instance) (up{{job="{to.job}"}}) == 0',
        lasting="5m",
        keep="2m",
        summary="Worker {{ $labels.instance }} does not answer",
        description="The others take its partitions after session_timeout_s and have the more to do.",
        panel="target",
    )


def _not_ready() -> Alert:
    return Alert(
        name="CallcostNotReady",
        severity="critical",
        area="process",
        about="ready",
        expr="max by (job, instance) (callcost_ready) == 0",
        lasting="15m",
        keep="2m",
        summary="Worker {{ $labels.instance }} has been restoring for a quarter of an hour",
        description=f"""
            Its figures are not whole. {_to_restore()} records are still to be read again. /readyz of the worker says
            what it waits for.""",
        panel="ready",
    )


def _to_restore() -> str:
    of_worker = "{job=$job, instance=$instance}"
    return looked_up(
        f"max(callcost_restoring_records{of_worker}) or max(callcost_records_behind{of_worker})", "printf `%.0f`"
    )


def _checkpoint() -> Alert:
    """On a single machine nothing is stored while nothing comes in."""
    return Alert(
        name="CallcostCheckpointOld",
        severity="warning",
        area="process",
        about="checkpoint",
        expr=f"""
            time() - max by (job, instance) (callcost_checkpoint_timestamp_seconds) > {OLD_CHECKPOINT_S}
              and on (job, instance) max by (job, instance) (changes(callcost_received_total[5m])) > 0
            """,
        lasting="5m",
        keep="5m",
        summary="Worker {{ $labels.instance }} has stored nothing for {{ $value | humanizeDuration }}",
        description="""
            No call is lost. The next start, or the worker that takes its partitions over, reads all of that again
            before it has figures.""",
        panel="checkpoints",
    )


def _store() -> Alert:
    return Alert(
        name="CallcostStoreNotWritable",
        severity="critical",
        area="process",
        about="store",
        expr="min by (job, instance) (callcost_store_writable) == 0",
        lasting="2m",
        keep="5m",
        summary="Worker {{ $labels.instance }} cannot store: calls are refused, or no checkpoint is stored",
        description="""
            The disk is full or read-only, or the Kafka cluster does not take all that it should. If calls are refused,
            posts are answered 503, and senders that do not send again lose calls.""",
        panel="store",
    )


def _refused() -> Alert:
    return Alert(
        name="CallcostPostsRefused",
        severity="warning",
        area="process",
        about="posts",
        expr=f"""
            sum by (job, platform, code) (increase(callcost_webhook_answers_total{{code=~"{REFUSED}"}}[15m]))
              >= {MANY_REFUSED}
            """,
        lasting="5m",
        keep="10m",
        summary="{{ $value | printf `%.0f` }} posts of {{ $labels.platform }} were answered {{ $labels.code }}",
        description="""
            Within 15 minutes. What was refused was not received and is in no other count. 401: a token or signature
            does not fit. 408, 413, 415: the sender's request is at fault. 503: it could not be stored.""",
        panel="webhooks",
    )
