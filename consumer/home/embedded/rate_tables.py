"""Rate tables as they were written, by their hash, and the places in the journal from which on each is in force.

A change of the table is a record of the journal: what it changes, it changes at that place, however often the journal
is read again. So the state is always restored under the table it was made under.
"""

import sqlite3

import msgspec

from consumer.core.calls import Decoded, SourceRecord
from consumer.home.failures import Damaged
from consumer.rates.load import WrittenRates

#: The platform of a record that holds the hash of the table in force from there on. No call is told by it.
SWITCH = "callcost-rate-table"


def no_call(_: SourceRecord) -> tuple[Decoded, ...]:
    """The decoder of such records: they are no events."""
    return ()


def keep(connection: sqlite3.Connection, sha256: str, rates: WrittenRates) -> None:
    """Store what was written, once."""
    decks = msgspec.msgpack.encode(dict(rates.decks))
    connection.execute("INSERT OR IGNORE INTO rate_table VALUES (?, ?, ?, ?)", (sha256, rates.name, rates.text, decks))


def find(connection: sqlite3.Connection, sha256: str) -> WrittenRates:
    """What was written. Raises Damaged when it is not there."""
    row = connection.execute("SELECT name, text, decks FROM rate_table WHERE sha256 = ?", (sha256,)).fetchone()
    if row is None:
        raise Damaged(f"rate table {sha256} is missing")
    name, text, decks = row
    try:
        return WrittenRates(name, text, msgspec.msgpack.decode(decks, type=dict[str, bytes]))
    except msgspec.DecodeError:
        raise Damaged(f"rate table {sha256} is damaged") from None


def forget_unused(connection: sqlite3.Connection, in_use: str) -> None:
    """Forget tables that neither the checkpoint nor any record needs."""
    switches = f"SELECT value FROM record INDEXED BY switch WHERE platform = '{SWITCH}'"  # noqa: S608
    kept = {in_use, *(value.decode() for (value,) in connection.execute(switches))}
    gone = [(sha256,) for (sha256,) in connection.execute("SELECT sha256 FROM rate_table") if sha256 not in kept]
    connection.executemany("DELETE FROM rate_table WHERE sha256 = ?", gone)
