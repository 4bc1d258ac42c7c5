"""Every format that calls are read in, by the name of its platform.

Owns how the records of each are framed, what a POST of them is called, and which decoder they have. A record of a log
that holds several platforms names its own in a header.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from consumer.core.calls import Decoded, Decoder, Rejection, SourceRecord
from consumer.platforms import canonical
from consumer.platforms.asterisk import asterisk_csv, asterisk_custom_csv
from consumer.platforms.cloudevents import cloudevents
from consumer.platforms.kamailio import kamailio
from consumer.platforms.twilio import twilio

#: The header of a record that names its platform.
PLATFORM_HEADER = "callcost-platform"

_JSON = ("application/json", "application/x-ndjson", "application/jsonl", "+json")
_CSV = ("text/csv", "text/plain")
_FORM = ("application/x-www-form-urlencoded",)


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """What a decoder has to be told, because the records do not say it: only Asterisk's need it."""

    zone: ZoneInfo
    host: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """How a platform's records are framed, called over HTTP, and decoded."""

    framing: Literal["json", "csv"]
    media_types: tuple[str, ...]  # of a POST; "+json" stands for every type that ends so
    decoder: Callable[[LocalTimes], Decoder]


FORMATS: dict[str, Format] = {
    "callcost": Format("json", _JSON, lambda _: cloudevents(canonical.decode)),
    "asterisk-csv": Format("csv", _CSV, lambda local: asterisk_csv(local.zone, local.host)),
    "asterisk-custom-csv": Format("csv", _CSV, lambda local: asterisk_custom_csv(local.zone, local.host)),
    "kamailio": Format("json", _JSON, lambda _: cloudevents(kamailio())),
    "twilio": Format("json", (*_FORM, *_JSON), lambda _: cloudevents(twilio())),
}


def by_platform(decoders: Mapping[str, Decoder], otherwise: str = "") -> Decoder:
    """One decoder for a log of many platforms: each record is decoded as its header says.

    One that does not say is of the platform `otherwise`, where there is one. A null value is a tombstone: no event.
    """
    by_headers = {header_of(name): decode for name, decode in decoders.items()}  # as our own logs have them
    by_header = {name.encode(): decode for name, decode in decoders.items()}
    if otherwise:
        by_headers[()] = by_header[b""] = decoders[otherwise]

    def decode(record: SourceRecord) -> Sequence[Decoded]:
        headers = record.headers
        if record.value is None:
            return ()
        decode_it = by_headers.get(headers)
        if decode_it is None:
            named = next((value for name, value in headers if name.lower() == PLATFORM_HEADER), b"").strip()
            decode_it = by_header.get(named)
        if decode_it is None:
            expected = f"one of {', '.join(decoders)}"
            return (Rejection("unknown_value", PLATFORM_HEADER, repr(named.decode(errors="replace")), expected),)
        return decode_it(record)

    return decode


def header_of(platform: str) -> tuple[tuple[str, bytes], ...]:
    """The headers of a record of this platform."""
    return ((PLATFORM_HEADER, platform.encode()),)
