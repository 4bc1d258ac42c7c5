"""A home opened in this process: what its file says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from consumer.app import Clock, Worker
from consumer.core.counts import Counts
from consumer.core.pipeline import Pipeline
from consumer.core.reading import Reading
from consumer.core.windows import spans
from consumer.settings import load_settings


@asynccontextmanager
async def opened(folder: Path, clock: Clock) -> AsyncIterator[Worker]:
    """A worker that is restored, and does not listen. It ends as if it were killed."""
    worker = Worker(load_settings(folder / "callcost.toml"), clock)
    await worker.home.open()
    work = asyncio.create_task(worker.home.run())
    try:
        await worker.home.restore(worker.rates.written, worker.rates.table)
        yield worker
    finally:
        worker.home.stop()
        await work
        await worker.home.abandon()


async def figures_in(folder: Path, now_ms: int) -> tuple[Reading, Counts]:
    """What the file says, as of an instant."""
    async with opened(folder, lambda: now_ms) as worker:
        return await worker.home.read(lambda seen: (read(seen.own[0], now_ms), seen.own[0].counts))


def read(pipeline: Pipeline, now_ms: int) -> Reading:
    """All live windows as of an instant."""
    return pipeline.read(now_ms, spans(pipeline.table.calendar, now_ms))


def figures(reading: Reading) -> Any:
    """All but the counts: every window, segment and pool."""
    return replace(reading, counts=Counts())
