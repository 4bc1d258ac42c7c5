"""The state of the fold in the file: one head and the blocks it names, replaced in one transaction.

Owns what is written, and what goes. What heads and blocks say is `core.snapshot`.
"""

import sqlite3
from collections.abc import Iterable, Mapping


def write(
    connection: sqlite3.Connection, now_ms: int, head: bytes, named: Iterable[str], new_blocks: Mapping[str, bytes]
) -> None:
    """Store a head and its new blocks; blocks that it does not name go."""
    connection.executemany("INSERT OR REPLACE INTO block VALUES (?, ?)", new_blocks.items())
    kept = set(named)
    gone = [(name,) for (name,) in connection.execute("SELECT id FROM block") if name not in kept]
    connection.executemany("DELETE FROM block WHERE id = ?", gone)
    connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?)", (now_ms, head))


def read(connection: sqlite3.Connection) -> tuple[int, bytes, dict[str, bytes]] | None:
    """When the last checkpoint was written, its head and all blocks; None when there is none."""
    found = connection.execute("SELECT written_ms, head FROM checkpoint").fetchone()
    if found is None:
        return None
    return int(found[0]), found[1], dict(connection.execute("SELECT id, value FROM block"))
