"""Exit code 0 while calls arrive at the worker: the health of whoever tells them. Knows no other figure."""

import json
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

#: The quietest hour of the simulator has a call in 90 seconds.
LONGEST_SILENCE = timedelta(minutes=15)


def trouble(status: dict[str, Any], now: datetime) -> str | None:
    """What is wrong, by /api/status of the worker."""
    last = status["last_event"]
    if last is None:
        return "no call has come"
    silence = now - datetime.fromisoformat(last)
    return f"no call for {silence}" if silence > LONGEST_SILENCE else None


def main(url: str) -> int:
    """Ask the worker."""
    with urllib.request.urlopen(f"{url}/api/status", timeout=4) as answer:  # noqa: S310 - the worker's own address
        found = trouble(json.load(answer), datetime.now(UTC))
    print(found or "calls arrive")
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
