"""SQLite's write-ahead log: where its chain of checksums breaks off although it goes on.

Owns the format (https://www.sqlite.org/fileformat2.html#walformat). A frame that does not fit is where SQLite ends
reading: so it finds the end of what was synced before a crash, and so it passes over, without a word, everything after
a byte that the disk changed. The two differ in what follows. Every commit is synced before it is answered, so at most
one can be torn, the last; and frames of the generation before have other salts, both of them.
"""

import struct
from pathlib import Path
from typing import NamedTuple

_HEADER, _FRAME = 32, 24
_BIG_ENDIAN = 0x377F0683  # the magic number's last bit tells the byte order of checksums

_Sums = tuple[int, int]


class Break(NamedTuple):
    """Where the chain breaks off, and how many commits stand there and after it."""

    place: int
    commits: int


def first_break(log: Path) -> Break | None:
    """The first place whose frame is of this generation and does not fit; None when the log is sound."""
    content = log.read_bytes()
    if len(content) < _HEADER + _FRAME:
        return None
    magic, _, page_size, _, *salts = struct.unpack(">6I", content[: _HEADER - 8])
    order = ">" if magic == _BIG_ENDIAN else "<"
    sums = _checksum(content[: _HEADER - 8], (0, 0), order)
    place: int | None = None
    if sums != struct.unpack(">2I", content[_HEADER - 8 : _HEADER]):
        place = 0  # SQLite passes over the whole of it; what generation it was says its first frame
        page_size = page_size if page_size in _PAGE_SIZES else 4096
        salts = list(struct.unpack(">2I", content[_HEADER + 8 : _HEADER + 16]))
    commits, is_of_now = 0, False
    for start in range(_HEADER, len(content) - _FRAME - page_size + 1, _FRAME + page_size):
        frame = content[start : start + _FRAME + page_size]
        _, committed, *found = struct.unpack(">6I", frame[:_FRAME])
        if place is None:
            sums = _checksum(frame[_FRAME:], _checksum(frame[:8], sums, order), order)
            if found != [*salts, *sums]:
                place, is_of_now = start, found[0] == salts[0] or found[1] == salts[1]
        if place is not None and committed and found[:2] == salts:
            commits += 1
    return Break(place, commits) if place is not None and (commits or is_of_now) else None


_PAGE_SIZES = tuple(1 << power for power in range(9, 17))


def _checksum(words: bytes, sums: _Sums, order: str) -> _Sums:
    first, second = sums
    numbers = iter(struct.unpack(f"{order}{len(words) // 4}I", words))
    for even, odd in zip(numbers, numbers, strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
