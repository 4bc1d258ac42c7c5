"""One growing file, followed by polling: what was written since the last look, as whole records.

Owns rotation and truncation. Knows no clock (the caller says when it looks) and never waits. The file is plain: a JSON
object a line, or CSV. A last line waits for its newline; a CSV row whose quotes stay open, for MOST_LINES lines.

When the file is renamed and made anew nothing is lost: the old one is read until a look at it, after the new one was
seen to hold something, finds nothing more. Its last line then needs no newline. So lines are lost only

- that a slow writer adds to the old file, when another has begun the new one and a poll has found the old one at rest;
- of a file that is made and renamed again between two polls: nobody ever saw its name;
- when the file is truncated in place (copytruncate): those between the last poll and the truncation; and if it has
  grown to its old size again before the next poll, all up to there, for nothing shows that it was truncated.

Nothing is remembered from one process to the next: a restart reads the present file from its beginning.
"""

import os
from collections import deque
from io import FileIO
from pathlib import Path
from typing import Literal

from consumer.core.calls import SourceRecord
from consumer.sources.broken import SourceBroken
from consumer.sources.records import Framing, splitter_for

_PIECE = 1 << 18  # bytes

#: waiting: there is no file of that name. renamed: there is none but an empty one, and what had the name is read on.
TailState = Literal["waiting", "reading", "renamed"]


class FileTail:
    """The records of the file that has a name, then of the next file that has it."""

    def __init__(self, path: Path, framing: Framing, most_records: int = 2_000) -> None:
        self.state: TailState = "waiting"
        self.lag_bytes = 0  # written before the last poll and not handed over by it
        self._path, self._framing, self._most_records = path, framing, most_records
        self._file: FileIO | None = None
        self._position = 0  # read up to here
        self._splitter = splitter_for(framing)
        self._ready: deque[bytes] = deque()
        self._next_offset = 0

    def poll(self, now_ms: int) -> list[SourceRecord]:
        """The next records that are whole by now, at most `most_records`; none is no end.

        Offsets ascend by one over the life of the tail. Raises SourceBroken where the file cannot be opened or read.
        """
        try:
            while len(self._ready) < self._most_records and self._advance():
                pass
            number = min(len(self._ready), self._most_records)
            values = [self._ready.popleft() for _ in range(number)]
            self.lag_bytes = self._unread() + sum(map(len, self._ready))
        except OSError as error:
            raise SourceBroken.by(str(self._path), error) from error
        first, self._next_offset = self._next_offset, self._next_offset + number
        return [SourceRecord(offset, value, (), now_ms) for offset, value in enumerate(values, first)]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _advance(self) -> bool:
        """Read a piece, or go over to the next file; False where there is neither."""
        if self._file is None:
            return self._open()
        has_successor = self._has_successor(self._file)  # before the old one is read, which makes that look the last
        if os.fstat(self._file.fileno()).st_size < self._position:
            self._end_content()
            self._file.seek(0)
        piece = self._file.read(_PIECE)
        if piece:
            self._position += len(piece)
            self._ready.extend(framed.value for framed in self._splitter.feed(piece))
            return True
        if has_successor:
            self._end_content()
            self.close()
        return has_successor

    def _open(self) -> bool:
        try:
            self._file = FileIO(self._path)
        except FileNotFoundError:
            self.state = "waiting"
            return False
        self.state = "reading"
        return True

    def _has_successor(self, file: FileIO) -> bool:
        """Whether another file has the name now and holds something: until then a writer may not have reopened."""
        mine = os.fstat(file.fileno())
        try:
            named = self._path.stat()
        except FileNotFoundError:
            self.state = "renamed"
            return False
        is_another = not os.path.samestat(mine, named)
        self.state = "renamed" if is_another else "reading"
        return is_another and named.st_size > 0

    def _end_content(self) -> None:
        """What was read so far is all there was; it begins anew at 0."""
        self._ready.extend(framed.value for framed in self._splitter.finish())
        self._splitter = splitter_for(self._framing)
        self._position = 0

    def _unread(self) -> int:
        return 0 if self._file is None else max(os.fstat(self._file.fileno()).st_size - self._position, 0)
