"""What a figure was measured on, and how: CPU time of one thread, the best of several runs."""

import gc
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def describe() -> str:
    """One line about the machine."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores; Python {sys.version.split()[0]}, numpy {np.__version__}; load {os.getloadavg()[0]:.1f}"


def settle() -> None:
    """What a worker does after its start: what lives on is not looked at by the garbage collector any more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def cpu_s(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of the fastest run: noise only ever adds."""
    best = float("inf")
    for _ in range(runs):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def resident_bytes() -> int:
    """Memory of this process now."""
    pages = int(_read("/proc/self/statm").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
