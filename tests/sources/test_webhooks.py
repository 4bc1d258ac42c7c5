"""What a platform that posts is answered, and what of it is made durable."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from consumer.core.instants import parse_rfc3339
from consumer.platforms.formats import FORMATS, LocalTimes, header_of
from consumer.sources.guards import BearerTokens
from consumer.sources.unavailable import Unavailable
from consumer.sources.webhooks import Limits, Webhook, Webhooks

CALL = {
    "call_id": "a", "direction": "inbound", "started_at": "2026-07-20T10:00:00Z", "ended_at": "2026-07-20T10:01:00Z",
    "disposition": "no_answer",
}  # fmt: skip
ANSWERED = {"disposition": "answered", "answered_at": "2026-07-20T10:00:30Z"}  # for 30 s
JSON = json.dumps(CALL).encode()
TOKEN = b"a-token-of-the-platform"
LIMIT = 50_000  # bytes of a body
NOW = "2026-07-20T10:05:00Z"  # by the clock of the server


class Journal:
    """What was made durable; it can be out of order."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[bytes]]] = []
        self.trouble: str | None = None

    async def append(self, platform: str, values: Sequence[bytes]) -> None:
        if self.trouble:
            raise Unavailable(self.trouble)
        self.taken.append((platform, list(values)))


class Door:
    """A server and its journal."""

    def __init__(self, client: TestClient[Any, Any], journal: Journal, webhooks: Webhooks) -> None:
        self.client, self.journal, self.answers = client, journal, webhooks.answers

    async def post(
        self, body: Any, content_type: str = "application/json", platform: str = "callcost", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {TOKEN.decode()}"} | headers
        async with self.client.post(f"/ingest/{platform}", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    @property
    def records(self) -> list[bytes]:
        return [value for _, values in self.journal.taken for value in values]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    local = LocalTimes(ZoneInfo("UTC"))
    known = {
        name: Webhook(form.framing, form.media_types, form.decoder(local), header_of(name), BearerTokens([TOKEN]))
        for name, form in FORMATS.items()
    }
    journal = Journal()
    webhooks = Webhooks(known, journal.append, Limits(LIMIT, 2_000, body_s=0.2), lambda: parse_rfc3339(NOW))
    served = web.Application(client_max_size=LIMIT)
    webhooks.add_to(served)
    server = TestServer(served)
    await server.start_server(auto_decompress=False)  # as the worker's is
    async with TestClient(server) as client:
        yield Door(client, journal, webhooks)


async def test_a_call_is_durable_when_it_is_answered(door: Door) -> None:
    assert await door.post(JSON) == (200, {"received": 1})
    assert door.journal.taken == [("callcost", [JSON])]
    assert door.answers == {("callcost", 200): 1}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[" + JSON + b"," + JSON + b"]", "application/json"),
        (JSON + b"\n" + JSON, "application/x-ndjson"),
        (JSON + b"\r\n\r\n" + JSON + b"\r\n", "application/jsonl; charset=utf-8"),
        (b"\xef\xbb\xbf[" + JSON + b",\n" + JSON + b"]", "application/vnd.example+json"),
    ],
)
async def test_several_calls_come_as_an_array_or_a_line_each(door: Door, body: bytes, content_type: str) -> None:
    assert await door.post(body, content_type) == (200, {"received": 2})
    assert door.records == [JSON, JSON]


async def test_an_array_of_nothing_is_nothing(door: Door) -> None:
    assert await door.post(b"[]") == (200, {"received": 0})
    assert door.records == []


async def test_an_object_over_several_lines_is_one_call(door: Door) -> None:
    body = json.dumps(CALL, indent=2).encode()
    assert await door.post(body) == (200, {"received": 1})
    assert door.records == [body]


async def test_rows_of_a_pbx_are_posted_as_csv(door: Door) -> None:
    row = b'"","1001","2001","ctx","A","SIP/1","SIP/2","Dial","x","2026-07-20 10:00:00","2026-07-20 10:00:05",'
    row += b'"2026-07-20 10:01:00","60","55","ANSWERED","DOCUMENTATION","1.1",""'
    assert await door.post(row + b"\n" + row, "text/csv", "asterisk-csv") == (200, {"received": 2})
    assert door.journal.taken == [("asterisk-csv", [row, row])]


async def test_a_body_of_which_nothing_can_be_read_is_kept_and_refused_with_its_reason(door: Door) -> None:
    """The fold counts it, and the dead letters keep it: so it is durable before it is answered."""
    status, told = await door.post(b"\x00\xff junk")
    assert (status, told["received"], told["rejected"]) == (400, 1, 1)
    (reason,) = told["reasons"]
    assert (reason["item"], reason["reason"], reason["expected"]) == (0, "bad_json", "one JSON object")
    assert door.records == [b"\x00\xff junk"]


async def test_an_array_that_breaks_off_is_refused_as_a_whole(door: Door) -> None:
    """It came in one piece, so what is missing nobody knows."""
    body = b"[" + JSON + b"," + JSON
    status, told = await door.post(body)
    assert (status, told["received"], told["rejected"]) == (400, 1, 1)
    assert door.records == [body]


async def test_of_some_bad_calls_among_good_ones_the_reasons_are_told(door: Door) -> None:
    """It is a success: sent again it would not get better, and the good ones are taken."""
    lines = [JSON, b"{", json.dumps(CALL | {"disposition": "perhaps"}).encode(), JSON]
    status, told = await door.post(b"\n".join(lines), "application/x-ndjson")
    assert (status, told["received"], told["rejected"]) == (200, 4, 2)
    assert [(one["item"], one["reason"], one["field"]) for one in told["reasons"]] == [
        (1, "bad_json", ""), (2, "unknown_value", "disposition"),
    ]  # fmt: skip
    assert told["reasons"][1]["found"] == "a string 'perhaps'"
    assert door.records == lines


@pytest.mark.parametrize(
    ("said", "reason", "field"),
    [
        ({"direction": None}, "missing_field", "direction"),
        ({"disposition": "answered"}, "missing_field", "answered_at"),
        ({"ended_at": "2026-07-20T09:59:59Z"}, "wrong_order", "ended_at"),
        ({"wrap_s": -1}, "negative_duration", "wrap_s"),
        (ANSWERED | {"hold_s": 31}, "negative_duration", "talk_s"),
        ({"started_at": "2026-06-20T10:01:00Z"}, "absurd_duration", "ended_at"),  # 30 days
        ({"ended_at": "2026-07-20T10:10:00.001Z"}, "ended_in_future", "ended_at"),  # 300.001 s after 10:05
        ({"version": 2, "wrap_s": -1}, "negative_duration", "wrap_s"),
        ({"version": 2, "wrap_s": -1, "direction": None}, "negative_duration", "wrap_s"),
        ({"version": 2, "ended_at": "2026-07-20T09:59:59Z"}, "wrong_order", "ended_at"),
    ],
)
async def test_what_a_call_shows_by_itself_is_refused_with_its_reason(
    door: Door, said: dict[str, Any], reason: str, field: str
) -> None:
    body = json.dumps(CALL | said).encode()
    status, told = await door.post(body)
    assert (status, told["received"], told["rejected"]) == (400, 1, 1)
    assert [(one["item"], one["reason"], one["field"]) for one in told["reasons"]] == [(0, reason, field)]
    assert door.records == [body]  # for the fold to count, and for the dead letters


@pytest.mark.parametrize(
    "said",
    [
        {"call_id": "a", "version": 2, "wrap_s": 30},
        {"call_id": "a", "version": 2, "direction": None},  # version 3 may say it again
        {"call_id": "a", "version": 2, "answered_at": "2026-07-20T10:00:30Z", "ended_at": "2026-07-20T10:00:10Z"},
        CALL | {"version": 3, "disposition": "answered"},  # version 2 may say when
        CALL | ANSWERED | {"version": 2, "hold_s": 31},  # version 1 may say how long was talked
        CALL | {"ended_at": "2026-07-20T10:10:00Z"},  # 300 s after 10:05
    ],
)
async def test_what_another_version_may_complete_is_taken(door: Door, said: dict[str, Any]) -> None:
    assert await door.post(json.dumps(said).encode()) == (200, {"received": 1})


async def test_one_half_of_a_call_that_a_platform_tells_in_two_is_taken(door: Door) -> None:
    bye = {"method": "BYE", "callid": "a", "time": 1784541660, "sip_code": "200"}  # 2026-07-20T10:01:00Z
    assert await door.post(json.dumps(bye).encode(), platform="kamailio") == (200, {"received": 1})
    bye["time"] += 3_600  # 56 min ahead of 10:05
    status, told = await door.post(json.dumps(bye).encode(), platform="kamailio")
    assert (status, told["reasons"][0]["reason"]) == (400, "ended_in_future")


async def test_of_two_calls_the_one_that_is_wrong_by_itself_is_told(door: Door) -> None:
    status, told = await door.post(b'[{"call_id":"z"},' + JSON + b"]")
    assert (status, told["received"], told["rejected"]) == (200, 2, 1)
    (one,) = told["reasons"]
    assert (one["item"], one["reason"], one["field"]) == (0, "missing_field", "direction")


async def test_not_every_reason_of_a_large_body_is_told(door: Door) -> None:
    status, told = await door.post(b"{\n" * 1_000, "application/x-ndjson")
    assert (status, told["received"], told["rejected"], len(told["reasons"])) == (400, 1_000, 1_000, 20)


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN.decode()}"])
async def test_without_the_token_nothing_is_received(door: Door, token: str) -> None:
    status, told = await door.post(JSON, Authorization=token)
    assert (status, told) == (401, {"error": "expected Authorization: Bearer with the token of this server"})
    assert door.records == []
    assert door.answers == {("callcost", 401): 1}


async def test_the_token_is_asked_for_before_the_body_is_waited_for(door: Door) -> None:
    is_answered = asyncio.Event()

    async def begun() -> AsyncIterator[bytes]:
        yield b"{"
        await is_answered.wait()

    headers = {"Content-Type": "application/json"}
    async with door.client.post("/ingest/callcost", data=begun(), headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="callcost"'
        is_answered.set()


async def test_an_unknown_platform_is_told_the_known_ones(door: Door) -> None:
    status, told = await door.post(JSON, platform="callcast")
    assert status == 404
    assert told["error"] == (
        "no platform 'callcast', expected one of callcost, asterisk-csv, asterisk-custom-csv, kamailio, twilio"
    )
    await door.post(JSON, platform="x" * 1_000)
    assert door.answers == {("unknown", 404): 2}  # names that strangers choose are no labels


async def test_only_posts_are_taken(door: Door) -> None:
    async with door.client.get("/ingest/callcost") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("content_type", ["text/html", "application/x-www-form-urlencoded", "json", "image/png"])
async def test_what_cannot_be_read_as_calls_is_not_received(door: Door, content_type: str) -> None:
    status, told = await door.post(JSON, content_type)
    assert status == 415
    assert told["error"].startswith(f"found '{content_type}', expected one of application/json, ")
    assert door.records == []


async def test_a_body_that_is_too_large_is_not_received(door: Door) -> None:
    assert (await door.post(b" " * LIMIT + JSON))[0] == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 1_000 + 1):
            yield b" " * 1_000

    assert (await door.post(pieces()))[0] == 413  # its length was not told
    assert door.records == []


async def test_a_body_of_too_many_calls_is_not_received(door: Door) -> None:
    """Each would be a record of its own, and all the others wait until they are written."""
    assert await door.post(b"{}\n" * 2_001, "application/x-ndjson") == (
        413, {"error": "the body holds more than 2000 records"},
    )  # fmt: skip
    assert door.records == []


async def test_a_large_body_is_judged_as_a_small_one_is(door: Door) -> None:
    lines = [JSON, b"{"] * 150
    status, told = await door.post(b"\n".join(lines), "application/x-ndjson")
    assert (status, told["received"], told["rejected"]) == (200, 300, 150)
    assert door.records == lines


async def test_a_packed_body_is_unpacked_no_further_than_is_allowed(door: Door) -> None:
    assert await door.post(gzip.compress(JSON), Content_Encoding="gzip") == (200, {"received": 1})
    assert door.records == [JSON]
    bomb = gzip.compress(b" " * 100 * LIMIT)
    assert len(bomb) < LIMIT
    assert (await door.post(bomb, Content_Encoding="gzip"))[0] == 413
    assert door.records == [JSON]


async def test_a_body_that_is_not_packed_as_it_says_is_refused(door: Door) -> None:
    packed = gzip.compress(JSON)
    for body in (JSON, packed[:-5], packed + b"x", packed + packed, b""):
        status, told = await door.post(body, Content_Encoding="gzip")
        assert status == 400
        assert told["error"].startswith("Content-Encoding: expected gzip: ")
    assert door.records == []


async def test_a_coding_that_is_not_known_is_told(door: Door) -> None:
    status, told = await door.post(JSON, Content_Encoding="br")
    assert (status, told) == (
        415, {"error": "Content-Encoding: found 'br', expected one of gzip, x-gzip, deflate or none"},
    )  # fmt: skip


async def test_a_body_that_does_not_come_is_not_received(door: Door) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for byte in JSON:
            yield bytes([byte])
            await asyncio.sleep(0.05)

    status, told = await door.post(slowly())
    assert (status, told) == (408, {"error": "the body did not come within 0.2 s"})
    assert door.records == []


@pytest.mark.parametrize("depth", [500, 4_000])
async def test_json_that_is_nested_without_end_is_rejected(door: Door, depth: int) -> None:
    for body in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"call_id":' * (depth // 11) + b"1"):
        status, told = await door.post(body)
        assert status == 400
        assert told["rejected"] >= 1
    assert len(door.records) == 3


async def test_when_it_cannot_be_made_durable_it_is_not_received_and_the_sender_tries_again(door: Door) -> None:
    door.journal.trouble = "the disk is full: make room"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN.decode()}"}
    async with door.client.post("/ingest/callcost", data=JSON, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert await answer.json() == {"error": "the disk is full: make room; try again"}
    door.journal.trouble = None
    assert (await door.post(JSON))[0] == 200
    assert door.answers == {("callcost", 503): 1, ("callcost", 200): 1}
