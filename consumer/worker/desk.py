"""What the surface asks of a worker: readings, the state of the machine, metrics. Owns where each comes from."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

from consumer.core.costing import COMPONENTS
from consumer.core.counts import Counts
from consumer.core.pipeline import Pipeline
from consumer.core.reading import Reading
from consumer.core.windows import spans
from consumer.home.embedded.home import EmbeddedHome
from consumer.settings import Settings
from consumer.sources.webhooks import Webhooks
from consumer.surface.metrics import (
    Observation,
    PipelineCollector,
    PipelineState,
    StartingCollector,
    registry_of,
    render,
)
from consumer.surface.status import NoFigures, Status
from consumer.worker.followed_file import FollowedFile
from consumer.worker.rates_in_use import RatesInUse

VERSION = version("callcost")


class WorkerDesk:
    """The answers of one worker."""

    def __init__(
        self, settings: Settings, home: EmbeddedHome, rates: RatesInUse, webhooks: Webhooks,
        file: FollowedFile | None, clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._most_series, self._home, self._rates, self._webhooks = settings.http.most_series, home, rates, webhooks
        self._file, self._clock = file, clock

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        """All live windows as of now; `by`: fewer dimensions."""
        self._need_figures()
        return await self._home.read(lambda pipeline: _read(pipeline, self._clock(), by))

    def status(self) -> Status:
        """How far the figures can be trusted now."""
        pipeline, state, rates = self._home.pipeline, self._home.state, self._rates
        watermark = pipeline.watermark if pipeline is not None and pipeline.watermark.has_begun else None
        return Status(
            version=VERSION,
            as_of_ms=self._clock(),
            not_ready=self._not_ready(),
            troubles=tuple(self._troubles()),
            last_event_ms=watermark.highest_ms if watermark else None,
            watermark_ms=watermark.instant_ms if watermark else None,
            events_behind=self._home.behind,
            checkpoint_ms=state.checkpoint_ms,
            table_sha256=rates.table.sha256,
            table_versions=tuple(one.id for one in rates.table.versions),
            table_loaded_ms=rates.loaded_ms,
            table_problems=rates.problems,
            dead_letters=state.dead_letters,
            counts=pipeline.counts if pipeline else Counts(),
        )

    def _need_figures(self) -> None:
        if self._home.pipeline is None:
            raise NoFigures(self._home.state.restoring or "starting")

    def _not_ready(self) -> str | None:
        if self._home.state.restoring is not None or self._file is None:
            return self._home.state.restoring
        return self._file.not_ready

    def _troubles(self) -> list[str]:
        found = [f"calls are refused: {self._home.state.trouble}"] if self._home.state.trouble else []
        if self._file is not None and self._file.tail is not None and self._file.tail.gap:
            found.append(f"{self._file.name}: {self._file.tail.resumed}")
        return found

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """The text for Prometheus and its content type."""
        if self._home.pipeline is None:
            return await asyncio.to_thread(render, registry_of(StartingCollector(self._machinery(), VERSION)), accept)
        seen = await self._home.read(self._observe)
        collector = PipelineCollector(lambda: seen, VERSION, self._most_series)
        return await asyncio.to_thread(render, registry_of(collector), accept)

    def _observe(self, pipeline: Pipeline) -> Observation:
        watermark, settings, segments = pipeline.watermark, pipeline.settings, pipeline.ledger.segments
        state = replace(
            self._machinery(),
            watermark_ms=watermark.instant_ms if watermark.has_begun else None,
            last_event_ms=watermark.highest_ms if watermark.has_begun else None,
            index_entries=len(pipeline.index),
            index_limit=settings.most_entries,
            segments=len(segments.values),
            dimension_values={
                name: len(known) for name, known in zip(settings.dimensions, segments.known, strict=True)
            },
            dimension_values_limit=settings.most_values,
        )
        return Observation(_read(pipeline, self._clock(), None), pipeline.totals, state)

    def _machinery(self) -> PipelineState:
        table, state, tail = self._rates.table, self._home.state, self._file and self._file.tail
        categories = {pool.category for one in table.versions for pool in one.pools}
        return PipelineState(
            components=[name for name in COMPONENTS if name in ("carrier", "fee") or name in categories],
            table_sha256=table.sha256,
            table_versions=[one.id for one in table.versions],
            table_loaded_ms=self._rates.loaded_ms,
            table_problems=len(self._rates.problems),
            source_lag_bytes={self._file.name: tail.lag_bytes} if self._file and tail else {},
            source_gaps={self._file.name: tail.gap} if self._file and tail else {},
            webhook_answers=dict(self._webhooks.answers),
            is_ready=self._not_ready() is None,
            records_behind=self._home.behind,
            checkpoint_ms=state.checkpoint_ms,
            checkpoint_duration_ms=state.checkpoint_duration_ms,
            checkpoint_bytes=state.checkpoint_bytes,
            store_bytes=state.size_bytes,
            store_is_writable=state.trouble is None,
            dead_letters=state.dead_letters,
            dead_letters_dropped=state.dead_letters_dropped,
        )


def _read(pipeline: Pipeline, now_ms: int, by: tuple[str, ...] | None) -> Reading:
    return pipeline.read(now_ms, spans(pipeline.table.calendar, now_ms), by)
