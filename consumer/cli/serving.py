"""A worker that follows its file while its figures are served, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from aiohttp import web

from consumer.app import Worker
from consumer.cli.failures import FAILED, errors, fail
from consumer.surface.http import application
from consumer.surface.metrics import PipelineCollector, registry_of, render


async def serve(worker: Worker, beside: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Follow and serve until SIGINT or SIGTERM, or until `beside` (which is given the URL) is done."""

    async def metrics(accept: str) -> tuple[bytes, str]:
        """Read on the loop, between two batches; made into text on a thread, which takes longer."""
        seen = worker.observe()
        collector = PipelineCollector(lambda: seen, version("callcost"), worker.settings.http.most_series)
        return await asyncio.to_thread(render, registry_of(collector), accept)

    runner = web.AppRunner(application(metrics, worker.not_ready), access_log=None)
    await runner.setup()
    try:
        url = await _listen(runner, worker)
        errors.print(f"metrics on {url}/metrics", markup=False)
        gc.freeze()  # what was made so far stays: the collector need not look at it again and again
        gc.set_threshold(100_000, 50, 50)
        await _until_stopped(worker, beside, url)
    finally:
        await runner.cleanup()
        worker.tail.close()


async def _listen(runner: web.AppRunner, worker: Worker) -> str:
    http = worker.settings.http
    site = web.TCPSite(runner, http.host, http.port)
    try:
        await site.start()
    except OSError as error:
        fail(f"cannot listen on {http.host}:{http.port}: {error.strerror}; set [http] port", FAILED)
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _until_stopped(worker: Worker, beside: Callable[[str], Awaitable[None]] | None, url: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker.follow())]
        if beside is not None:
            tasks.append(group.create_task(_then_stop(beside(url), stopped)))
        await stopped.wait()
        for task in tasks:
            task.cancel()


async def _then_stop(work: Awaitable[None], stopped: asyncio.Event) -> None:
    await work
    stopped.set()
