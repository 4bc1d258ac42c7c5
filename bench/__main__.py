"""All measurements, with the machine they were made on: `make bench`. Half an hour and more."""

import importlib
import subprocess
import sys

from bench import machine

MEASURED = ("fold", "curves", "memory", "scrape", "restart", "replay", "ingest", "home", "door", "kafka", "kafka_home")

if __name__ == "__main__":
    print(machine.describe(), flush=True)
    for name in MEASURED:
        about = importlib.import_module(f"bench.{name}").__doc__ or ""
        print(f"\n{about.splitlines()[0]}", flush=True)
        # In a process of its own: what one leaves in memory is not to be seen by the next.
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)  # noqa: S603
