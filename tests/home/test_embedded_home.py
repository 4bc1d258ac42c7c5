"""The embedded home's own promises: whose file it is, what a full disk does, and how long what is kept."""

import asyncio
import json
import resource
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from consumer.app import Worker
from consumer.core.instants import HOUR_MS, format_ms
from consumer.home.embedded import dead_letters
from consumer.home.embedded.group_commit import Batch, GroupCommit
from consumer.home.embedded.journal import Taken
from consumer.home.embedded.store import Store
from consumer.home.failures import HomeBroken, InUse
from consumer.settings import load_settings
from consumer.sources.unavailable import Unavailable
from tests.home.at_rest import figures, figures_in, opened, read
from tests.home.contract import assert_figures, call, post
from tests.worker_process import WorkerProcess, until

RATES = """
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2020-01-01
[[version.fee]]
name = "each"
driver = "call"
price = "0.5"
"""
NOW_MS = 0  # when the test began


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "NOW_MS", time.time_ns() // 1_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rates.toml").write_text(RATES)
    (tmp_path / "callcost.toml").write_text('rates = "rates.toml"\n')
    return tmp_path


@pytest.fixture
def worker(folder: Path) -> Iterator[WorkerProcess]:
    process = WorkerProcess(folder, "[home]\ncheckpoint_s = 0.1\n")
    process.start()
    yield process
    process.kill()


async def test_what_comes_before_the_first_record_is_written_waits_for_it(folder: Path) -> None:
    """It listens before it begins its journal, which says first under which rate table calls are costed."""
    worker = Worker(load_settings(folder / "callcost.toml"))
    home = worker.home
    await home.open()
    writing = asyncio.create_task(home.run())
    early = asyncio.create_task(home.append("callcost", [call("early")]))
    await asyncio.sleep(0.05)
    assert not early.done()
    await home.restore(worker.rates.written, worker.rates.table)
    await early
    following = asyncio.create_task(home.follow())
    home.stop()
    await asyncio.gather(writing, following)
    assert home.counts.received == 1
    await home.close()


# Whose file it is.


def test_the_file_is_for_its_owner_alone(worker: WorkerProcess) -> None:
    """Calls hold phone numbers."""
    post(worker, [call("a")])
    for name in ("callcost.db", "callcost.db-wal", "callcost.db-shm"):
        assert stat.S_IMODE((worker.folder / name).stat().st_mode) == 0o600, name


def test_a_second_worker_on_the_same_file_is_refused_and_the_first_goes_on(worker: WorkerProcess) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "consumer", "run"], cwd=worker.folder, capture_output=True, timeout=60, check=False
    )
    assert refused.returncode == 1
    assert b"callcost.db is in use by another callcost" in refused.stderr
    post(worker, [call("a")])


def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "phone.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE book (number TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(HomeBroken, match="is a file of another program: set \\[home\\] path to another file"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Sir or Madam, " * 100)
    with pytest.raises(HomeBroken, match=r"is damaged \(file is not a database\): restore it from a backup, or"):
        Store(path)
    assert path.read_bytes() == b"Dear Sir or Madam, " * 100


def test_a_newer_format_says_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path / "callcost.db")
    store.writer.execute("PRAGMA user_version = 7")
    store.close()
    with pytest.raises(HomeBroken, match="has format 7 and this version of callcost reads 1: run the version that"):
        Store(tmp_path / "callcost.db")


@pytest.mark.parametrize("place", ["/proc/callcost.db", "missing/callcost.db"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    with pytest.raises(HomeBroken, match=r"callcost\.db: .*; set \[home\] path to a file that can be written"):
        Store(tmp_path / place)


def test_the_file_is_free_again_when_its_owner_ends(tmp_path: Path) -> None:
    first = Store(tmp_path / "callcost.db")
    with pytest.raises(InUse):
        Store(tmp_path / "callcost.db")
    first.close()
    Store(tmp_path / "callcost.db").close()


# A disk that takes no more.


def test_a_full_disk_answers_503_and_loses_nothing(worker: WorkerProcess) -> None:
    """The limit of a file's size is to SQLite what a full disk is: the write fails."""
    told = [call(f"c{number}") for number in range(1_000)]
    post(worker, told[:100])
    until(worker.is_up_to_date)
    limit_file_size(worker, (worker.folder / "callcost.db-wal").stat().st_size + 10_000)
    refused = 0
    for start in range(100, 1_000, 100):
        refused += not is_taken(worker, told[start : start + 100])
    assert refused >= 7
    assert worker.metrics()["callcost_store_writable"] == 0
    (trouble,) = worker.status()["troubles"]
    assert trouble.startswith("calls are refused: callcost.db: the disk ")
    assert worker.get("/api/windows")["not_ready"] is None  # what is known is still shown
    limit_file_size(worker, resource.RLIM_INFINITY)
    for start in range(100, 1_000, 100):
        post(worker, told[start : start + 100])  # some for the second time
    until(lambda: worker.status()["troubles"] == [])
    until(worker.is_up_to_date)
    assert worker.metrics()["callcost_store_writable"] == 1
    counts = worker.status()["counts"]
    assert (counts["costed"], counts["received"]) == (1_000, 1_000 + counts["duplicates"])
    worker.kill()
    worker.start()
    until(worker.is_up_to_date)
    assert worker.status()["counts"] == counts
    said = (worker.folder / "worker.1.log").read_text()
    assert said.count("calls are refused: callcost.db: the disk ") == 1
    assert said.count("calls are taken again") == 1


def test_a_full_disk_when_it_is_told_to_stop_loses_nothing(worker: WorkerProcess) -> None:
    told = [call(f"c{number}") for number in range(100)]
    post(worker, told)
    limit_file_size(worker, 0)
    assert not is_taken(worker, [call("refused")])
    worker.stop()
    worker.start()
    until(worker.is_up_to_date)
    assert_figures(worker, told)


async def test_a_file_that_became_read_only_answers_unavailable_and_is_written_again_later(folder: Path) -> None:
    async with opened(folder, lambda: NOW_MS) as worker:
        home = worker.home
        await home.append("callcost", [call("a")])
        home._store.writer.execute("PRAGMA query_only = ON")
        with pytest.raises(Unavailable, match="cannot be written: mount the disk for writing, or mend the file's"):
            await home.append("callcost", [call("b")])
        assert home.state.trouble is not None
        with pytest.raises(Unavailable):
            await home.checkpoint()
        assert home.state.store_trouble is not None
        home._store.writer.execute("PRAGMA query_only = OFF")
        await home.append("callcost", [call("b")])
        assert home.state.trouble is None
        assert home.state.store_trouble is not None  # no checkpoint was stored since
        assert home.behind == 2
    async with opened(folder, lambda: NOW_MS) as worker:
        assert worker.home.pipeline is not None
        assert worker.home.pipeline.counts.costed == 2


async def test_while_the_file_is_read_only_posts_are_answered_503_and_tried_again_later(folder: Path) -> None:
    """SQLite is told to write nothing: it fails as on a disk that was mounted anew without writing."""
    with (folder / "callcost.toml").open("a") as settings:
        settings.write("[http]\nport = 0\n")
    worker = Worker(load_settings(folder / "callcost.toml"), lambda: NOW_MS)

    async def posted(url: str) -> int:
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{url}/ingest/callcost", data=call("a"), headers=headers) as answer:
            assert answer.status == 200 or answer.headers["Retry-After"] == "1"
            return answer.status

    async def look(url: str) -> None:
        assert await posted(url) == 200
        worker.home._store.writer.execute("PRAGMA query_only = ON")
        assert await posted(url) == 503
        async with session.get(f"{url}/api/status") as answer:
            (trouble,) = (await answer.json())["troubles"]
        assert "the file cannot be written: mount the disk for writing" in trouble
        worker.home._store.writer.execute("PRAGMA query_only = OFF")
        assert await posted(url) == 200
        assert worker.home.state.trouble is None

    async with aiohttp.ClientSession() as session:
        await worker.run(look)
    _, counts = await figures_in(folder, NOW_MS)
    assert (counts.costed, counts.duplicates) == (1, 1)


def limit_file_size(worker: WorkerProcess, size: int) -> None:
    _, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def is_taken(worker: WorkerProcess, events: Sequence[bytes]) -> bool:
    headers = {"Content-Type": "application/x-ndjson"}
    asked = urllib.request.Request(f"{worker.url}/ingest/callcost", b"\n".join(events), headers)
    try:
        with urllib.request.urlopen(asked):
            return True
    except urllib.error.HTTPError as refused:
        with refused:
            assert (refused.code, refused.headers["Retry-After"]) == (503, "1")
            assert "the disk" in json.load(refused)["error"]
        return False


# Who must wait.


async def test_senders_are_told_to_wait_when_too_much_is_not_written_yet() -> None:
    is_written = asyncio.Event()
    written: list[bytes] = []

    async def write(group: Sequence[Batch]) -> None:
        await is_written.wait()
        written.extend(record.value for batch in group for record in batch.taken)

    commits = GroupCommit(write, most_waiting_bytes=10)
    work = asyncio.create_task(commits.run())
    first = asyncio.create_task(commits.add([Taken("p", b"12345")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it is being written, and waits no more
    second = asyncio.create_task(commits.add([Taken("p", b"67890")]))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too much is waiting"):
        await commits.add([Taken("p", b"abcdef")])
    is_written.set()
    await asyncio.gather(first, second)
    assert written == [b"12345", b"67890"]
    commits.stop()
    await work
    with pytest.raises(Unavailable, match="is being ended"):
        await commits.add([Taken("p", b"x")])


async def test_a_batch_larger_than_the_bound_is_taken_when_nothing_waits() -> None:
    async def write(group: Sequence[Batch]) -> None:
        pass

    commits = GroupCommit(write, most_waiting_bytes=10)
    work = asyncio.create_task(commits.run())
    await commits.add([Taken("p", b"x" * 100)])
    commits.stop()
    await work


async def test_senders_are_told_to_wait_when_the_fold_is_far_behind(folder: Path) -> None:
    async with opened(folder, lambda: NOW_MS) as worker:
        worker.home.keeping = replace(worker.home.keeping, most_behind=10)
        await worker.home.append("callcost", [call(f"c{number}") for number in range(11)])
        with pytest.raises(Unavailable, match="11 records are waiting to be costed"):
            await worker.home.append("callcost", [call("d")])


# How long what is kept.


async def test_the_newest_dead_letters_are_kept_and_those_dropped_are_counted(folder: Path) -> None:
    (folder / "callcost.toml").write_text('rates = "rates.toml"\n[home]\ncheckpoint_s = 0.01\nmost_dead_letters = 10\n')
    async with opened(folder, lambda: NOW_MS) as worker:
        follow = asyncio.create_task(worker.home.follow())
        await worker.home.append("callcost", [b"junk %d" % number for number in range(25)])
        async with asyncio.timeout(20):
            while worker.home.state.dead_letters != 10:
                await asyncio.sleep(0.02)
        assert worker.home.state.dead_letters_dropped == 15
        with worker.home._store.reading() as connection:
            kept = dead_letters.newest(connection, 100)
        assert [letter.value for letter in kept] == [b"junk %d" % number for number in range(15, 25)]
        worker.home.stop()
        await follow


async def test_of_the_journal_only_what_is_still_needed_is_kept(folder: Path) -> None:
    """2 500 calls two days and a bit ago, 500 now: after 24 h nobody asks for a call, after 48 h for no record.

    The place from which the journal is read again is every 1 000th record; it is 2 000 of the 2 501 at which the calls
    of now begin (a rate table is the first record).
    """
    now_ms = NOW_MS - 50 * HOUR_MS
    async with opened(folder, lambda: now_ms) as worker:
        await worker.home.append("callcost", [call_at(f"old-{number}", now_ms) for number in range(2_500)])
        await fold_all(worker)
        await worker.home.checkpoint()
        await worker.home._prune()
        assert offsets_kept(folder) == (0, 2_500)
        now_ms = NOW_MS - HOUR_MS
        await worker.home.append("callcost", [call_at(f"new-{number}", now_ms) for number in range(500)])
        await fold_all(worker)
        await worker.home.checkpoint()
        await worker.home._prune()
        assert offsets_kept(folder) == (2_000, 3_000)
        before = await worker.home.read(lambda seen: read(seen.own[0], NOW_MS))
    found, counts = await figures_in(folder, NOW_MS)
    assert figures(found) == figures(before)
    assert counts.costed == 3_000


async def test_what_a_later_amendment_may_need_is_kept_however_old(folder: Path) -> None:
    """Calls are remembered for three days here, and records need not be kept at all."""
    with (folder / "callcost.toml").open("a") as settings:
        settings.write("[home]\njournal_h = 0\n[fold]\nhorizon_s = 259_200\n")
    now_ms = NOW_MS - 50 * HOUR_MS
    async with opened(folder, lambda: now_ms) as worker:
        await worker.home.append("callcost", [call_at(f"old-{number}", now_ms) for number in range(2_500)])
        now_ms = NOW_MS - HOUR_MS
        await worker.home.append("callcost", [call_at(f"new-{number}", now_ms) for number in range(500)])
        await fold_all(worker)
        await worker.home.checkpoint()
        await worker.home._prune()
        assert offsets_kept(folder) == (0, 3_000)
    async with opened(folder, lambda: NOW_MS) as worker:
        await worker.home.append("callcost", [call_at("old-7", NOW_MS - 50 * HOUR_MS)])
        await fold_all(worker)
        assert worker.home.pipeline is not None
        assert worker.home.pipeline.counts.duplicates == 1


def call_at(call_id: str, now_ms: int) -> bytes:
    """A call that ended at an instant."""
    return call(call_id, started_at=format_ms(now_ms - 60_000), ended_at=format_ms(now_ms))


async def fold_all(worker: Worker) -> None:
    """What `follow` does, once: all that is in the journal is folded."""
    home = worker.home
    assert home.fold is not None
    while home.behind:
        await home._fold_in(home.fold, home._read(home.fold.pipeline.next_offset))


def offsets_kept(folder: Path) -> tuple[int, int]:
    """The least and the greatest offset of the journal."""
    connection = sqlite3.connect(folder / "callcost.db")
    found: tuple[int, int] = connection.execute("SELECT min(offset), max(offset) FROM record").fetchone()
    connection.close()
    return found
