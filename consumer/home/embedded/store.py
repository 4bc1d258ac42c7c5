"""One SQLite file: opened, locked, checked, and written to in transactions that are on the disk when they return.

Owns the file's schema, its lock, and what SQLite's errors mean. Knows no call.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from consumer.home.embedded.wal import first_break
from consumer.home.failures import Damaged, HomeBroken, InUse
from consumer.sources.unavailable import Unavailable

APPLICATION_ID = 0x63616C6C  # "call": what `file` and SQLite know this file by
SCHEMA_VERSION = 1
_WAL_LIMIT_BYTES = 64 << 20  # a write-ahead log that a long reading let grow is cut back to this

_SCHEMA = """
CREATE TABLE record (offset INTEGER PRIMARY KEY, platform TEXT NOT NULL, timestamp_ms INTEGER NOT NULL,
    value BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE INDEX switch ON record (offset) WHERE platform = 'callcost-rate-table';
CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), written_ms INTEGER NOT NULL, head BLOB NOT NULL,
    crc INTEGER NOT NULL) STRICT;
CREATE TABLE block (id TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE rate_table (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, text BLOB NOT NULL, decks BLOB NOT NULL) STRICT;
CREATE TABLE position (source TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE dead_letter (number INTEGER PRIMARY KEY AUTOINCREMENT, offset INTEGER NOT NULL, nth INTEGER NOT NULL,
    platform TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, value BLOB NOT NULL, reason TEXT NOT NULL,
    field TEXT NOT NULL, found TEXT NOT NULL, expected TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'kept',
    crc INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX rejected_event ON dead_letter (offset, nth);
CREATE INDEX letter_state ON dead_letter (state);
"""

#: What passes by itself or when somebody makes room, by SQLite's (extended or primary) code.
_PASSING = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_IOERR_WRITE: "the disk takes no more: make room, or raise the limit on the file's size",
    sqlite3.SQLITE_READONLY: "the file cannot be written: mount the disk for writing, or mend the file's permissions",
    sqlite3.SQLITE_BUSY: "another program holds the file: end it",
    sqlite3.SQLITE_LOCKED: "another program holds the file: end it",
}

#: What SQLite says of a file that is not as it wrote it. A format from the future (SQLITE_ERROR) is a changed byte too:
#: no SQLite that ran this program has written one.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

#: SQLite says what is wrong with a file in words of that file, and these may be no text any more.
_FAILURES = (sqlite3.Error, UnicodeDecodeError, Damaged)


class Store:
    """The file, with one connection that writes and one that reads. Each is used by one thread at a time."""

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        """Open and check it, or make it. Beside a worker that has it: as it is. Raises HomeBroken, InUse."""
        self.path, self.warning = path, None
        self._lock = None if beside else _locked(path)
        try:
            if not beside:
                self.warning = _check_log(path)
            self.writer = self._connect()
            if self._is_empty():
                self._make()
            self._check_format()
            if not beside:
                self._check_pages()
            self.reader = self._connect()
            for connection in (self.writer, self.reader):
                _be_durable(connection)
        except _FAILURES as error:
            self._unlock()
            raise self._meaning(error, HomeBroken) from error
        except HomeBroken:
            self._unlock()
            raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5)

    def _is_empty(self) -> bool:
        self.writer.execute("SELECT count(*) FROM sqlite_schema")  # so that a file half made is undone first
        return self.path.stat().st_size == 0

    def _make(self) -> None:
        self.writer.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
            f"{_SCHEMA} COMMIT;"
        )

    def _check_format(self) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            raise HomeBroken(f"{self.path} is a file of another program: set [home] path to another file")
        if (version := self._pragma("user_version")) != SCHEMA_VERSION:
            raise HomeBroken(
                f"{self.path} has format {version} and this version of callcost reads {SCHEMA_VERSION}: "
                "run the version that wrote it"
            )

    def _check_pages(self) -> None:
        """Whether pages, indexes and schema are as SQLite wrote them. What rows say, their checksums cover."""
        found = [row[0] for row in self.writer.execute("PRAGMA integrity_check(5)")]
        if found == ["ok"] and _schema_of(self.writer) != _expected_schema():
            found = ["the schema was changed"]
        if found != ["ok"]:
            raise HomeBroken(f"{self.path} is damaged ({'; '.join(found)[:300]}): {_RESTORE}")

    def _pragma(self, name: str) -> int:
        return int(self.writer.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it is on the disk afterwards, or none. Raises Unavailable where a later try may succeed."""
        try:
            self.writer.execute("BEGIN IMMEDIATE")
            yield self.writer
            self.writer.execute("COMMIT")
        except _FAILURES as error:
            self._roll_back()
            raise self._meaning(error, Unavailable) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self.writer.in_transaction:
            self.writer.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection that reads what is committed. Raises HomeBroken for a damaged file."""
        try:
            yield self.reader
        except _FAILURES as error:
            raise self._meaning(error, HomeBroken) from error

    def _meaning(self, error: Exception, passing: type[Exception]) -> Exception:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # none: not UTF-8, or Damaged
        remedy = _PASSING.get(code) or _PASSING.get(code & 0xFF)
        if remedy is not None:
            return passing(f"{self.path}: {remedy} ({error})")
        if code & 0xFF in _DAMAGED:
            return HomeBroken(f"{self.path} is damaged ({error}): {_RESTORE}")
        return HomeBroken(f"{self.path}: {error}; check the disk and its permissions, then start again")

    def size_bytes(self) -> int:
        """What the file and its write-ahead log take on the disk."""
        return sum(part.stat().st_size for part in (self.path, _log_of(self.path)) if part.exists())

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        self.reader.close()
        self.writer.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()


def _schema_of(connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
    schema = "SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema ORDER BY name"
    return connection.execute(schema).fetchall()


def _expected_schema() -> list[tuple[bytes, bytes]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        return _schema_of(connection)


def _be_durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # on the disk at every commit: what is answered 2xx stays
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")


@contextmanager
def at_work_or_not(path: Path) -> Iterator[Store]:
    """The file as somebody looks into it from outside, whether or not a worker has it. Raises HomeBroken."""
    if not path.exists():
        raise HomeBroken(f"{path}: no such file; has a worker run with these settings?")
    try:
        store = Store(path)  # checked, before SQLite mends its log in its own way
    except InUse:
        store = Store(path, beside=True)
    try:
        yield store
    finally:
        store.close()


_RESTORE = "restore it from a backup, or move it away and start anew"


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _locked(path: Path) -> BinaryIO:
    """A lock that the system lets go of when the process ends, however it ends."""
    try:
        # Calls hold phone numbers: for this user alone. SQLite gives its other files the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        lock = path.with_name(path.name + "-lock").open("ab")
    except OSError as error:
        raise HomeBroken(f"{path}: {error.strerror}; set [home] path to a file that can be written") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise InUse(f"{path} is in use by another callcost: end that one, or set another [home] path") from None
    return lock


def _check_log(path: Path) -> str | None:
    """SQLite passes over whatever follows a damaged page of its write-ahead log; so it is said here.

    Returns a warning where it may as well have been torn when the power failed.
    """
    log = _log_of(path)
    if not log.exists() or log.stat().st_size == 0:
        return None
    if path.stat().st_size == 0:
        raise HomeBroken(f"{path} is empty, and {log} is of one that was not: {_RESTORE}")
    found = first_break(log)
    if found is None:
        return None
    if found.commits > 1:
        raise HomeBroken(f"{log} is damaged at byte {found.place}, and what came after it is lost: {_RESTORE}")
    return (
        f"{log}: the last commit is damaged at byte {found.place} and was undone; if it was being written when the "
        "power failed or the process was killed, nobody was told that it was stored; otherwise the disk changed it: "
        "check the disk"
    )
