"""What the surface asks of a worker: readings, the state of the machine, metrics. Owns where each comes from."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version

from prometheus_client import ProcessCollector

from consumer.core.budgets import BudgetReading, untracked
from consumer.core.company import Summed, beside_the_whole, parts_of, read_together
from consumer.core.comparison import Comparison, Question, answer
from consumer.core.costing import COMPONENTS
from consumer.core.counts import Totals, sum_of
from consumer.core.exemplars import newest
from consumer.core.intervals import Part
from consumer.core.ledger import Ledger
from consumer.core.outlook import Outlook, Watch
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.share import Share
from consumer.core.windows import spans
from consumer.home.home import Home, HomeState, Seen
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
from consumer.surface.status import NoFigures, ShareStatus, Status
from consumer.worker.followed_file import FollowedFile
from consumer.worker.rates_in_use import RatesInUse

VERSION = version("callcost")


class WorkerDesk:
    """The answers of one worker."""

    def __init__(
        self, settings: Settings, home: Home, rates: RatesInUse, webhooks: Webhooks,
        file: FollowedFile | None, clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._most_series, self._home, self._rates, self._webhooks = settings.http.most_series, home, rates, webhooks
        self._limits = settings.fold.for_fold()
        self._file, self._clock = file, clock
        self._watch = Watch(self._limits.dimensions)
        self._process = ProcessCollector(registry=None)

    async def reading(self, by: tuple[str, ...] | None = None) -> Reading:
        """All live windows as of now; `by`: fewer dimensions."""
        self._need_figures()
        return await self._home.read(lambda seen: self._read(_ledgers(seen), seen.others, by, segment_quantiles=True))

    async def overview(self) -> tuple[Reading, Outlook]:
        """What the live page shows, of all parts of the source."""
        self._need_figures()

        def look(seen: Seen) -> tuple[Reading, Outlook]:
            reading, parts, table = self._whole(seen)
            return reading, self._watch.look(table, parts, reading, self._not_ready(self._home.state))

        return await self._home.read(look)

    async def why(self, asked: Question) -> tuple[Reading, Comparison]:
        """Why cost per call moved, over all parts of the source."""
        self._need_figures()

        def look(seen: Seen) -> tuple[Reading, Comparison]:
            reading, parts, table = self._whole(seen)
            return reading, answer(table, parts, reading.as_of_ms, asked)

        return await self._home.read(look)

    async def budgets(self) -> tuple[Reading, Sequence[BudgetReading], Sequence[str]]:
        """Budgets as of now, over all parts of the source."""
        reading, outlook = await self.overview()
        return reading, outlook.budgets, self._untracked()

    def _whole(self, seen: Seen) -> tuple[Reading, list[Part], RateTable]:
        """Everything by all dimensions, and what it was read from."""
        ledgers = _ledgers(seen)
        parts = parts_of(self._limits.dimensions, [*ledgers, *seen.others])
        return self._read(ledgers, seen.others), parts, self._table(ledgers)

    def _untracked(self) -> list[str]:
        found = [untracked(budget, self._limits.dimensions) for budget in self._rates.table.budgets]
        return [why for why in found if why is not None]

    def status(self) -> Status:
        """How far the figures can be trusted now."""
        state, rates = self._home.state, self._rates
        return Status(
            version=VERSION,
            as_of_ms=self._clock(),
            not_ready=self._not_ready(state),
            troubles=tuple(self._troubles(state)),
            last_event_ms=self._home.last_event_ms,
            watermark_ms=self._home.watermark_ms,
            events_behind=self._home.behind,
            checkpoint_ms=state.checkpoint_ms,
            table_sha256=rates.table.sha256,
            table_versions=tuple(one.id for one in rates.table.versions),
            table_loaded_ms=rates.loaded_ms,
            table_problems=rates.problems,
            dead_letters=state.dead_letters,
            counts=self._home.counts,
            shares=tuple(ShareStatus(one.source, one.is_own, one.as_of_ms, one.behind) for one in state.shares),
        )

    def _need_figures(self) -> None:
        if not self._home.has_figures:
            raise NoFigures(self._home.state.restoring or "starting")

    def _not_ready(self, state: HomeState) -> str | None:
        if state.restoring is not None or self._file is None:
            return state.restoring
        return self._file.not_ready

    def _troubles(self, state: HomeState) -> list[str]:
        found = [f"calls are refused: {state.trouble}"] if state.trouble else []
        if state.store_trouble not in (None, state.trouble):
            found.append(f"the state is not stored: {state.store_trouble}")
        found += state.troubles
        found += self._untracked()
        if self._file is not None and self._file.tail is not None and self._file.tail.gap:
            found.append(f"{self._file.name}: {self._file.tail.resumed}")
        return found

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """The text for Prometheus and its content type."""
        if not self._home.has_figures:
            starting = registry_of(StartingCollector(self._machinery(), VERSION), self._process)
            return await asyncio.to_thread(render, starting, accept)
        seen = await self._home.read(self._observe)
        collector = PipelineCollector(lambda: seen, VERSION, self._most_series)
        return await asyncio.to_thread(render, registry_of(collector, self._process), accept)

    def _observe(self, seen: Seen) -> Observation:
        """What adds up over workers is of the worker's own parts; what is absorbed, and idle, is of all parts."""
        ledgers, index, limits = _ledgers(seen), [len(one.index) for one in seen.own], self._limits
        known = [ledger.segments.known for ledger in ledgers] + [share.segments.known for share in seen.others]
        values = [len(set().union(*of_dimension)) for of_dimension in zip(*known, strict=True)]
        state = replace(
            self._machinery(),
            watermark_ms=self._home.watermark_ms,
            last_event_ms=self._home.last_event_ms,
            index_entries=sum(index),
            index_limit=limits.most_entries and limits.most_entries * max(len(index), 1),
            segments=len({segment for ledger in ledgers for segment in ledger.segments.values}),
            dimension_values=dict(zip(limits.dimensions, values, strict=False)),
            dimension_values_limit=limits.most_values,
        )
        reading, totals = self._read(ledgers, ()), sum_of(Totals, [one.totals for one in seen.own])
        whole = reading
        if seen.others:
            whole = self._read(ledgers, seen.others, as_of_ms=reading.as_of_ms)
            reading = beside_the_whole(reading, whole)
        parts = parts_of(limits.dimensions, [*ledgers, *seen.others])
        outlook = self._watch.look(self._table(ledgers), parts, whole, self._not_ready(self._home.state))
        return Observation(reading, totals, state, outlook, newest(ledger.exemplars for ledger in ledgers), whole)

    def _read(
        self,
        ledgers: Sequence[Ledger],
        others: Sequence[Share],
        by: tuple[str, ...] | None = None,
        as_of_ms: int | None = None,
        *,
        segment_quantiles: bool = False,
    ) -> Reading:
        now_ms = self._clock() if as_of_ms is None else as_of_ms
        table = self._table(ledgers)
        asked = spans(table.calendar, now_ms)
        parts: list[Summed] = [*ledgers, *others]
        return read_together(
            table, self._limits.dimensions, parts, now_ms, asked, by, segment_quantiles=segment_quantiles
        )

    def _table(self, ledgers: Sequence[Ledger]) -> RateTable:
        return ledgers[0].costing.table if ledgers else self._rates.table

    def _machinery(self) -> PipelineState:
        table, state, tail = self._rates.table, self._home.state, self._file and self._file.tail
        categories = {pool.category for one in table.versions for pool in one.pools}
        own = [one for one in state.shares if one.is_own]
        gaps = {one.source: False for one in own} | dict.fromkeys(state.gaps, True)
        restoring = state.restoring_parts
        return PipelineState(
            components=[name for name in COMPONENTS if name in ("carrier", "fee") or name in categories],
            table_sha256=table.sha256,
            table_versions=[one.id for one in table.versions],
            table_loaded_ms=self._rates.loaded_ms,
            table_problems=len(self._rates.problems),
            newest_version_ms=self._rates.newest_version_ms(self._clock()),
            source_lag_bytes={self._file.name: tail.lag_bytes} if self._file and tail else {},
            source_lag_records={one.source: one.behind for one in own},
            source_gaps={self._file.name: tail.gap} if self._file and tail else gaps,
            shares_ms={one.source: one.as_of_ms for one in state.shares if one.as_of_ms is not None},
            partitions={} if restoring is None else {"ready": len(own), "restoring": restoring},
            restoring_records=state.restoring_records,
            rebalances=state.rebalances,
            webhook_answers=dict(self._webhooks.answers),
            is_ready=self._not_ready(state) is None,
            records_behind=self._home.behind,
            checkpoint_ms=state.checkpoint_ms,
            checkpoint_duration_ms=state.checkpoint_duration_ms,
            checkpoint_bytes=state.checkpoint_bytes,
            store_bytes=state.size_bytes,
            store_is_writable=state.trouble is None and state.store_trouble is None,
            dead_letters=state.dead_letters,
            dead_letters_dropped=state.dead_letters_dropped,
        )


def _ledgers(seen: Seen) -> list[Ledger]:
    return [pipeline.ledger for pipeline in seen.own]
