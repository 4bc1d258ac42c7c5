"""Two workers with half of the partitions each, and one that has all: every recording rule says the same of both.

And when one of the two is gone, what is absorbed and what is idle are still what they were.

Scraped are the very exports of workers at one instant of theirs, so that nothing differs but who has what.
"""

import contextlib
import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar, cast
from zlib import crc32

import pytest

import consumer.samples
from consumer.core.calls import SourceRecord
from consumer.core.counts import Counts, sum_of
from consumer.core.instants import DAY_MS, parse_rfc3339
from consumer.core.pipeline import Pipeline
from consumer.core.share import Share
from consumer.home.home import Home, HomeState, Seen
from consumer.kafka.keys import call_key
from consumer.platforms.canonical import decode
from consumer.settings import Settings, load_settings
from consumer.simulator.simulator import Simulator
from consumer.sources.webhooks import Webhooks
from consumer.worker.desk import WorkerDesk
from consumer.worker.rates_in_use import RatesFile, RatesInUse
from deploy.rules.deployment import Deployment
from deploy.rules.files import RECORDING, rules
from tests.stack.servers import Prometheus
from tests.stack.soon import write_soon
from tests.worker_process import until

pytestmark = pytest.mark.prometheus
T = TypeVar("T")
RATES = Path(consumer.samples.__file__).parent / "rates.toml"
NOW = parse_rfc3339("2026-11-25T10:30:00Z")  # a Wednesday, noon and a half in Athens
DAYS, PARTITIONS = 9, 4


class StillHome:
    """What one worker has folded, and what the others told of theirs, at rest."""

    state = HomeState(restoring=None)
    has_figures, behind = True, 0

    def __init__(self, own: Sequence[Pipeline], others: Sequence[Pipeline]) -> None:
        self._own = own
        self._seen = Seen(own, [cast(Share, one.ledger) for one in others])
        self.counts = sum_of(Counts, [one.counts for one in (*own, *others)])
        self.watermark_ms = min(one.watermark.instant_ms for one in own)
        self.last_event_ms = max(one.last_ended_ms or 0 for one in own)

    async def read(self, look: Callable[[Seen], T]) -> T:
        return look(self._seen)


@pytest.fixture(scope="module")
def partitions(tmp_path_factory: pytest.TempPathFactory) -> list[Pipeline]:
    """A centre's nine days, each contact in one of four partitions."""
    folder = tmp_path_factory.mktemp("settings")
    settings = settings_in(folder)
    records: list[list[SourceRecord]] = [[] for _ in range(PARTITIONS)]
    for one in Simulator(peak_calls_per_minute=12.0).told(NOW - DAYS * DAY_MS):
        if one.told_ms >= NOW:
            break
        into = records[crc32(call_key(decode, one.event, ())) % PARTITIONS]
        into.append(SourceRecord(len(into), one.event, (), one.told_ms))
    table = RatesInUse(RatesFile(RATES), 60, lambda: NOW).table
    pipelines = []
    for some in records:
        pipelines.append(Pipeline(table, decode, settings.fold.for_fold()))
        for first in range(0, len(some), 2_000):
            pipelines[-1].feed(some[first : first + 2_000])
    return pipelines


def settings_in(folder: Path) -> Settings:
    (folder / "callcost.toml").write_text(f'rates = "{RATES}"\n')
    return load_settings(folder / "callcost.toml")


async def exported(folder: Path, own: Sequence[Pipeline], others: Sequence[Pipeline]) -> bytes:
    """What a worker with these partitions exports."""
    webhooks = cast(Webhooks, type("NoWebhooks", (), {"answers": {}}))
    rates = RatesInUse(RatesFile(RATES), 60, lambda: NOW)
    home = cast(Home, StillHome(own, others))
    text, _ = await WorkerDesk(settings_in(folder), home, rates, webhooks, None, lambda: NOW).metrics("")
    return text


@pytest.fixture
def served() -> Iterator[Callable[[bytes], str]]:
    """Serves a text as /metrics; where."""
    servers: list[ThreadingHTTPServer] = []

    def serve(text: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever).start()
        return f"127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def recorded(prometheus: Prometheus, job: str) -> set[str]:
    """The rules that have data of a job."""
    return {one["metric"]["__name__"] for one in prometheus.query(f'{{__name__=~".+:.+", job="{job}"}}')}


def differing(prometheus: Prometheus, names: Sequence[str], other: str = "two") -> list[str]:
    """The rules that do not say the same of job `one` and another, or nothing at all though they should."""
    found = []
    for name in sorted(set(names)):
        by_job: dict[str, dict[str, float]] = defaultdict(dict)
        for sample in prometheus.query(f'{{__name__="{name}"}}'):
            labels = {key: value for key, value in sample["metric"].items() if key != "job"}
            by_job[sample["metric"]["job"]][str(sorted(labels.items()))] = float(sample["value"][1])
        one, two = by_job["one"], by_job[other]
        is_same = one.keys() == two.keys() and all(
            math.isclose(value, two[labels], rel_tol=1e-9, abs_tol=1e-9) for labels, value in one.items()
        )  # NaN is close to nothing
        if not is_same or bool(one) == (name in WITHOUT_DATA):
            found.append(name)
    return found


#: What these exports do not show; and why.
WITHOUT_DATA = {
    "job_source:callcost_source_lag_bytes:max": "no file is followed",
    "job_source:callcost_share_age_seconds:min": "only Kafka has shares",
    "job:callcost_rejected:ratio15m": "nothing comes in, so there is no denominator",
}


#: Divided by, or subtracted from, the calls of the whole company.
OF_THE_COMPANY = (
    "job_window:callcost_absorbed_cost_usd:sum",
    "job_window:callcost_absorbed_cost_per_call_usd:ratio",
    "job_window_direction:callcost_absorbed_cost_per_call_usd:ratio",
    "job_window:callcost_outbound_absorbed_cost_per_sale_usd:ratio",
    "job_window:callcost_outbound_absorbed_cost_per_lead_usd:ratio",
    "job_window_pool:callcost_idle_usd:difference",
    "job_window:callcost_idle_usd:sum",
    "job_window_pool:callcost_utilisation:ratio",
)


async def test_every_recording_rule_says_the_same_of_two_workers_as_of_one(
    partitions: list[Pipeline], served: Callable[[bytes], str], tmp_path: Path
) -> None:
    one = await exported(tmp_path, partitions, ())
    two = [
        await exported(tmp_path, partitions[:2], partitions[2:]),
        await exported(tmp_path, partitions[2:], partitions[:2]),
    ]
    recording, _ = write_soon(Deployment(), tmp_path / "rules")
    targets = {"one": [served(one)], "two": [served(text) for text in two], "left": [served(two[0])]}
    names = [rule["record"] for group in rules(Deployment())[RECORDING]["groups"] for rule in group["rules"]]
    with Prometheus(tmp_path / "prometheus", targets, [recording]) as prometheus:
        # At first one of two workers is scraped before the other; what is read over time has then to pass.
        with contextlib.suppress(AssertionError):
            until(lambda: not differing(prometheus, names))
        assert differing(prometheus, names) == []
        with contextlib.suppress(AssertionError):
            until(lambda: not differing(prometheus, OF_THE_COMPANY, "left"))
        assert differing(prometheus, OF_THE_COMPANY, "left") == []
        assert "job_window:callcost_calls:sum" in differing(prometheus, names, "left")  # of the one that is left alone
        assert {rule["health"] for rule in prometheus.rules()} == {"ok"}
        assert set(names) - recorded(prometheus, "one") == WITHOUT_DATA.keys()
