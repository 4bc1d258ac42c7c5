"""What a Prometheus answers to the queries of a panel, and how Grafana would write it.

Owns asking for `sketch`, and as much of Grafana's formats as our units need.
"""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grafana.queries import EVERYTHING, substituted

_POINTS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A series of a target: its labels and values, one or several."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]  # instant in seconds, value

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[-1][1]

    def named(self, legend: str) -> str:
        """As the legend has it."""
        return re.sub(r"{{(\w+)}}", lambda found: self.labels.get(found[1], ""), legend)


class Prometheus:
    """A server, asked for a stretch of time that ends now."""

    def __init__(self, url: str, now_s: float, minutes: float, dimensions: tuple[str, ...]) -> None:
        self._url, self._now_s, self._minutes = url.rstrip("/"), now_s, minutes
        self._everything = EVERYTHING | dict.fromkeys(dimensions, ".*")

    def titled(self, text: str) -> str:
        """A title with its variables filled in."""
        return substituted(text, self._everything)

    def ask(self, target: Mapping[str, Any]) -> list[Answer]:
        """Now, or over the time, as the target wants it."""
        asked: dict[str, object] = {"query": substituted(target["expr"], self._everything)}
        if target["instant"]:
            found = self._get("query", {**asked, "time": self._now_s})
            return [Answer(one["metric"], (_point(one["value"]),)) for one in found]
        span: dict[str, object] = {
            "start": self._now_s - self._minutes * 60,
            "end": self._now_s,
            "step": self._minutes * 60 / _POINTS,
        }
        found = self._get("query_range", {**asked, **span})
        return [Answer(one["metric"], tuple(map(_point, one["values"]))) for one in found]

    def _get(self, path: str, asked: Mapping[str, object]) -> list[dict[str, Any]]:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # the address is given by whoever runs it
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result


def written(value: float, unit: str, decimals: int | None) -> str:
    """A value in a unit."""
    if unit == "percentunit":
        return f"{100 * value:.{1 if decimals is None else decimals}f} %"
    if unit == "s":
        return _scaled(value, ((86_400, " days"), (3_600, " h"), (60, " min"), (1, " s"), (0.001, " ms")), decimals)
    if unit == "bytes":
        return _scaled(value, ((2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"), (1, " B")), decimals)
    if unit == "dateTimeAsLocal":
        return "…"  # in the time zone of whoever looks
    sign = {"currencyUSD": "$", "currencyEUR": "€", "currencyGBP": "£"}.get(unit, "")
    if unit.startswith("currency") and not sign:
        sign = unit.removeprefix("currency").removeprefix(":").strip() + " "
    after = {"cps": " c/s", "cpm": " c/m"}.get(unit, "")
    return (
        ("-" if value < 0 else "") + sign + _scaled(abs(value), ((1e6, " Mil"), (1e3, " K"), (1, "")), decimals) + after
    )


def _scaled(value: float, scales: tuple[tuple[float, str], ...], decimals: int | None) -> str:
    size, name = next(((size, name) for size, name in scales if abs(value) >= size), scales[-1])
    if value == 0:
        size, name = next((size, name) for size, name in scales if size == 1)
    places = 2 if decimals is None else decimals
    text = f"{value / size:.{places if size == 1 else max(1, places)}f}"
    return (text.rstrip("0").rstrip(".") if decimals is None and "." in text else text) + name


def _point(found: tuple[float, str]) -> tuple[float, float]:
    return float(found[0]), float(found[1])
