"""`callcost simulate`: what reaches a receiver that is away, asks for patience, refuses or denies; and how it ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from consumer.cli.main import app
from consumer.cli.receivers import MOST_BYTES, MOST_EVENTS, Delivered, Denied, Posting, pause_s
from consumer.cli.simulate import tell
from consumer.core.instants import HOUR_MS, MINUTE_MS
from consumer.simulator.simulator import Simulator
from consumer.simulator.told import Told
from tests.simulator.listening import MORNING_MS, heard

TOKEN = "s3cret-of-the-server"  # noqa: S105
NOW_MS = MORNING_MS + 2 * HOUR_MS
COMMAND = [sys.executable, "-m", "consumer", "simulate"]

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serving(handler: Handler) -> AbstractAsyncContextManager[str]:
    """The URL of a receiver on loopback."""
    application = web.Application()
    application.router.add_post("/ingest/{platform}", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/ingest/callcost"
    finally:
        await runner.cleanup()


class Receiving:
    """Keeps what it takes; every third request it is not ready for, and says when to come again."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, list[bytes]]] = []
        self.seen = 0

    async def take(self, request: web.Request) -> web.Response:
        self.seen += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        body = await request.read()
        if self.seen % 3 == 1:
            return web.Response(status=503, headers={"Retry-After": "7"})
        self.requests.append((request.content_type, body.rstrip(b"\n").split(b"\n")))
        return web.Response(text='{"received": 1}')


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = float(now_ms)
        self.pauses: list[float] = []

    def __call__(self) -> int:
        return int(self.now_ms)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_ms += max(seconds * 1000, 1)


class Listening:
    """A receiver that only notes what it is told, and when."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.delivered = clock, Delivered()
        self.batches: list[Sequence[bytes]] = []
        self.live: list[tuple[int, bytes]] = []

    async def tell(self, event: bytes) -> None:
        self.live.append((self.clock(), event))

    async def tell_batch(self, events: Sequence[bytes]) -> None:
        self.batches.append(list(events))


async def test_every_event_arrives_although_the_receiver_is_not_always_ready(capsys: pytest.CaptureFixture) -> None:
    receiving, clock = Receiving(), Clock(NOW_MS)
    until_ms = NOW_MS + 5 * MINUTE_MS
    async with serving(receiving.take) as url, Posting(url, TOKEN, clock.pause) as receiver:
        await tell(Simulator().told(MORNING_MS), receiver, NOW_MS, until_ms, clock, clock.pause)
    expected = [one.event for one in heard(Simulator(), MORNING_MS, until_ms)]
    assert [event for _, events in receiving.requests for event in events] == expected
    assert receiver.delivered == Delivered(told=len(expected), refused=0)
    past = [events for kind, events in receiving.requests if kind == "application/x-ndjson"]
    live = [events for kind, events in receiving.requests if kind == "application/json"]
    assert len(past) + len(live) == len(receiving.requests)
    assert sum(map(len, past)) > 500
    assert all(len(events) <= MOST_EVENTS for events in past)
    assert len(live) > 20
    assert all(len(events) == 1 for events in live)
    assert 7.0 in clock.pauses  # as it was asked for
    told = capsys.readouterr().err
    assert "answered 503" in told
    assert TOKEN not in told


async def test_the_past_is_told_at_once_and_what_is_to_come_at_its_time() -> None:
    clock = Clock(NOW_MS)
    receiver = Listening(clock)
    until_ms = NOW_MS + 10 * MINUTE_MS
    await tell(Simulator().told(MORNING_MS), receiver, NOW_MS, until_ms, clock, clock.pause)
    told = heard(Simulator(), MORNING_MS, until_ms)
    assert [event for batch in receiver.batches for event in batch] == [
        one.event for one in told if one.told_ms <= NOW_MS
    ]
    live = [one for one in told if one.told_ms > NOW_MS]
    assert [event for _, event in receiver.live] == [one.event for one in live]
    assert all(at_ms - one.told_ms in range(5) for (at_ms, _), one in zip(receiver.live, live, strict=True))
    assert clock() >= until_ms


async def test_a_batch_is_bounded_by_bytes_too() -> None:
    clock = Clock(NOW_MS)
    receiver = Listening(clock)
    large = iter([*(Told(NOW_MS, b"x" * 200_000) for _ in range(5)), Told(NOW_MS + 1, b"later")])
    await tell(large, receiver, NOW_MS, NOW_MS, clock, clock.pause)
    assert [len(batch) for batch in receiver.batches] == [2, 2, 1]
    assert all(sum(map(len, batch)) <= MOST_BYTES for batch in receiver.batches)
    assert receiver.live == []


async def test_a_refusal_is_shown_and_counted_and_the_rest_goes_on(capsys: pytest.CaptureFixture) -> None:
    async def refuse(request: web.Request) -> web.Response:
        refused = b"bad" in await request.read()
        return web.Response(status=400 if refused else 200, text=f"missing_field: direction, {TOKEN}")

    async with serving(refuse) as url, Posting(url, TOKEN) as receiver:
        for event in (b"good", b"bad", b"good"):
            await receiver.tell(event)
        await receiver.tell_batch([b"bad", b"worse"])
        for _ in range(30):
            await receiver.tell(b"bad")
    assert receiver.delivered == Delivered(told=2, refused=33)
    told = capsys.readouterr().err
    assert "answered 400: missing_field: direction" in told
    assert told.count("missing_field") == 20
    assert TOKEN not in told


@pytest.mark.parametrize(
    ("status", "to_do"), [(401, "CALLCOST_TOKEN"), (403, "CALLCOST_TOKEN"), (404, "path"), (415, "path"), (301, "URL")]
)
async def test_a_denial_ends_it_and_says_what_to_do(status: int, to_do: str) -> None:
    async def deny(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with serving(deny) as url, Posting(url + "?key=hidden", None) as receiver:
        with pytest.raises(Denied, match=f"answered {status}: .*{to_do}") as denied:
            await receiver.tell(b"{}")
    assert "hidden" not in str(denied.value)


async def test_a_receiver_that_is_away_is_waited_for_and_that_is_said_once(
    unused_tcp_port: int, capsys: pytest.CaptureFixture
) -> None:
    receiving, clock = Receiving(), Clock(NOW_MS)
    receiving.seen = 1
    site: list[web.TCPSite] = []
    application = web.Application()
    application.router.add_post("/ingest/{platform}", receiving.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()

    async def pause(seconds: float) -> None:
        await clock.pause(seconds)
        if len(clock.pauses) == 3:
            site.append(web.TCPSite(runner, "127.0.0.1", unused_tcp_port))
            await site[0].start()

    async with Posting(f"http://127.0.0.1:{unused_tcp_port}/ingest/callcost", TOKEN, pause) as receiver:
        await receiver.tell(b"{}")
    await runner.cleanup()
    assert clock.pauses == [0.5, 1.0, 2.0]
    assert receiver.delivered.told == 1
    told = capsys.readouterr().err
    assert told.count("trying again until it takes calls") == 1
    assert told.count("takes calls again") == 1


@pytest.mark.parametrize(
    ("attempt", "retry_after", "seconds"),
    [(0, None, 0.5), (1, None, 1.0), (50, None, 30.0), (0, "3", 3.0), (9, "0", 0.0), (0, "Fri, 31 Dec 2027", 0.5)],
)
def test_pauses_grow_unless_the_receiver_says_how_long(attempt: int, retry_after: str | None, seconds: float) -> None:
    assert pause_s(attempt, retry_after) == seconds


async def command(*options: str, **environment: str) -> tuple[int, str, str]:
    """The process: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment}
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_posts_with_the_token_and_sums_up(tmp_path: Path) -> None:
    receiving = Receiving()
    receiving.seen = 1
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    async with serving(receiving.take) as url:
        options = ("--to", url, "--past", "10m", "--for", "0s")
        found, wrong = await asyncio.gather(
            command(*options, "--token-file", str(token_file)),
            command(*options, CALLCOST_TOKEN="another"),  # noqa: S106
        )
    code, out, err = found
    number = sum(len(events) for _, events in receiving.requests)
    assert (code, out) == (0, "")
    assert number > 10
    assert f"{number:,} events told, 0 refused" in err
    code, out, err = wrong
    assert code == 1
    assert "answered 401" in err
    assert "--token-file" in err
    assert "0 events told" in err
    assert "another" not in out + err


async def signalled(number: signal.Signals) -> tuple[int | None, bytes]:
    """A process that is telling, and then gets a signal: exit code and standard error."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--to", "stdout", "--past", "10m", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert json.loads(await process.stdout.readline())["call_id"]
    process.send_signal(number)
    _, err = await process.communicate()
    return process.returncode, err


async def test_a_signal_ends_it_cleanly() -> None:
    for code, err in await asyncio.gather(signalled(signal.SIGINT), signalled(signal.SIGTERM)):
        assert code == 0
        assert b"events told, 0 refused" in err
        assert b"Traceback" not in err


def test_standard_output_has_an_event_a_line() -> None:
    result = CliRunner().invoke(app, ["simulate", "--to", "stdout", "--past", "1h", "--for", "0s", "--seed", "7"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) > 60
    assert all(json.loads(line)["call_id"] for line in lines)
    assert f"{len(lines):,} events told" in result.stderr


async def test_nobody_reading_any_more_is_no_mistake() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--to", "stdout", "--past", "1h", stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    _, err = await process.communicate()
    assert process.returncode == 0
    assert err.decode().strip() == "0 events told, 0 refused"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "kafka"], "callcost.toml: no such file"),
        (["--to", "ftp://example.org/calls"], "/ingest/callcost"),
        (["--to", "stdout", "--past", "soon"], "30d"),
        (["--to", "stdout", "--past", "400d"], "366d"),
        (["--to", "stdout", "--scenario", "flood"], "carrier-price"),
        (["--to", "http://127.0.0.1:1/", "--token-file", "EMPTY"], "expected a token"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_told(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("EMPTY").touch()
    result = CliRunner().invoke(app, ["simulate", *options])
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


async def test_a_token_of_several_lines_is_not_sent_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first-line\nsecond-line")
    result = CliRunner().invoke(app, ["simulate", "--to", "http://127.0.0.1:1/", "--token-file", str(path)])
    assert result.exit_code == 2
    assert "expected a token" in result.stderr
    assert "first-line" not in result.stderr
