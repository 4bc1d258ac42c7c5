"""Says what the tests need and this machine lacks; with CI=true that is a failure."""

import os
import shutil
import sys

NEEDED = {"promtool": "checks /metrics; Debian: apt-get install prometheus"}


def main() -> int:
    missing = [f"  {name}: {why}" for name, why in NEEDED.items() if shutil.which(name) is None]
    if not missing:
        return 0
    print("Not here, so its tests cannot run:", *missing, sep="\n", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
