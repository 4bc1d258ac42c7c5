"""How far each followed source was read, stored in one transaction with the records that were read."""

import sqlite3

from consumer.home.embedded.checksums import checksum
from consumer.home.failures import Damaged


def write(connection: sqlite3.Connection, source: str, position: bytes) -> None:
    """Store how far a source was read."""
    connection.execute(
        "INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (source, position, checksum(position, source))
    )


def read(connection: sqlite3.Connection, source: str) -> bytes | None:
    """How far it was read; None when it never was. Raises Damaged."""
    row = connection.execute("SELECT value, crc FROM position WHERE source = ?", (source,)).fetchone()
    if row is None:
        return None
    if row[1] != checksum(row[0], source):
        raise Damaged(f"the position of {source} is damaged")
    return bytes(row[0])
