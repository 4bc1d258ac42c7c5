"""The worker put together: a followed file, its fold, and what is served of it.

The one place that knows which decoder belongs to which platform, and where the clock is read.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from aiohttp import web

from consumer.core.calls import Decoder
from consumer.core.pipeline import Pipeline, Rejected
from consumer.core.rates import RateTable
from consumer.core.reading import Reading
from consumer.core.windows import spans
from consumer.platforms import canonical
from consumer.platforms.asterisk import asterisk_csv, asterisk_custom_csv
from consumer.platforms.cloudevents import cloudevents
from consumer.platforms.kamailio import kamailio
from consumer.settings import Settings
from consumer.sources.tail import FileTail

log = logging.getLogger("callcost")

Clock = Callable[[], int]  # milliseconds since 1970


@dataclass(frozen=True, slots=True)
class Format:
    """How a platform's records are framed and decoded."""

    framing: Literal["json", "csv"]
    decoder: Callable[[ZoneInfo, str], Decoder]  # zone of local times, host


FORMATS: dict[str, Format] = {
    "callcost": Format("json", lambda _zone, _host: cloudevents(canonical.decode)),
    "asterisk-csv": Format("csv", asterisk_csv),
    "asterisk-custom-csv": Format("csv", asterisk_custom_csv),
    "kamailio": Format("json", lambda _zone, _host: cloudevents(kamailio())),
}


def system_clock() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000
