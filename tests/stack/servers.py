"""A real Prometheus and a real Alertmanager, each in a folder of its own, on loopback."""

import contextlib
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.worker_process import free_port, until

_UP_WITHIN_S = 30.0


class Server:
    """A process with an HTTP server that answers /-/ready."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._command = folder, command
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._arguments(), stdout=log, stderr=log, cwd=self.folder)
        try:
            until(self._is_ready, _UP_WITHIN_S)
        except BaseException:
            self._process.kill()
            print((self.folder / "log").read_text()[-4_000:])
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _arguments(self) -> list[str]:
        return [*self._command, f"--web.listen-address=127.0.0.1:{self.port}"]

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()[-4_000:]
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{self.url}/-/ready"):
            return True
        return False

    def ask(self, path: str, **query: str) -> Any:
        """A GET of JSON."""
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}") as answer:
            return json.load(answer)


class Prometheus(Server):
    """Scrapes every other second, and evaluates every second."""

    def __init__(
        self, folder: Path, targets: dict[str, list[str]], rules: list[Path], alertmanager: str | None = None
    ) -> None:
        """`targets` are hosts and ports by job."""
        super().__init__(folder, ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"])
        config: dict[str, Any] = {
            "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": found}]} for job, found in targets.items()
            ],
        }
        if alertmanager is not None:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def query(self, expr: str, at: float | None = None) -> list[dict[str, Any]]:
        """The samples of an expression: `metric` and `value` each. Fails where Prometheus refuses it."""
        answer = self.ask("/api/v1/query", query=expr, **({} if at is None else {"time": f"{at:.3f}"}))
        assert answer["status"] == "success", answer
        found = answer["data"]
        if found["resultType"] == "scalar":
            return [{"metric": {}, "value": found["result"]}]
        result: list[dict[str, Any]] = found["result"]
        return result

    def value(self, expr: str) -> float:
        """The value of an expression that has exactly one sample."""
        (sample,) = self.query(expr)
        return float(sample["value"][1])

    def alerts(self, state: str = "firing") -> dict[str, list[dict[str, str]]]:
        """The labels of the alerts in a state, by name."""
        found: dict[str, list[dict[str, str]]] = {}
        for one in self.ask("/api/v1/alerts")["data"]["alerts"]:
            if one["state"] == state:
                found.setdefault(one["labels"]["alertname"], []).append(one["labels"])
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        return [rule for group in self.ask("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


class Alertmanager(Server):
    """As a configuration has it."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        super().__init__(
            folder,
            ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data",
             "--cluster.listen-address="],
        )  # fmt: skip
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
