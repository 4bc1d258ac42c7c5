"""`callcost simulate`: an invented centre's calls, told to whoever is to cost them."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer
from yarl import URL

from consumer.app import Clock, system_clock
from consumer.cli.failures import FAILED, INVALID, errors, fail, failing_clearly
from consumer.cli.receivers import (
    MOST_BYTES,
    MOST_EVENTS,
    Closed,
    Delivered,
    Denied,
    Pause,
    Posting,
    Receiver,
    StandardOutput,
)
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from consumer.platforms import canonical
from consumer.settings import load_settings
from consumer.simulator.scenarios import SCENARIOS
from consumer.simulator.simulator import Simulator
from consumer.simulator.told import Told

ScenarioName = Literal["normal", "carrier-price", "handle-time", "mix", "outage", "night"]

_UNITS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_LONGEST_PAST_DAYS = 366


def simulate(
    to: Annotated[str, typer.Option(help="stdout, a URL such as http://127.0.0.1:8080/ingest/callcost, or kafka.")],
    calls_per_minute: Annotated[
        float, typer.Option(min=0.1, max=6_000, help="Calls a minute at the peak of the week.")
    ] = 6.0,
    seed: Annotated[int, typer.Option(help="Another seed, other calls.")] = 1,
    scenario: Annotated[ScenarioName, typer.Option(help="What happens from now on, for a while.")] = "normal",
    past: Annotated[str | None, typer.Option(help="Tell the calls of so long ago first, such as 30d.")] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="Stop after so long, such as 10m or 0s; default: on Ctrl-C.")
    ] = None,
    config: Annotated[
        Path, typer.Option("-c", "--config", help="Settings, where --to kafka finds its cluster and topic.")
    ] = Path("callcost.toml"),
    token_file: Annotated[
        Path | None, typer.Option(help="File of the URL's bearer token; default: the environment's CALLCOST_TOKEN.")
    ] = None,
) -> None:
    """An invented centre's calls as a platform tells them: its past at once, then each when its time has come.

    Example: callcost simulate --to http://127.0.0.1:8080/ingest/callcost --past 30d
    """
    past_ms, for_ms = _duration_ms(past, "--past") or 0, _duration_ms(for_, "--for")
    if past_ms > _LONGEST_PAST_DAYS * DAY_MS:
        raise typer.BadParameter(f"found {past}, expected at most {_LONGEST_PAST_DAYS}d", param_hint="--past")
    with failing_clearly():
        receiver = _receiver(to, token_file, config)
    now_ms = system_clock()
    centre = Simulator(
        seed=seed, peak_calls_per_minute=calls_per_minute, scenario=SCENARIOS[scenario], scenario_from_ms=now_ms
    )
    until_ms = None if for_ms is None else now_ms + for_ms
    with failing_clearly():
        try:
            asyncio.run(_until_stopped(centre.told(now_ms - past_ms), receiver, now_ms, until_ms))
        except Denied as error:
            _summarize(receiver.delivered)
            fail(str(error), FAILED)
    _summarize(receiver.delivered)


def _receiver(to: str, token_file: Path | None, config: Path) -> Receiver:
    if to == "stdout":
        return StandardOutput()
    if to != "kafka":
        return Posting(_checked(to), _token(token_file))
    from consumer.cli.to_kafka import ToKafka  # noqa: PLC0415 - not for those who have no Kafka
    from consumer.kafka.connection import connection_of  # noqa: PLC0415

    kafka = load_settings(config).kafka
    if kafka is None:
        fail(f"{config}: expected [kafka] bootstrap, for --to kafka", INVALID)
    return ToKafka(kafka, connection_of(kafka), canonical.decode)


async def _until_stopped(told: Iterator[Told], receiver: Receiver, now_ms: int, until_ms: int | None) -> None:
    """Tell until the end, or until SIGINT or SIGTERM."""
    async with AsyncExitStack() as stack:
        if isinstance(receiver, AbstractAsyncContextManager):
            await stack.enter_async_context(receiver)
        telling = asyncio.ensure_future(tell(told, receiver, now_ms, until_ms))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, telling.cancel)
        await asyncio.wait([telling])
        if not telling.cancelled():
            telling.result()


async def tell(
    told: Iterator[Told], receiver: Receiver, now_ms: int, until_ms: int | None, clock: Clock = system_clock,
    pause: Pause = asyncio.sleep,
) -> None:  # fmt: skip
    """What is past by now in batches as fast as it is taken; then every event at its time, until another instant."""
    try:
        one = await _tell_past(told, receiver, now_ms)
        while until_ms is None or one.told_ms <= until_ms:
            await _wait_until(one.told_ms, clock, pause)
            await receiver.tell(one.event)
            one = next(told)
        await _wait_until(until_ms or now_ms, clock, pause)
    except Closed:
        return


async def _tell_past(told: Iterator[Told], receiver: Receiver, now_ms: int) -> Told:
    """Tell what is past; the first event that is not comes back."""
    batch: list[bytes] = []
    size = 0
    for one in told:
        is_past = one.told_ms <= now_ms
        size += len(one.event) + 1
        if batch and (not is_past or len(batch) == MOST_EVENTS or size > MOST_BYTES):
            await receiver.tell_batch(batch)
            batch, size = [], len(one.event) + 1
        if not is_past:
            return one
        batch.append(one.event)
    raise AssertionError("a centre never closes")


async def _wait_until(instant_ms: int, clock: Clock, pause: Pause) -> None:
    while (ahead_ms := instant_ms - clock()) > 0:
        await pause(ahead_ms / 1000)


def _summarize(delivered: Delivered) -> None:
    errors.print(f"{delivered.told:,} events told, {delivered.refused:,} refused", markup=False)


def _duration_ms(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if not text[:-1].isdecimal() or not text.isascii() or text[-1:] not in _UNITS:
        raise typer.BadParameter(f"found {text!r}, expected such as 90s, 10m, 24h or 30d", param_hint=option)
    return int(text[:-1]) * _UNITS[text[-1]]


def _checked(url: str) -> str:
    try:
        found = URL(url, encoded=True)
        is_usable = found.scheme in ("http", "https") and bool(found.host)
    except ValueError:
        is_usable = False
    if not is_usable:
        expected = "stdout, kafka, or a URL such as http://127.0.0.1:8080/ingest/callcost"
        raise typer.BadParameter(f"expected {expected}", param_hint="--to")
    return url


def _token(path: Path | None) -> str | None:
    """The bearer token. It is never shown: what is wrong with one is said by its place."""
    if path is None:
        place, found = "the environment's CALLCOST_TOKEN", os.environ.get("CALLCOST_TOKEN", "")
    else:
        place, found = str(path), _text_of(path)
    token = found.strip()
    if (path is not None and not token) or not all("!" <= sign <= "~" for sign in token):
        fail(f"{place}: expected a token: ASCII without blanks or line breaks", INVALID)
    return token or None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        fail(f"{path}: {error.strerror}", FAILED)
