"""Telephone numbers: who calls, who is called, and who calls again.

Owns the shape of numbers. Nobody is ever called: they are names.
"""

from bisect import bisect_right
from collections import deque
from itertools import accumulate
from zlib import crc32

_REMEMBERED = 200  # callers to whom the last call was of no avail

#: Prefix, number of digits behind it, share of the calls out. Greek mobiles and landlines first, then abroad.
_DESTINATIONS = (
    ("3069", 8, 0.50), ("3021", 8, 0.27), ("3023", 8, 0.11), ("35722", 6, 0.04), ("4420", 8, 0.02), ("4477", 8, 0.02),
    ("4930", 8, 0.02), ("1212", 7, 0.01), ("331", 8, 0.01),
)  # fmt: skip
_UP_TO = tuple(accumulate(share for _, _, share in _DESTINATIONS))
_HOME = "+30"


def outside(draw_destination: float, draw_number: float) -> str:
    """Somebody's number."""
    place = min(bisect_right(_UP_TO, draw_destination), len(_DESTINATIONS) - 1)
    prefix, digits, _ = _DESTINATIONS[place]
    return f"+{prefix}{int(draw_number * 10**digits):0{digits}d}"


def own(queue: str) -> str:
    """The centre's number for a queue: the same one in every run."""
    return f"+3021080{crc32(queue.encode()) % 100_000:05d}"


def is_home(number: str) -> bool:
    """Whether it is in the centre's country."""
    return number.startswith(_HOME)


class RepeatCallers:
    """Numbers of those who will probably call again."""

    def __init__(self) -> None:
        self._numbers: deque[str] = deque(maxlen=_REMEMBERED)

    def remember(self, number: str) -> None:
        """Their call was of no avail."""
        self._numbers.append(number)

    def pick(self, draw: float) -> str | None:
        """One of them, who is forgotten with that; None if there is nobody."""
        if not self._numbers:
            return None
        place = int(draw * len(self._numbers))
        number = self._numbers[place]
        del self._numbers[place]
        return number
