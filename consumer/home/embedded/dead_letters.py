"""Rejected events with their reason and their bytes, until somebody has looked at them.

Owns their table: what is added, shown, asked for again, and dropped when there are too many.
"""

import sqlite3
from collections.abc import Sequence

from consumer.core.calls import Rejection
from consumer.core.intake import Rejected
from consumer.home.dead_letter import DeadLetter
from consumer.home.embedded.checksums import checksum
from consumer.home.embedded.journal import Taken
from consumer.home.failures import Damaged

_COLUMNS = "number, offset, nth, platform, timestamp_ms, value, reason, field, found, expected, state, crc"

_STATES = ("kept", "asked", "replayed")
_STANDING = "SELECT state, count(*) FROM dead_letter INDEXED BY letter_state GROUP BY state"
_AT_ONCE, _AT_ONCE_BYTES = 500, 256 << 10
_OLDEST_KEPT = """
SELECT min(number) FROM (
    SELECT number, row_number() OVER newest AS rank, sum(length(value)) OVER newest AS held
    FROM dead_letter WINDOW newest AS (ORDER BY number DESC)
) WHERE rank <= ? AND held <= ?"""


def add(connection: sqlite3.Connection, rejected: Sequence[Rejected]) -> tuple[int, int]:
    """Store events that were rejected, as many of the first as take some ms, with the bytes that the journal has.

    Returns how many were stored, and their bytes. One that is stored already, because the process ended before the
    checkpoint that comes after, stays as it is.
    """
    stored = held = 0
    while stored < min(len(rejected), _AT_ONCE) and held < _AT_ONCE_BYTES:
        offset, rejection = rejected[stored].offset, rejected[stored].rejection
        row = connection.execute(
            "SELECT platform, timestamp_ms, value FROM record WHERE offset = ?", (offset,)
        ).fetchone()
        if row is None:
            raise Damaged(f"record {offset} is missing in the journal")
        nth = _those_before(rejected, stored)
        told = (offset, nth, *row, rejection.reason, rejection.field, rejection.found, rejection.expected)
        connection.execute(
            "INSERT OR IGNORE INTO dead_letter (offset, nth, platform, timestamp_ms, value, reason, field, found, "
            "expected, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*told, checksum(b"", *told)),
        )
        stored, held = stored + 1, held + len(row[2])
    return stored, held


def _those_before(rejected: Sequence[Rejected], at: int) -> int:
    """How many events of the same record stand right before this one."""
    first = at
    while first and rejected[first - 1].offset == rejected[at].offset:
        first -= 1
    return at - first


def drop_oldest(connection: sqlite3.Connection, most: int, most_bytes: int) -> int:
    """Keep the newest, at most so many with so many bytes in all; how many went. Looks at all of them."""
    row = connection.execute(_OLDEST_KEPT, (most, most_bytes)).fetchone()
    least = row[0] if row[0] is not None else 1 << 62
    return connection.execute("DELETE FROM dead_letter WHERE number < ?", (least,)).rowcount


def standing(connection: sqlite3.Connection) -> tuple[int, bool]:
    """How many were not replayed yet, and whether somebody asks for any to be."""
    by_state = dict(connection.execute(_STANDING))
    return by_state.get("kept", 0) + by_state.get("asked", 0), "asked" in by_state


def find(connection: sqlite3.Connection, number: int) -> DeadLetter | None:
    """One of them."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM dead_letter WHERE number = ?", (number,)).fetchall()  # noqa: S608
    return _letter(rows[0]) if rows else None


def newest(
    connection: sqlite3.Connection, most: int, reason: str | None = None, *, replayed: bool = False
) -> list[DeadLetter]:
    """The newest, oldest first: of one reason or of all, those that were replayed too or not."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM dead_letter WHERE (? IS NULL OR reason = ?) AND (? OR state <> 'replayed') "  # noqa: S608
        "ORDER BY number DESC LIMIT ?",
        (reason, reason, replayed, most),
    ).fetchall()
    return [_letter(row) for row in reversed(rows)]


def ask(connection: sqlite3.Connection, numbers: Sequence[int] | None, reason: str | None = None) -> int:
    """Ask for some to be replayed (None: all that were not yet); how many that are."""
    if numbers is None:
        asked = connection.execute(
            "UPDATE dead_letter SET state = 'asked' WHERE state = 'kept' AND (? IS NULL OR reason = ?)",
            (reason, reason),
        )
        return asked.rowcount
    asked_each = connection.executemany(
        "UPDATE dead_letter SET state = 'asked' WHERE state = 'kept' AND number = ?", [(number,) for number in numbers]
    )
    return asked_each.rowcount


def take_asked(connection: sqlite3.Connection) -> list[Taken]:
    """The records that were asked for, each once; from here on they are replayed."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM dead_letter WHERE state = 'asked' ORDER BY number").fetchall()  # noqa: S608
    letters = {letter.offset: letter for letter in map(_letter, rows)}
    connection.execute("UPDATE dead_letter SET state = 'replayed' WHERE state = 'asked'")
    return [Taken(letter.platform, letter.value) for letter in letters.values()]


def _letter(row: tuple[int, int, int, str, int, bytes, str, str, str, str, str, int]) -> DeadLetter:
    number, offset, _, platform, timestamp_ms, value, reason, field, found, expected, state, crc = row
    if crc != checksum(b"", *row[1:10]) or state not in _STATES:
        raise Damaged(f"dead letter {number} is damaged")
    rejection = Rejection(reason, field, found, expected)  # type: ignore[arg-type]
    return DeadLetter(number, offset, platform, timestamp_ms, value, rejection, state)


class KeptLetters:
    """Those of a file, for people."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(self, most: int, reason: str | None, *, replayed: bool) -> list[DeadLetter]:
        """The newest, oldest first."""
        return newest(self._connection, most, reason, replayed=replayed)

    def standing(self) -> int:
        """How many were not replayed yet."""
        return standing(self._connection)[0]

    def find(self, number: int) -> DeadLetter | None:
        """One of them."""
        return find(self._connection, number)

    def replay(self, numbers: Sequence[int] | None, reason: str | None) -> str:
        """Ask the worker to."""
        asked = ask(self._connection, numbers, reason)
        return f"{asked:,} to be replayed, by the worker at its next checkpoint or when it starts"
