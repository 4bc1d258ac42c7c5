"""Queries as Prometheus's own engine works them out, on given samples.

Owns how promtool is asked.
"""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from grafana.queries import EVERYTHING, substituted


def evaluated(given: dict[str, str], expected: dict[str, list[tuple[str, dict[str, float]]]], file: Path) -> str:
    """What promtool finds to differ from samples by instant; empty where nothing does. A scrape every 15 seconds."""
    tests: list[dict[str, Any]] = [
        {
            "expr": substituted(expr, EVERYTHING),
            "eval_time": at,
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for at, found in expected.items()
        for expr, samples in found
    ]
    given_series = [{"series": name, "values": values} for name, values in given.items()]
    unit = {"interval": "15s", "input_series": given_series, "promql_expr_test": tests}
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "15s", "tests": [unit]}), encoding="utf-8")
    ran = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr
