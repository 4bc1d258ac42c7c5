"""What is too large for one record, told in parts; it is there when all parts are.

Owns how a value is packed and sealed, so that a byte that changed is noticed.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

MOST_BYTES = 900_000  # of a value; a broker takes records of a little more than 1 MB by default
_CRC_BYTES = 4


class NotAsWritten(Exception):
    """A value is not what was written. The message says how that was seen."""


class Part(msgspec.Struct, array_like=True, frozen=True):
    """One of several."""

    parts: int
    content: bytes


_pack = msgspec.msgpack.Encoder().encode


def sealed(value: Any) -> bytes:
    """A value, with a checksum."""
    body = _pack(value)
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "big")


def unsealed(value: bytes) -> bytes:
    """What was sealed, still packed by msgpack. Raises NotAsWritten."""
    body, crc = value[:-_CRC_BYTES], value[-_CRC_BYTES:]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "big") != crc:
        raise NotAsWritten("its checksum differs")
    return body


def open_part(value: bytes) -> Part:
    """Raises NotAsWritten."""
    try:
        return msgspec.msgpack.decode(unsealed(value), type=Part)
    except msgspec.DecodeError:
        raise NotAsWritten("it is no part of anything") from None


def packed(content: bytes) -> bytes:
    """Some content, in less space."""
    return zlib.compress(content, 1)


def unpacked(content: bytes) -> bytes:
    """The same again. Raises NotAsWritten."""
    try:
        return zlib.decompress(content)
    except zlib.error as error:
        raise NotAsWritten(str(error)) from None


def in_parts(content: bytes) -> list[bytes]:
    """Packed content as the values of as many records as it takes."""
    pieces = [content[first : first + MOST_BYTES] for first in range(0, len(content), MOST_BYTES)]
    return [sealed(Part(len(pieces), piece)) for piece in pieces]


class Parts:
    """What came of something that is told in parts. In any order, some of them twice."""

    def __init__(self) -> None:
        self._of: dict[int, Part] = {}
        self._faults: dict[int, str] = {}  # of those that cannot be read

    def put(self, number: int, part: Part | None) -> None:
        """A part, or that it was removed."""
        self._faults.pop(number, None)
        if part is None:
            self._of.pop(number, None)
        else:
            self._of[number] = part

    def spoil(self, number: int, why: str) -> None:
        """A part that is there, and is not what was written."""
        self._of.pop(number, None)
        self._faults[number] = why

    def __bool__(self) -> bool:
        return bool(self._of or self._faults)

    @property
    def numbers(self) -> list[int]:
        """Those that there are."""
        return [*self._of, *self._faults]

    @property
    def fault(self) -> str | None:
        """Why one of them cannot be read."""
        faults = list(self._faults.values())
        return faults[0] if faults else None

    @property
    def size(self) -> int:
        """Bytes of those that there are."""
        return sum(len(part.content) for part in self._of.values())

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there."""
        return self.pieces is not None

    @property
    def pieces(self) -> tuple[bytes, ...] | None:
        """What all parts hold now, in their order; None where one is missing."""
        of = self._of.copy()  # it may be asked for on another thread than parts come on
        number = of[0].parts if 0 in of else 0
        pieces = tuple(of[one].content for one in range(number) if one in of and of[one].parts == number)
        return pieces if pieces and len(pieces) == number else None

    def content(self) -> bytes:
        """Of all parts together, unpacked. Raises NotAsWritten, also where one is missing."""
        return joined(self.pieces or ())


def joined(pieces: Sequence[bytes]) -> bytes:
    """What was told in pieces, unpacked. Raises NotAsWritten."""
    return unpacked(b"".join(pieces))
