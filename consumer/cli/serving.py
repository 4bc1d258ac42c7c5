"""A worker as a process: its signals, its event loop, its log."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop
from rich.logging import RichHandler

from consumer.app import Worker, published_rates
from consumer.cli.failures import errors
from consumer.settings import Settings

#: How long a thread that computes (a reading, a checkpoint) may keep the event loop waiting each time it has work.
#: Python's own 5 ms would be several times that for each request: bench/door.py.
_SWITCH_S = 0.0005
_SAID_AGAIN_S = 60.0


def log_to_stderr() -> None:
    """What happens, a line each: in colour on a terminal, otherwise with its time and level in front."""
    if errors.is_terminal:
        rich = RichHandler(console=errors, show_path=False)
        logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[rich])
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in (
        "aiokafka",
        "faust",
        "mode",
        "consumer",
    ):  # the last: what Faust says of the classes we make of its own
        logging.getLogger(name).setLevel(logging.WARNING)
    seldom = _Seldom()
    for handler in logging.getLogger().handlers:
        handler.addFilter(seldom)


class _Seldom(logging.Filter):
    """What libraries say of the same thing again and again, aiokafka some thousand times a second: once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._said_s: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is to be said."""
        if record.name.startswith("callcost"):
            return True
        what, now_s = (record.name, str(record.msg)), time.monotonic()
        if now_s - self._said_s.get(what, float("-inf")) < _SAID_AGAIN_S:
            return False
        self._said_s[what] = now_s
        return True


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
