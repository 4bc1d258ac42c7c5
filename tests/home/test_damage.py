"""A file that the disk changed: it is noticed and said, or it made no difference."""

import asyncio
import random
import shutil
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from consumer.home.embedded import dead_letters
from consumer.home.failures import HomeBroken
from tests.home.at_rest import figures, opened, read
from tests.home.contract import call
from tests.home.test_embedded_home import RATES, fold_all

FLIPS = 250

Found = tuple[Any, ...]


@cache
def now_ms() -> int:
    """When the first of these tests began."""
    return time.time_ns() // 1_000_000


@cache
def left_by_a_kill() -> Path:
    """Files as a killed worker leaves them: something is in the file, something in its log, with a checkpoint each."""
    folder = Path(mkdtemp(prefix="callcost-damage-"))
    (folder / "rates.toml").write_text(RATES)
    (folder / "callcost.toml").write_text('rates = "rates.toml"\n')

    async def work() -> None:
        async with opened(folder, now_ms) as worker:
            for part in range(4):
                told = [call(f"c{part}-{number}") for number in range(15)]
                await worker.home.append("callcost", [*told, b"junk %d" % part], ("tail", b"%d" % part))
                await asyncio.sleep(0)
                await fold_all(worker)
                if part < 3:
                    await worker.home.checkpoint()
                if part == 1:
                    worker.home._store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for name in ("callcost.db", "callcost.db-wal"):
                shutil.copy(folder / name, folder / f"{name}.killed")

    asyncio.run(work())
    return folder


def as_it_was(folder: Path, logged: bool = True) -> Path:
    """A folder of its own with the files as they were when the worker was killed."""
    left = left_by_a_kill()
    for name in ("rates.toml", "callcost.toml"):
        shutil.copy(left / name, folder)
    shutil.copy(left / "callcost.db.killed", folder / "callcost.db")
    if logged:
        shutil.copy(left / "callcost.db-wal.killed", folder / "callcost.db-wal")
    return folder


def what_is_in(folder: Path) -> Found:
    """Everything that the next worker would go on from."""

    async def look() -> Found:
        async with opened(folder, now_ms) as worker:
            reading = read(worker.home.pipeline, now_ms())
            with worker.home._store.reading() as connection:
                letters = dead_letters.newest(connection, 100)
            position, state = worker.home.position_of("tail"), worker.home.state
            return figures(reading), reading.counts, letters, position, state.checkpoint_ms

    return asyncio.run(look())


@cache
def expected() -> Found:
    """What the files say while they are whole."""
    return what_is_in(as_it_was(Path(mkdtemp(prefix="callcost-damage-"))))


@cache
def in_one_file() -> bytes:
    """The file after a clean end: its log is folded in."""
    folder = as_it_was(Path(mkdtemp(prefix="callcost-damage-")))
    what_is_in(folder)
    return (folder / "callcost.db").read_bytes()


def test_what_a_killed_worker_leaves_is_all_there(tmp_path: Path) -> None:
    """4 times 15 calls and a rejection; the last checkpoint had 48 of these 64."""
    _, counts, letters, position, _ = what_is_in(as_it_was(tmp_path))
    assert (counts.received, counts.costed) == (64, 60)
    assert [letter.value for letter in letters] == [b"junk 0", b"junk 1", b"junk 2"]
    assert position == b"3"


def places_in(content: bytes, first: int = 0) -> Iterator[int]:
    """The beginning, where everything matters, and places that chance chooses."""
    yield from range(first, 100)
    yield from random.Random(4).sample(range(100, len(content)), FLIPS)  # noqa: S311 - no secret


def test_a_changed_byte_of_the_file_is_noticed_or_makes_no_difference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content, noticed = in_one_file(), 0
    as_it_was(tmp_path, logged=False)
    for place in places_in(content):
        noticed += is_noticed(tmp_path, "callcost.db", flipped(content, place), caplog)
    assert noticed > FLIPS // 5  # most of the rest is room that nothing is written to yet


def test_a_changed_byte_of_the_log_is_noticed_or_makes_no_difference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content, noticed = (left_by_a_kill() / "callcost.db-wal.killed").read_bytes(), 0
    for place in places_in(content):
        as_it_was(tmp_path, logged=False)
        noticed += is_noticed(tmp_path, "callcost.db-wal", flipped(content, place), caplog)
    assert noticed > FLIPS * 9 // 10


def test_a_file_that_breaks_off_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = in_one_file()
    as_it_was(tmp_path, logged=False)
    for length in range(1, len(content), 997):
        assert is_noticed(tmp_path, "callcost.db", content[:length], caplog), length


def test_a_file_that_is_empty_beside_its_log_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    as_it_was(tmp_path)
    log = (tmp_path / "callcost.db-wal").read_bytes()
    (tmp_path / "callcost.db").write_bytes(b"")
    assert is_noticed(tmp_path, "callcost.db-wal", log, caplog)
    assert (tmp_path / "callcost.db-wal").read_bytes() == log


def test_a_log_that_breaks_off_in_its_last_commit_is_as_if_that_had_never_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """So a power failure leaves it; nobody was told that the commit was stored."""
    content = (left_by_a_kill() / "callcost.db-wal.killed").read_bytes()
    for missing in (1, 100, 4095, 4096, 4100):
        as_it_was(tmp_path, logged=False)
        (tmp_path / "callcost.db-wal").write_bytes(content[:-missing])
        _, counts, letters, position, _ = what_is_in(tmp_path)
        assert (counts.received, counts.costed, len(letters), position) == (48, 45, 3, b"2")
    assert not caplog.records


def flipped(content: bytes, place: int) -> bytes:
    """One bit of it changed."""
    return content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]


def is_noticed(folder: Path, name: str, content: bytes, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether anything is said of what the disk changed. Nothing may be said only where nothing is different."""
    for left in folder.glob("callcost.db-*"):
        left.unlink()
    (folder / name).write_bytes(content)
    caplog.clear()
    try:
        found = what_is_in(folder)
    except HomeBroken as broken:
        said = str(broken)
        assert "callcost.db" in said, said
        assert any(remedy in said for remedy in ("backup", "run the version that wrote it", "set [home] path")), said
        return True
    if any("the last commit is damaged at byte" in record.getMessage() for record in caplog.records):
        return True
    assert found == expected()
    return False
