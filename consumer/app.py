"""The worker put together: a followed file, its fold, and what is served of it.

The one place that knows which decoder belongs to which platform, and where the clock is read.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from consumer.core.calls import Decoder
from consumer.core.costing import COMPONENTS
from consumer.core.intake import Rejected
from consumer.core.pipeline import Pipeline
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.windows import spans
from consumer.platforms import canonical
from consumer.platforms.asterisk import asterisk_csv, asterisk_custom_csv
from consumer.platforms.cloudevents import cloudevents
from consumer.platforms.kamailio import kamailio
from consumer.rates.load import load_rates
from consumer.settings import Settings
from consumer.sources.tail import FileTail
from consumer.surface.metrics import Observation, PipelineState

log = logging.getLogger("callcost")

Clock = Callable[[], int]  # milliseconds since 1970

_LOGGED_A_BATCH = 20  # rejections; the rest of them is a number


@dataclass(frozen=True, slots=True)
class Format:
    """How a platform's records are framed and decoded."""

    framing: Literal["json", "csv"]
    decoder: Callable[[ZoneInfo, str], Decoder]  # zone of local times, host


FORMATS: dict[str, Format] = {
    "callcost": Format("json", lambda _zone, _host: cloudevents(canonical.decode)),
    "asterisk-csv": Format("csv", asterisk_csv),
    "asterisk-custom-csv": Format("csv", asterisk_custom_csv),
    "kamailio": Format("json", lambda _zone, _host: cloudevents(kamailio())),
}


def system_clock() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class Worker:
    """One followed file and its fold. One task feeds it; whoever reads it does so between two batches."""

    def __init__(self, settings: Settings, table: RateTable, clock: Clock = system_clock) -> None:
        self.settings, self.clock = settings, clock
        self.table_loaded_ms = clock()
        source, form = settings.source, FORMATS[settings.source.platform]
        zone = ZoneInfo(source.zone) if source.zone else table.calendar.zone
        self.tail = FileTail(source.path, form.framing)
        self.pipeline = Pipeline(table, form.decoder(zone, source.host), settings.fold.for_fold())
        self.caught_up = False  # everything that was in the file at the start is folded

    @classmethod
    def load(cls, settings: Settings, clock: Clock = system_clock) -> "Worker":
        """A worker with the settings' rate table. Raises RateTableInvalid."""
        return cls(settings, load_rates(settings.rates), clock)

    def step(self) -> int:
        """Fold in what was written since the last look; how many records that were."""
        records = self.tail.poll(self.clock())
        self._log(self.pipeline.feed(records))
        if not records and not self.caught_up:
            self.caught_up = True
            log.info("%s: read to its end, %d events so far", self.settings.source.path, self.pipeline.counts.received)
        return len(records)

    async def follow(self) -> None:
        """Fold in what is written, for ever. Nothing is kept between runs: the next start reads the file again."""
        log.info("following %s (%s)", self.settings.source.path, self.settings.source.platform)
        while True:
            await asyncio.sleep(0 if self.step() else self.settings.source.poll_s)

    def read(self) -> Reading:
        """All live windows as of now."""
        now_ms = self.clock()
        return self.pipeline.read(now_ms, spans(self.pipeline.table.calendar, now_ms))

    def observe(self) -> Observation:
        """What a scrape shows."""
        pipeline, table, watermark = self.pipeline, self.pipeline.table, self.pipeline.watermark
        settings, segments = self.pipeline.settings, self.pipeline.ledger.segments
        categories = {pool.category for version in table.versions for pool in version.pools}
        state = PipelineState(
            watermark_ms=watermark.instant_ms if watermark.has_begun else None,
            last_event_ms=watermark.highest_ms if watermark.has_begun else None,
            components=[name for name in COMPONENTS if name in ("carrier", "fee") or name in categories],
            table_sha256=table.sha256,
            table_versions=[version.id for version in table.versions],
            table_loaded_ms=self.table_loaded_ms,
            table_load_succeeded=True,
            index_entries=len(pipeline.index),
            index_limit=settings.most_entries,
            segments=len(segments.values),
            dimension_values={
                name: len(known) for name, known in zip(settings.dimensions, segments.known, strict=True)
            },
            dimension_values_limit=settings.most_values,
            source_lag_bytes={str(self.settings.source.path): self.tail.lag_bytes},
        )
        return Observation(self.read(), pipeline.totals, state)

    def not_ready(self) -> str | None:
        """Why the figures are not to be relied on yet."""
        if self.tail.state == "waiting":
            return f"waiting for {self.settings.source.path}: there is no such file"
        return None if self.caught_up else f"reading {self.settings.source.path}: {self.tail.lag_bytes} bytes to go"

    def _log(self, rejected: list[Rejected]) -> None:
        for rejection in rejected[:_LOGGED_A_BATCH]:
            log.warning("record %d of %s: %s", rejection.offset + 1, self.settings.source.path, rejection.rejection)
        if len(rejected) > _LOGGED_A_BATCH:
            log.warning("and %d more rejected", len(rejected) - _LOGGED_A_BATCH)
