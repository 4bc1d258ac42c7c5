"""The log of what came in: every record, in order, with its offset, until it is pruned.

Owns offsets and the check that none is missing or changed. All functions are one step of a transaction of their
caller's, or one reading.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from consumer.core.calls import SourceRecord
from consumer.home.embedded.checksums import checksum
from consumer.home.failures import Damaged
from consumer.platforms.formats import header_of

_READ_AT_ONCE = 1_000


class Taken(NamedTuple):
    """A record as it came in."""

    platform: str
    value: bytes


def end_of(connection: sqlite3.Connection) -> int:
    """The offset that the next record gets."""
    newest = connection.execute("SELECT max(offset) FROM record").fetchone()[0]
    return 0 if newest is None else int(newest) + 1


def begin_of(connection: sqlite3.Connection) -> int | None:
    """The least offset that is kept; None when there is none."""
    oldest = connection.execute("SELECT min(offset) FROM record").fetchone()[0]
    return None if oldest is None else int(oldest)


def append(connection: sqlite3.Connection, first: int, now_ms: int, taken: Sequence[Taken]) -> None:
    """Add records at offsets from `first` on."""
    connection.executemany(
        "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
        [
            (offset, platform, now_ms, value, checksum(value, offset, platform, now_ms))
            for offset, (platform, value) in enumerate(taken, first)
        ],
    )


class Records:
    """The records of a journal, read in order."""

    def __init__(self) -> None:
        self._headers: dict[str, tuple[tuple[str, bytes], ...]] = {}  # one object for all records of a platform

    def read(self, connection: sqlite3.Connection, first: int, most: int = _READ_AT_ONCE) -> list[SourceRecord]:
        """The records from an offset on, at most so many. Raises Damaged where one is missing or was changed."""
        rows = connection.execute(
            "SELECT offset, platform, timestamp_ms, value, crc FROM record WHERE offset >= ? ORDER BY offset LIMIT ?",
            (first, most),
        ).fetchall()
        return [self._record(row, expected) for expected, row in enumerate(rows, first)]

    def read_between(self, connection: sqlite3.Connection, first: int, until: int) -> Iterator[SourceRecord]:
        """The records of [first, until). Raises Damaged where any of them is not there."""
        while first < until:
            records = self.read(connection, first, min(_READ_AT_ONCE, until - first))
            if not records:
                raise Damaged(f"record {first} is missing in the journal")
            yield from records
            first += len(records)

    def _record(self, row: tuple[int, str, int, bytes, int], expected: int) -> SourceRecord:
        offset, platform, timestamp_ms, value, crc = row
        if offset != expected:
            raise Damaged(f"record {expected} is missing in the journal")
        if crc != checksum(value, offset, platform, timestamp_ms):
            raise Damaged(f"record {offset} in the journal is damaged")
        headers = self._headers.get(platform)
        if headers is None:
            headers = self._headers[platform] = header_of(platform)
        return SourceRecord(offset, value, headers, timestamp_ms)


def prune(connection: sqlite3.Connection, before: int, older_than_ms: int, most: int) -> int:
    """Forget records below an offset that are old enough, at most so many at once; how many that were.

    The newest record stays: the next offset follows from it.
    """
    first = begin_of(connection)
    if first is None:
        return 0
    until = min(before, first + most, end_of(connection) - 1)
    young = connection.execute(
        "SELECT offset FROM record WHERE offset < ? AND timestamp_ms > ? ORDER BY offset LIMIT 1",
        (until, older_than_ms),
    ).fetchone()
    return connection.execute("DELETE FROM record WHERE offset < ?", (young[0] if young else until,)).rowcount
