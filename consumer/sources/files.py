"""Recorded files, read once from the first byte to the last, a batch at a time.

Owns opening, gzip, and the offsets of records: they ascend over all files, and `Places` turns one back into a file and
a line. Memory does not grow with a file, except for one JSON array over the whole of it. Knows nothing of what records
say.
"""

import gzip
import io
import os
import sys
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from consumer.core.calls import SourceRecord
from consumer.sources.broken import SourceBroken
from consumer.sources.records import (
    LONGEST_RECORD,
    Framed,
    Framing,
    array_items,
    splitter_for,
    whole_form,
    whole_object,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STANDARD_INPUT = "-"
BATCH = 2_000  # records at most
LONGEST_ARRAY = 256 << 20  # bytes: an array is held whole, for only its end shows that it is one
_PIECE = 1 << 20  # bytes: some 2 000 calls
_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1: what the file holds decides, not its name


class Places:
    """Where a record stands, by its offset: `calls.jsonl:17`, or `calls.json item 3` in an array."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._files: list[tuple[str, str]] = []

    def begin(self, name: str, first_offset: int, of_items: bool) -> None:
        """From this offset on records are of this file."""
        self._first.append(first_offset)
        self._files.append((name, " item " if of_items else ":"))

    def of(self, offset: int) -> str:
        """The place of a record that was read."""
        file = bisect_right(self._first, offset) - 1
        return "".join(self._files[file]) + str(offset - self._first[file] + 1)


def read_files(
    paths: Sequence[str], framing: Framing, places: Places, on_progress: Callable[[int], object]
) -> Iterator[list[SourceRecord]]:
    """Batches of the records of all files, `-` being standard input. Files of gzip are unpacked.

    Fills `places` while it reads; `on_progress` takes the bytes newly read of the files as they lie on the disk.
    Raises SourceBroken: at once for any path that cannot be read; later for a file that proves to be damaged, when all
    of it that is readable was handed over.
    """
    for path in paths:
        if path != STANDARD_INPUT:
            _check(path)
    return _read_all(paths, framing, places, on_progress)


def beginning_of(path: str) -> bytes:
    """The first bytes of a file, unpacked, enough to tell what wrote it. Raises SourceBroken."""
    _check(path)
    with _opened(path) as stream:
        return _head(iter(_Unpacked(path, stream, lambda _: None)))


def known_size(paths: Sequence[str]) -> int | None:
    """Bytes to be read altogether; None where a pipe is among them. The paths were checked by `read_files`."""
    if any(path == STANDARD_INPUT or not Path(path).is_file() for path in paths):
        return None
    return sum(Path(path).stat().st_size for path in paths)


def _check(path: str) -> None:
    try:
        if Path(path).is_dir():
            raise IsADirectoryError(None, "is a directory")
        Path(path).stat()
        if not os.access(path, os.R_OK):  # not opened yet: a pipe can be opened only once
            raise PermissionError(None, "permission denied")
    except OSError as error:
        raise SourceBroken.by(path, error) from error


def _read_all(
    paths: Sequence[str], framing: Framing, places: Places, on_progress: Callable[[int], object]
) -> Iterator[list[SourceRecord]]:
    next_offset = 0
    for path in paths:
        first = next_offset
        for framed in _read_file(path, framing, places, first, on_progress):
            for start in range(0, len(framed), BATCH):
                batch = [SourceRecord(first + number, value) for number, value in framed[start : start + BATCH]]
                next_offset = batch[-1].offset + 1
                yield batch


def _read_file(
    path: str, framing: Framing, places: Places, first_offset: int, on_progress: Callable[[int], object]
) -> Iterator[list[Framed]]:
    name = "standard input" if path == STANDARD_INPUT else path
    with _opened(path) as stream:
        unpacked = _Unpacked(name, stream, on_progress)
        pieces = iter(unpacked)
        head = _head(pieces)
        form = whole_form(head, is_all=len(head) < LONGEST_RECORD) if framing == "json" else None
        places.begin(name, first_offset, of_items=form == "array")
        if form == "array":
            yield from _read_array(name, head, unpacked, pieces)
        elif form == "object":
            yield [whole_object(head)]
        else:
            splitter = splitter_for(framing)
            yield splitter.feed(head)
            for piece in pieces:
                yield splitter.feed(piece)
            if not unpacked.broken:  # else the last line is not whole
                yield splitter.finish()
        if unpacked.broken:
            raise unpacked.broken


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    if path == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb", buffering=0)
    except OSError as error:
        raise SourceBroken.by(path, error) from error


def _head(pieces: Iterator[bytes]) -> bytes:
    """The first LONGEST_RECORD bytes and more, or all there are."""
    head = b""
    while len(head) < LONGEST_RECORD and (piece := next(pieces, b"")):
        head += piece
    return head


def _read_array(name: str, head: bytes, unpacked: "_Unpacked", pieces: Iterator[bytes]) -> Iterator[list[Framed]]:
    whole = bytearray(head)
    for piece in pieces:
        whole += piece
        if len(whole) > LONGEST_ARRAY:
            raise SourceBroken(
                f"{name}: one JSON array of more than {LONGEST_ARRAY >> 20} MiB, which is read only whole; "
                "write an object a line instead: jq -c '.[]'"
            )
    items, fault = array_items(bytes(whole))
    yield items
    if fault and not unpacked.broken:
        raise SourceBroken(
            f"{name}: begins as a JSON array and is none: {fault}; the {len(items)} items before that place were read; "
            "fetch the file anew, or write an object a line"
        )


class _Unpacked:
    """The bytes of a file, unpacked, in pieces. Ends where the file is damaged, and then `broken` says so."""

    def __init__(self, name: str, stream: BinaryIO, on_progress: Callable[[int], object]) -> None:
        self.broken: SourceBroken | None = None
        self._name = name
        self._stream = io.BufferedReader(_Reported(stream, on_progress), _PIECE)

    def __iter__(self) -> Iterator[bytes]:
        gathered = b""
        try:
            packed = self._stream.peek(len(_GZIP)).startswith(_GZIP)
            stream = gzip.GzipFile(fileobj=self._stream) if packed else self._stream
            while piece := stream.read1(_PIECE):  # read() would lose what it read before it came to the damage
                gathered += piece
                if len(gathered) >= _PIECE:
                    yield gathered
                    gathered = b""
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.broken = SourceBroken(
                f"{self._name}: gzip breaks off or is damaged ({error}); every whole record before was read; "
                "fetch the file anew"
            )
        except OSError as error:
            self.broken = SourceBroken.by(self._name, error)
        if gathered:
            yield gathered


class _Reported(io.RawIOBase):
    """A stream that reports how much of it was read."""

    def __init__(self, stream: BinaryIO, on_progress: Callable[[int], object]) -> None:
        self._stream, self._on_progress = stream, on_progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        with memoryview(buffer) as view:
            piece = self._stream.read(len(view))
            view[: len(piece)] = piece
        self._on_progress(len(piece))
        return len(piece)
