"""How far each followed source was read, stored in one transaction with the records that were read."""

import sqlite3

from consumer.home.checksums import checksum
from consumer.home.failures import HomeBroken


def write(connection: sqlite3.Connection, source: str, position: bytes) -> None:
    """Store how far a source was read."""
    connection.execute(
        "INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (source, position, checksum(position, source))
    )


def read(connection: sqlite3.Connection, source: str) -> bytes | None:
    """How far it was read; None when it never was. Raises HomeBroken."""
    row = connection.execute("SELECT value, crc FROM position WHERE source = ?", (source,)).fetchone()
    if row is None:
        return None
    if row[1] != checksum(row[0], source):
        raise HomeBroken(f"the position of {source} in the file is damaged: restore it from a backup")
    return bytes(row[0])
