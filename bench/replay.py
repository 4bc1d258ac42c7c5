"""`callcost replay` of a million calls as a whole process: seconds and memory."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import workload

CALLS = 1_000_000


def report() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path, rates = Path(folder) / "calls.jsonl", Path(folder) / "rates.toml"
        with path.open("wb") as calls:
            for part in range(20):
                start = workload.START_MS + part * 50_000 * 86
                records = workload.records(50_000, workload.busy_centre(), 86.4, start, seed=2 * part)
                calls.writelines((record.value or b"") + b"\n" for record in records)
        rates.write_text(workload.rate_text())
        (Path(folder) / "deck.csv").write_bytes(workload.deck(200_000))
        command = [sys.executable, "-m", "consumer", "replay", "-r", str(rates), "--format", "csv", str(path)]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        taken_s = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"replay of {CALLS:,} events         {taken_s:6.1f} s, {peak:.2f} GB at most")


if __name__ == "__main__":
    report()
