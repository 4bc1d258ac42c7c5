"""The state of the fold in the file: one head and the blocks it names, replaced in one transaction.

Owns what is written, and what goes. What heads and blocks say is `core.snapshot`.
"""

import sqlite3
from collections.abc import Iterable, Mapping

from consumer.home.embedded.checksums import checksum
from consumer.home.failures import Damaged


def write(
    connection: sqlite3.Connection, now_ms: int, head: bytes, named: Iterable[str], new_blocks: Mapping[str, bytes]
) -> None:
    """Store a head and its new blocks; blocks that it does not name go."""
    connection.executemany("INSERT OR REPLACE INTO block VALUES (?, ?)", new_blocks.items())
    kept = set(named)
    gone = [(name,) for (name,) in connection.execute("SELECT id FROM block") if name not in kept]
    connection.executemany("DELETE FROM block WHERE id = ?", gone)
    connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?)", (now_ms, head, checksum(head, now_ms)))


def read(connection: sqlite3.Connection) -> tuple[int, bytes, dict[str, bytes]] | None:
    """When the last checkpoint was written, its head and all blocks; None when there is none. Raises Damaged."""
    found = connection.execute("SELECT written_ms, head, crc FROM checkpoint").fetchone()
    if found is None:
        return None
    written_ms, head, crc = found
    if crc != checksum(head, written_ms):
        raise Damaged("the checkpoint is damaged")
    return written_ms, head, dict(connection.execute("SELECT id, value FROM block"))
