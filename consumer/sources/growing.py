"""One open file that grows: its bytes as records, each with the byte it ends before.

Owns what was read of it, and whether it is still the file that was read. Knows no name: a file keeps its place when it
is renamed.
"""

import os
from io import FileIO
from typing import NamedTuple

from consumer.sources.position import FINGERPRINTED, TailPosition
from consumer.sources.records import Framed, Framing, splitter_for

_PIECE = 1 << 18  # bytes


class Read(NamedTuple):
    """A record, and where the next one begins."""

    value: bytes
    file: "GrowingFile"
    end: int


class GrowingFile:
    """A file, read from a record's first byte on."""

    def __init__(self, file: FileIO, framing: Framing, start: int = 0) -> None:
        self.ended = start  # the last record that was read ends here; what follows is read again after a restart
        self._file, self._framing, self._start = file, framing, start
        self._status = os.fstat(file.fileno())
        self._head = os.pread(file.fileno(), min(start, FINGERPRINTED), 0)
        self._read_to = start
        self._splitter = splitter_for(framing, at_beginning=start == 0)

    @property
    def status(self) -> os.stat_result:
        """What the system says of it now."""
        return os.fstat(self._file.fileno())

    @property
    def unread(self) -> int:
        """Bytes that were written and not read."""
        return max(self.status.st_size - self._read_to, 0)

    @property
    def is_another(self) -> bool:
        """Whether it was emptied, and perhaps written again, since it was read."""
        if self.status.st_size < self._read_to:
            return True
        return os.pread(self._file.fileno(), len(self._head), 0) != self._head

    def read(self) -> list[Read] | None:
        """The records that a further piece completes; None where nothing was written."""
        piece = os.pread(self._file.fileno(), _PIECE, self._read_to)
        if not piece:
            return None
        self._read_to += len(piece)
        self._head += piece[: FINGERPRINTED - len(self._head)]
        return self._placed(self._splitter.feed(piece))

    def finish(self) -> list[Read]:
        """What is left when nothing more comes."""
        return self._placed(self._splitter.finish())

    def position_at(self, end: int) -> TailPosition:
        """The position before which everything up to a record's end lies."""
        return TailPosition.of(self._status, end, self._head)

    def read_position(self) -> TailPosition:
        """The position up to which it was read, inside a record or not."""
        return self.position_at(self._read_to)

    def from_beginning(self) -> "GrowingFile":
        """The same file, to be read anew."""
        return GrowingFile(self._file, self._framing)

    def continued_in(self, copy: FileIO) -> "GrowingFile":
        """A copy of it, to be read on from the record that is not whole yet."""
        self.close()
        return GrowingFile(copy, self._framing, self.ended)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def _placed(self, records: list[Framed]) -> list[Read]:
        ends = [self._start + end for end in self._splitter.ends]
        if ends:
            self.ended = ends[-1]
        return [Read(framed.value, self, end) for framed, end in zip(records, ends, strict=True)]
