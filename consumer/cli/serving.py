"""A worker as a process: its signals, its event loop, its log."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop
from rich.logging import RichHandler

from consumer.app import Worker, published_rates
from consumer.cli.failures import errors
from consumer.settings import Settings

#: How long a thread that computes (a reading, a checkpoint) may keep the event loop waiting each time it has work.
#: Python's own 5 ms would be several times that for each request: bench/door.py.
_SWITCH_S = 0.0005


def log_to_stderr() -> None:
    """What happens, a line each: in colour on a terminal, otherwise with its time and level in front."""
    if errors.is_terminal:
        rich = RichHandler(console=errors, show_path=False)
        logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[rich])
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for talkative in ("aiokafka", "faust", "mode"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def serve(settings: Settings, beside: Callable[[Worker, str], Awaitable[None]] | None = None) -> None:
    """Work until SIGINT or SIGTERM, or until `beside` (which is given the worker and its URL) is done.

    SIGHUP has the rate table read again. A second SIGINT or SIGTERM ends the process at once, as kill -9 would.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, beside))


async def _serve(settings: Settings, beside: Callable[[Worker, str], Awaitable[None]] | None) -> None:
    worker = Worker(settings, rates=await published_rates(settings))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, worker.rates.reload)
    gc.freeze()  # what was made so far stays: the collector need not look at it again and again
    gc.set_threshold(100_000, 50, 50)
    sys.setswitchinterval(_SWITCH_S)
    await worker.run(None if beside is None else lambda url: beside(worker, url))
