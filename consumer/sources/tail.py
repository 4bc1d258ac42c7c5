"""One growing file, followed by polling: what was written since the last look, as whole records, and up to where.

Owns rotation, truncation and the way on after a restart. Knows no clock (the caller says when it looks) and never
waits. The file is plain: a JSON object a line, or CSV. A last line waits for its newline; a CSV row whose quotes stay
open, for MOST_LINES lines.

When the file is renamed and made anew nothing is lost: the old one is read until a look at it, after a later one was
seen to hold something, finds nothing more. Its last line then needs no newline. Then come those that were rotated
since, by the time of their last line, and at last the present one. When it is copied and emptied (copytruncate) the
rest is read from the copy. So lines are lost only

- that a slow writer adds to the old file, when another has begun the new one and a poll has found the old one at rest;
- of a file that is emptied without a copy: those between the last poll and that moment;
- that are written between the copy and the emptying: they are nowhere;
- of files that were packed or removed before they were read to their end: a restart says that lines may be missing.

Whoever keeps the position with the records that were handed over, and gives it to the next tail, gets every record
once: what was read and not handed over, and lines that were not whole, are read again.
"""

import os
from collections import deque
from io import FileIO
from pathlib import Path
from typing import Literal, NamedTuple

from consumer.sources.broken import SourceBroken
from consumer.sources.growing import GrowingFile, Read
from consumer.sources.position import NOWHERE, TailPosition
from consumer.sources.records import Framing
from consumer.sources.rotated import copy_of, first_rotated_since, rest_of

__all__ = ["FileTail", "TailPosition", "TailState", "Taken"]

#: waiting: there is no file of that name. renamed: there is none but an empty one, and what had the name is read on.
TailState = Literal["waiting", "reading", "renamed"]


class Taken(NamedTuple):
    """Records, and the position after exactly these."""

    values: list[bytes]
    position: TailPosition


class FileTail:
    """The records of the file that has a name, then of the next file that has it."""

    def __init__(
        self, path: Path, framing: Framing, resume: TailPosition | None = None, most_records: int = 2_000
    ) -> None:
        """Raises SourceBroken where the file that `resume` is in cannot be opened."""
        self.state: TailState = "waiting"
        self.lag_bytes = 0  # written before the last poll and not handed over by it
        self.gap = False  # lines may be missing: those between `resume` and the present file
        self.resumed = f"reading {path} from its beginning"  # how it went on, for the log
        self._path, self._framing, self._most_records = path, framing, most_records
        self._file: GrowingFile | None = None
        self._ready: deque[Read] = deque()
        self._taken = resume or NOWHERE
        if self._taken != NOWHERE:
            try:
                self._resume(self._taken)
            except OSError as error:
                raise SourceBroken.by(str(error.filename or path), error) from error

    def poll(self) -> Taken:
        """The next records that are whole by now, at most `most_records`; none is no end.

        The position can move on without records, from a file that was read to its end to the next one. Raises
        SourceBroken where the file cannot be opened or read.
        """
        try:
            while len(self._ready) < self._most_records and self._advance():
                pass
            self.lag_bytes = self._file.unread if self._file else 0
        except OSError as error:
            raise SourceBroken.by(str(self._path), error) from error
        taken = [self._ready.popleft() for _ in range(min(len(self._ready), self._most_records))]
        self.lag_bytes += sum(len(read.value) for read in self._ready)
        if not self._ready and self._file:
            self._taken = self._file.position_at(self._file.ended)
        elif taken:
            self._taken = taken[-1].file.position_at(taken[-1].end)
        return Taken([read.value for read in taken], self._taken)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _resume(self, position: TailPosition) -> None:
        """Go on in the file that the position is in, if that can be found."""
        file = rest_of(self._path, position)
        if file is None:
            self.gap = True
            self.resumed = (
                f"the file it had been reading is gone: lines may be missing, reading {self._path} from its beginning"
            )
            return
        self._file, self.state = GrowingFile(file, self._framing, position.position), "reading"
        name = Path(str(file.name))
        if name.name == self._path.name:
            self.resumed = f"went on at byte {position.position} of {self._path}"
        else:
            self.resumed = f"{self._path} was rotated meanwhile: reading the rest of {name.name} first"

    def _advance(self) -> bool:
        """Read a piece, or go over to the next file; False where there is neither."""
        if self._file is None:
            return self._open(self._path)
        successor = self._successor(self._file)  # before the old one is read, which makes that look the last
        if self._file.is_another:
            self._begin_again(self._file)
        records = self._file.read()
        if records is not None:
            self._ready.extend(records)
            return True
        if successor is None:
            return False
        old = self._file
        if self._open(successor):
            self._ready.extend(old.finish())
            old.close()
        return True

    def _open(self, path: Path) -> bool:
        try:
            self._file = GrowingFile(FileIO(path), self._framing)
        except FileNotFoundError:
            self.state = "renamed" if self._file else "waiting"
            return False
        self.state = "reading"
        return True

    def _successor(self, file: GrowingFile) -> Path | None:
        """The next file that had the name or has it and holds something: until then a writer may not have reopened."""
        mine, named = file.status, _status(self._path)
        if named and os.path.samestat(mine, named):
            self.state = "reading"
            return None
        self.state = "renamed"
        present = self._path if named and named.st_size else None
        return first_rotated_since(self._path, mine.st_mtime_ns) or present

    def _begin_again(self, file: GrowingFile) -> None:
        """The file was emptied: what was not read of it is in a copy, or nowhere."""
        copy = copy_of(self._path, file.read_position())
        if copy:
            self._file = file.continued_in(copy)
        else:
            self._ready.extend(file.finish())
            self._file = file.from_beginning()


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
