"""What is measured: a rate table of 8 pools and 200 000 prefixes, and events of a busy centre as bytes.

5 % of the calls are told twice and 10 % are amended, over 500 segments.
"""

import itertools
import random
from collections.abc import Iterator

import msgspec

from consumer.core.calls import SourceRecord
from consumer.core.instants import parse_rfc3339
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.slices import live_levels
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table
from consumer.simulator.steady import SteadyLoad, steady_events

START_MS = parse_rfc3339("2026-11-02T06:00:00Z")
DRIVERS = ("handle_second", "handle_second", "talk_second", "call", "contact", "wait_second", "answered_call", "call")
CATEGORIES = ("labour", "licence", "hardware", "software", "facility", "utilities", "telecom", "other")


def busy_centre(segments: int = 500, amended_share: float = 0.10) -> SteadyLoad:
    """A centre with that many segments: directions, queues and two sites."""
    queues = tuple(f"queue-{number:03d}" for number in range(segments // 4))
    return SteadyLoad(queues=queues, agents=300, outbound_share=0.5, duplicate_share=0.05, amended_share=amended_share)


def rate_table(prefixes: int = 200_000) -> RateTable:
    """The table of `rate_text` with a deck of so many prefixes."""
    return build_rate_table("rates.toml", rate_text().encode(), lambda _name: deck(prefixes))


def rate_text() -> str:
    """8 pools with capacities that do not divide evenly, a fee, and one tariff with a deck."""
    pools = "".join(
        f'[[version.pool]]\nname = "pool-{number}"\ncategory = "{CATEGORIES[number]}"\namount = "{240_000 + number}"\n'
        f'per = "quarter"\ndriver = "{driver}"\npractical_capacity = "{30_600_000 + 7 * number}"\n'
        for number, driver in enumerate(DRIVERS)
    )
    return (
        'currency = "USD"\ntime_zone = "Europe/Athens"\n[[version]]\nid = "bench"\neffective_from = 2026-01-01\n'
        + pools
        + '[[version.fee]]\nname = "minute"\ndriver = "talk_second"\nprice = "0.018"\nper_units = 60\n'
        + '[[version.tariff]]\nname = "carrier"\nmatch = { direction = ["outbound"] }\ndeck = "deck.csv"\n'
        + "first_increment_s = 30\nnext_increment_s = 6\n"
    )


def deck(prefixes: int) -> bytes:
    """A deck that has every one-digit prefix, and others of up to seven digits."""
    rng = random.Random(7)
    found = {str(digit) for digit in range(1, 10)}
    while len(found) < prefixes:
        found.add(str(rng.randrange(10, 10**7)))
    rows = (f"{prefix},0.0{rng.randrange(1, 999):03d}" for prefix in sorted(found))
    return ("prefix,rate_per_minute\n" + "\n".join(rows) + "\n").encode()


def stream(
    number: int, centre: SteadyLoad, step_ms: float = 20.0, start_ms: int = START_MS, seed: int = 1
) -> Iterator[SourceRecord]:
    """So many events as records of a log, each taken a minute after its call."""
    told = itertools.islice(steady_events(centre, seed, start_ms, step_ms), number)
    encode = msgspec.json.Encoder().encode
    for offset, event in enumerate(told):
        yield SourceRecord(offset, encode(event), (), start_ms + int(offset * step_ms) + 60_000)


def records(
    number: int, centre: SteadyLoad, step_ms: float = 20.0, start_ms: int = START_MS, seed: int = 1
) -> list[SourceRecord]:
    """The stream, made before anything is measured."""
    return list(stream(number, centre, step_ms, start_ms, seed))


def batches(told: Iterator[SourceRecord], size: int) -> Iterator[list[SourceRecord]]:
    """The stream in batches, none of which is kept."""
    while batch := list(itertools.islice(told, size)):
        yield batch


def live_settings(horizon_ms: int = 86_400_000, most_entries: int = 2_000_000) -> FoldSettings:
    """A live fold as `run` has it by default."""
    return FoldSettings(
        levels=live_levels(60_000), out_of_orderness_ms=60_000, allowed_lateness_ms=horizon_ms, horizon_ms=horizon_ms,
        most_entries=most_entries, most_values=1_000,
    )  # fmt: skip


def pipeline(table: RateTable, settings: FoldSettings | None = None) -> Pipeline:
    """An empty fold of canonical calls."""
    return Pipeline(table, decode, settings or live_settings())
