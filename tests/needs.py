"""Says what the tests need and this machine lacks; with CI=true that is a failure."""

import functools
import os
import shutil
import subprocess
import sys

NEEDED = {
    "java": "runs the broker; Debian: apt-get install openjdk-17-jre-headless; or have Docker run",
    "mvn": "fetches the broker; Debian: apt-get install maven; or have Docker run",
    "promtool": "checks /metrics; Debian: apt-get install prometheus",
    "prometheus": "scrapes the worker; Debian: apt-get install prometheus",
    "prometheus-alertmanager": "is told of alerts; Debian: apt-get install prometheus-alertmanager",
    "amtool": "checks its configuration; comes with prometheus-alertmanager",
    "systemd-analyze": "rates the unit of deploy/systemd; Debian: apt-get install systemd",
    "chromium": "shows the live page; Debian: apt-get install chromium",
    "chromedriver": "drives chromium; Debian: apt-get install chromium-driver",
    "kamailio": "is the proxy of tests/voip; Debian: see the README there",
    "sipp": "makes the calls of tests/voip; Debian: see the README there",
    "sqlite3": "makes the proxy's outbox and a backup; Debian: apt-get install sqlite3",
}

#: Markers of the tests that need a program, where that is not the program's name alone.
MARKED = {
    "chromedriver": ("chromium",),
    "prometheus-alertmanager": ("prometheus",),
    "systemd-analyze": ("systemd",),
    "java": ("kafka",),
    "mvn": ("kafka",),
    "kamailio": ("sip",),
    "sipp": ("sip",),
    "sqlite3": ("sip", "sqlite3"),
}


@functools.cache
def is_here(program: str) -> bool:
    """Whether tests that need a program can run: the broker may be in a container as well."""
    if shutil.which(program) is not None:
        return True
    return program in ("java", "mvn") and docker_runs()


@functools.cache
def docker_runs() -> bool:
    """Whether there is an engine, and not only its client."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False).returncode == 0


def main() -> int:
    missing = [f"  {name}: {why}" for name, why in NEEDED.items() if not is_here(name)]
    if not missing:
        return 0
    print("Not here, so its tests cannot run:", *missing, sep="\n", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
