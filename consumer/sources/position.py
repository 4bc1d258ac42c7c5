"""How far a file has been handed over, to be kept with what was: what a restart needs to go on there exactly.

Owns the mark by which a file is known again: its number on its device, and a fingerprint of its first bytes, since a
number is given anew once a file is gone, and a file can be emptied and written again. Knows no directory and no record.
"""

import hashlib
import os
from typing import Annotated

import msgspec

FINGERPRINTED = 4096  # bytes at most

_Count = Annotated[int, msgspec.Meta(ge=0)]


class TailPosition(msgspec.Struct, frozen=True):
    """A file, and the byte up to which it was handed over: the first byte of a record, or the file's end."""

    device: _Count
    inode: _Count
    position: _Count
    fingerprinted: Annotated[int, msgspec.Meta(ge=0, le=FINGERPRINTED)]  # bytes, of those before the position
    fingerprint: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # sha256 of them

    def __post_init__(self) -> None:
        if self.fingerprinted != min(self.position, FINGERPRINTED):
            raise ValueError(f"a fingerprint of {self.fingerprinted} bytes before byte {self.position}")

    @classmethod
    def of(cls, status: os.stat_result, position: int, head: bytes) -> "TailPosition":
        """A byte of a file that begins with `head`, which holds the fingerprinted bytes at least."""
        taken = head[: min(position, FINGERPRINTED)]
        return cls(status.st_dev, status.st_ino, position, len(taken), _fingerprint(taken))

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        return msgspec.json.encode(self)

    @classmethod
    def from_bytes(cls, written: bytes) -> "TailPosition":
        """Raises ValueError for anything that `to_bytes` did not write."""
        try:
            return msgspec.json.decode(written, type=cls)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"no position in a file: {error}") from error

    def is_in(self, status: os.stat_result) -> bool:
        """Whether the file has this number; it may have come to it since."""
        return (status.st_dev, status.st_ino) == (self.device, self.inode)

    def fits(self, descriptor: int) -> bool:
        """Whether an open file is long enough and begins with the bytes that were handed over."""
        if os.fstat(descriptor).st_size < self.position:
            return False
        return _fingerprint(os.pread(descriptor, self.fingerprinted, 0)) == self.fingerprint


def _fingerprint(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()


#: Before any file was seen.
NOWHERE = TailPosition(0, 0, 0, 0, _fingerprint(b""))
