"""The worker put together: how calls get in, the home that keeps them safe, and what is served of them.

The one place that knows the parts of all sides, and where the clock is read.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from consumer.core.calls import Decoder
from consumer.core.instants import HOUR_MS
from consumer.home.dead_letter import DeadLetters
from consumer.home.embedded.home import EmbeddedHome, Keeping
from consumer.home.embedded.rate_tables import SWITCH, no_call
from consumer.home.home import Home
from consumer.platforms.formats import FORMATS, LocalTimes, by_platform, header_of
from consumer.settings import Settings, SettingsInvalid, ingest_secrets
from consumer.sources.guards import BearerTokens, TwilioSignature
from consumer.sources.webhooks import Limits, Webhook, Webhooks
from consumer.surface.http import application
from consumer.worker.desk import WorkerDesk
from consumer.worker.followed_file import FollowedFile
from consumer.worker.rates_in_use import RatesFile, RatesInUse

if TYPE_CHECKING:
    from consumer.home.kafka.letters import Letter
    from consumer.kafka.rates_topic import RatesTopic

log = logging.getLogger("callcost")

Clock = Callable[[], int]  # milliseconds since 1970

_ANSWERED_WITHIN_S = 5.0  # requests that were begun when the worker is told to stop


def system_clock() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class CannotListen(Exception):
    """The address is taken, or is not this machine's. Where another is set, the command knows."""


class Worker:
    """Everything that one process does, from its start to its end."""

    def __init__(self, settings: Settings, clock: Clock = system_clock, rates: "RatesTopic | None" = None) -> None:
        """The rate table comes from its file, or from a topic. Raises RateTableInvalid and SettingsInvalid."""
        self.settings, self._rates_topic = settings, rates
        place = RatesFile(settings.rates) if settings.rates is not None else rates
        if place is None:
            raise SettingsInvalid("kafka.rates: the topic was not read")
        self.rates = RatesInUse(place, settings.rates_poll_s, clock)
        decoders = _decoders(settings, self.rates.table.calendar.zone)
        self.home = _home(settings, decoders, clock)
        ingest = settings.ingest
        limits = Limits(ingest.most_body_bytes, ingest.most_records, ingest.body_s)
        self.webhooks = Webhooks(_webhooks(settings, decoders), self.home.append, limits, clock)
        self.file = FollowedFile(settings.source, self.home) if settings.source else None
        self.desk = WorkerDesk(settings, self.home, self.rates, self.webhooks, self.file, clock)
        self._stopped = asyncio.Event()

    async def run(self, beside: Callable[[str], Awaitable[None]] | None = None) -> None:
        """Work until told to stop, or until `beside` (which is given the URL, once all is restored) is done.

        Raises HomeBroken, SourceBroken and CannotListen, also in groups.
        """
        await self.home.open()
        served = application(self.desk, client_max_size=self.settings.ingest.most_body_bytes)
        self.webhooks.add_to(served)
        runner = web.AppRunner(
            served, access_log=None, logger=_server_log(), handle_signals=False,
            shutdown_timeout=_ANSWERED_WITHIN_S, keepalive_timeout=self.settings.http.idle_s, auto_decompress=False,
        )  # fmt: skip
        await runner.setup()
        try:
            url = await self._listen(runner)
            await self._work(runner, url, beside)
        except BaseException:
            await runner.cleanup()
            await self.home.abandon()
            raise
        else:
            await self.home.close()
        finally:
            if self._rates_topic is not None:
                await self._rates_topic.stop()

    def stop(self) -> None:
        """Take nothing more, store what there is, and end."""
        self._stopped.set()

    async def _listen(self, runner: web.AppRunner) -> str:
        http = self.settings.http
        try:
            await web.TCPSite(runner, http.host, http.port).start()
        except OSError as error:
            reason = (error.strerror or str(error)).rpartition(": ")[2]  # asyncio says the address again before it
            raise CannotListen(f"cannot listen on {http.host}:{http.port}: {reason}") from None
        host, port = runner.addresses[0][:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        log.info("listening on %s", url)
        return url

    async def _work(self, runner: web.AppRunner, url: str, beside: Callable[[str], Awaitable[None]] | None) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.home.run())
            sources = group.create_task(self._take_in(group, url, beside))
            await self._stopped.wait()
            log.info("stopping: what was taken is stored first")
            sources.cancel()
            await asyncio.wait([sources])
            await runner.cleanup()  # requests that were begun are answered
            self.home.stop()

    async def _take_in(
        self, group: asyncio.TaskGroup, url: str, beside: Callable[[str], Awaitable[None]] | None
    ) -> None:
        await self.home.restore(self.rates.written, self.rates.table)
        log.info("ready")
        group.create_task(self.home.follow())
        async with asyncio.TaskGroup() as sources:
            sources.create_task(self.rates.watch(self.home.switch))
            if self._rates_topic is not None:
                sources.create_task(self._rates_topic.run())
            if self.file is not None:
                sources.create_task(self.file.follow())
            if beside is not None:
                sources.create_task(self._then_stop(beside(url)))

    async def _then_stop(self, work: Awaitable[None]) -> None:
        await work
        self.stop()


def _server_log() -> logging.Logger:
    """For what the server itself cannot handle."""
    found = logging.getLogger("callcost.http")
    found.addFilter(_is_news)
    return found


def _is_news(record: logging.LogRecord) -> bool:
    """A request that strangers broke is answered, and is none; it would show what they sent, tokens too."""
    return not (record.exc_info and isinstance(record.exc_info[1], _THEIR_FAULT))


_THEIR_FAULT = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


async def published_rates(settings: Settings) -> "RatesTopic | None":
    """The rate table where it is in a topic: read to its end, for however long that takes. Raises SettingsInvalid."""
    kafka = settings.kafka
    if kafka is None or kafka.rates is None:
        return None
    from consumer.kafka.connection import connection_of  # noqa: PLC0415
    from consumer.kafka.rates_topic import RatesTopic  # noqa: PLC0415

    return await RatesTopic.begin(connection_of(kafka), kafka.rates)


def letters_of_kafka(settings: Settings) -> DeadLetters:
    """The dead letters of a cluster, read once. Raises SettingsInvalid and Unavailable."""
    from consumer.home.kafka.letter_topic import LetterTopic  # noqa: PLC0415
    from consumer.kafka.connection import connection_of  # noqa: PLC0415
    from consumer.kafka.keys import call_key  # noqa: PLC0415

    kafka = settings.kafka
    if kafka is None:
        raise SettingsInvalid("kafka: field required")
    decoders = _decoders(settings, ZoneInfo("UTC"))  # no key depends on a time
    decode = {topic: by_platform(decoders, platform) for topic, platform in kafka.topics.items()}

    def key_of(letter: "Letter") -> bytes | None:
        known = decode.get(letter.topic)
        return call_key(known, letter.value or b"", letter.headers) if known else None

    return LetterTopic(kafka, connection_of(kafka), key_of)


def _home(settings: Settings, decoders: Mapping[str, Decoder], clock: Clock) -> Home:
    fold = replace(settings.fold.for_fold(), decoding=repr(settings.asterisk))
    kafka = settings.kafka
    if kafka is None:
        return EmbeddedHome(_keeping(settings), by_platform({**decoders, SWITCH: no_call}), fold, clock)
    # Not imported where it is not needed: Faust takes half a second.
    from consumer.home.kafka.home import Decoders, KafkaHome  # noqa: PLC0415
    from consumer.kafka.connection import connection_of  # noqa: PLC0415

    by_topic = {topic: by_platform(decoders, platform) for topic, platform in kafka.topics.items()}
    of_all = Decoders(by_topic, decoders)
    return KafkaHome(kafka, connection_of(kafka), settings.home.checkpoint_s, of_all, fold, clock)


def _keeping(settings: Settings) -> Keeping:
    home = settings.home
    return Keeping(
        home.path,
        journal_ms=home.journal_h * HOUR_MS,
        checkpoint_s=home.checkpoint_s,
        most_dead_letters=home.most_dead_letters,
        most_dead_letter_bytes=home.most_dead_letters_mb << 20,
    )


def _decoders(settings: Settings, table_zone: ZoneInfo) -> dict[str, Decoder]:
    zone = settings.asterisk.zone
    local = LocalTimes(ZoneInfo(zone) if zone else table_zone, settings.asterisk.host)
    return {name: form.decoder(local) for name, form in FORMATS.items()}


def _webhooks(settings: Settings, decoders: Mapping[str, Decoder]) -> dict[str, Webhook]:
    """Twilio by its signature where its token is known; everybody else, and Twilio otherwise, by a bearer token."""
    secrets = ingest_secrets(settings.ingest)
    bearer = BearerTokens(secrets.tokens) if secrets.tokens else None
    public_url = settings.ingest.public_url or ""
    signature = TwilioSignature(secrets.of_twilio, public_url) if secrets.of_twilio else None
    found = {
        name: Webhook(form.framing, form.media_types, decoders[name], header_of(name), bearer)
        for name, form in FORMATS.items()
    }
    if signature is not None:
        found["twilio"] = replace(found["twilio"], tokens=None, signature=signature)
    return found
