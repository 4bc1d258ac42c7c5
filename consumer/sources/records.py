"""Records in bytes: where one ends and the next begins, and the line that each begins on.

Owns the two framings. `json`: an object a line, or one array or one object over the whole input. `csv`: a row, which
may hold newlines in quotes. Pure: knows no file, and no field of a record. What is badly made is handed on as it
stands, for the decoder to reject.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Literal, NamedTuple, Protocol

import msgspec

Framing = Literal["json", "csv"]

#: A record is no longer than this. A longer line is cut here, and quotes that stay open for longer were never meant.
LONGEST_RECORD = 1 << 20  # bytes
MOST_LINES = 64  # of a CSV row

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Framed(NamedTuple):
    """A record and where it begins."""

    number: int  # of its first line, or of the item in an array; from 0
    value: bytes


class Splitter(Protocol):
    """Records out of bytes that come in pieces, cut anywhere."""

    ends: list[int]  #: the byte before which each record of the last feed or finish ends; the next can begin there

    def feed(self, piece: bytes) -> list[Framed]:
        """The records that this piece completes."""

    def finish(self) -> list[Framed]:
        """What is left when nothing more comes: a last line needs no newline."""


def splitter_for(framing: Framing, at_beginning: bool = True) -> Splitter:
    """A splitter for records that follow one another, from the beginning of a file or from the end of a record on."""
    return JsonLines(at_beginning) if framing == "json" else CsvRows(at_beginning)


_Line = tuple[bytes, int]  # without its newline; the byte that it ends before, newline included


class _Lines:
    """Lines out of pieces."""

    def __init__(self, at_beginning: bool) -> None:
        self._rest = b""
        self._is_first = at_beginning
        self._end = 0  # of the last line
        self._cut = 0  # bytes that the rest lacks

    def feed(self, piece: bytes) -> list[_Line]:
        joined = self._rest + piece
        *lines, self._rest = joined.split(b"\n")
        ends = self._ends(lines)
        if len(joined) > LONGEST_RECORD:
            lines = [line[:LONGEST_RECORD] for line in lines]
            self._cut += max(len(self._rest) - LONGEST_RECORD, 0)
            self._rest = self._rest[:LONGEST_RECORD]  # what follows up to the newline is cut as well
        return self._without_mark(lines, ends)

    def finish(self) -> list[_Line]:
        rest, self._rest = self._rest, b""
        return self._without_mark([rest], [self._end + self._cut + len(rest)]) if rest else []

    def _ends(self, lines: list[bytes]) -> list[int]:
        if not lines:
            return []
        _, *ends = accumulate((len(line) + 1 for line in lines), initial=self._end + self._cut)
        self._end, self._cut = ends[-1], 0
        return ends

    def _without_mark(self, lines: list[bytes], ends: list[int]) -> list[_Line]:
        if lines and self._is_first:
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        return list(zip(lines, ends, strict=True))


class JsonLines:
    """A record a line; blank lines are none."""

    def __init__(self, at_beginning: bool = True) -> None:
        self.ends: list[int] = []
        self._lines = _Lines(at_beginning)
        self._next = 0  # number of the next line

    def feed(self, piece: bytes) -> list[Framed]:
        """The records that this piece completes."""
        return self._framed(self._lines.feed(piece))

    def finish(self) -> list[Framed]:
        """The last line, where it had no newline."""
        return self._framed(self._lines.finish())

    def _framed(self, lines: list[_Line]) -> list[Framed]:
        first = self._next
        self._next += len(lines)
        self.ends = [end for line, end in lines if line and not line.isspace()]
        return [
            Framed(number, line.removesuffix(b"\r"))
            for number, (line, _) in enumerate(lines, first)
            if line and not line.isspace()
        ]


#: Fields up to the end of the text: each a quoted part (with "" for a quote in it), then what follows it to the comma.
#: A text that does not match ends inside quotes. Possessive throughout, so that no text is tried twice.
_CLOSED = re.compile(rb'(?:"[^"]*+")*+(?!")[^,]*+(?:,(?:"[^"]*+")*+(?!")[^,]*+)*+')


class CsvRows:
    """A record a row. A row of more than MOST_LINES is none: a stray quote stood in its first line.

    Then that line alone is a record, and the next row begins after it.
    """

    def __init__(self, at_beginning: bool = True) -> None:
        self.ends: list[int] = []
        self._lines = _Lines(at_beginning)
        self._first = 0  # number of the first open line
        self._open: list[_Line] = []  # lines of a row whose quotes are not closed yet

    def feed(self, piece: bytes) -> list[Framed]:
        """The records that this piece completes."""
        self.ends = []
        return self._rows(self._lines.feed(piece))

    def finish(self) -> list[Framed]:
        """The last row; where its quotes never close, its first line alone and then what the others make."""
        self.ends = []
        rows = self._rows(self._lines.finish())
        while self._open:
            first, *after = self._open
            self._end_row([first], rows)
            rows += self._rows(after)
        return rows

    def _rows(self, lines: list[_Line]) -> list[Framed]:
        rows: list[Framed] = []
        waiting = deque(lines)
        while waiting:
            line = waiting.popleft()
            row = [*self._open, line]
            if _is_closed(line[0], inside=len(row) > 1):
                self._end_row(row, rows)
            elif len(row) > MOST_LINES or sum(len(text) for text, _ in row) > LONGEST_RECORD:
                waiting.extendleft(reversed(row[1:]))
                self._end_row(row[:1], rows)
            else:
                self._open = row
        return rows

    def _end_row(self, lines: list[_Line], rows: list[Framed]) -> None:
        """These lines are a row, unless they are blank; others are open no more."""
        row = lines[0][0] if len(lines) == 1 else b"\n".join(text for text, _ in lines)
        if row and not row.isspace():
            rows.append(Framed(self._first, row.removesuffix(b"\r")))
            self.ends.append(lines[-1][1])
        self._first += len(lines)
        self._open = []


def _is_closed(line: bytes, inside: bool) -> bool:
    """Whether quotes are closed at the end of a line; `inside`: they were open where it begins."""
    if b'"' not in line:
        return not inside
    return _CLOSED.fullmatch(b'"' + line if inside else line) is not None


_OPENING = re.compile(r"\s*+\[\s*+", re.ASCII)
_COMMA = re.compile(r"\s*+,\s*+", re.ASCII)


def whole_form(head: bytes, is_all: bool) -> Literal["array", "object"] | None:
    """What the first bytes of a JSON input (all of it, if `is_all`) show it to be; None: an object a line.

    An array begins with `[` and then an item's `{` or a new line, or stands alone on its line. An object of several
    lines is one only where all of it is in the first bytes: what is longer is no call.
    """
    text = head.removeprefix(_BYTE_ORDER_MARK).strip()
    first, _, others = text.partition(b"\n")
    if text.startswith(b"["):
        opening = first[1:].lstrip()
        is_array = opening[:1] in (b"", b"{") or (not others and is_all and _is_json(first))
        return "array" if is_array and not (others and _is_json(first)) else None
    if text.startswith(b"{") and others and is_all and not _is_json(first) and _is_json(text):
        return "object"
    return None


def whole_object(whole: bytes) -> Framed:
    """The one object of an input, at the line it begins on."""
    text = whole.removeprefix(_BYTE_ORDER_MARK)
    blank = len(text) - len(text.lstrip())
    return Framed(text.count(b"\n", 0, blank), text.strip())


def array_items(whole: bytes, most: int | None = None) -> tuple[list[Framed], str | None]:
    """The items of an array and, where it breaks off or is malformed, why; then the items before that place.

    No more than `most` of them, however many there are.
    """
    text = whole.removeprefix(_BYTE_ORDER_MARK)
    try:
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        return list(islice(_items_before_break(text), most)), str(error)
    return [Framed(number, bytes(item)) for number, item in enumerate(items[:most])], None


def _items_before_break(text: bytes) -> Iterator[Framed]:
    readable = text.decode("latin-1")  # a character a byte, so that a place in one is a place in the other
    decoder, number = json.JSONDecoder(), 0
    begins = _OPENING.match(readable)
    while begins:
        try:
            _, end = decoder.raw_decode(readable, begins.end())
        except (ValueError, RecursionError):
            return
        yield Framed(number, text[begins.end() : end])
        begins, number = _COMMA.match(readable, end), number + 1


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
