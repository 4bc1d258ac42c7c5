"""What a batch of records does to the sums, before it is costed: calls to add, and calls to take back.

Owns the pairing of a call as it was with the call as it is, and how far event time had come. Knows no price.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from consumer.core.calls import CompletedCall
from consumer.core.index import Change

FIRST, BEFORE, AFTER, LATE = 0, 1, 2, 3


class Effects:
    """Calls in the order of their records, each with what it is: a BEFORE is always followed by its AFTER."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms  # the watermark; whoever moves it says so
        self.calls: list[CompletedCall] = []
        self._kinds: list[int] = []
        self._told_ms: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.calls)

    def add_first(self, call: CompletedCall) -> None:
        """A call that is costed for the first time."""
        self.calls.append(call)
        self._kinds.append(FIRST)
        self._told_ms.append(self.now_ms)

    def add_late(self, call: CompletedCall) -> None:
        """A call that counts in money and in no window."""
        self.calls.append(call)
        self._kinds.append(LATE)
        self._told_ms.append(self.now_ms)

    def change(self, changes: Iterable[Change]) -> None:
        """Calls as they were, to be taken back, and as they are."""
        for before, after in changes:
            self.calls += (before, after)
            self._kinds += (BEFORE, AFTER)
            self._told_ms += (self.now_ms, self.now_ms)

    def clear(self) -> None:
        """Forget everything: an index that is made again changes no sum."""
        self.calls.clear()
        self._kinds.clear()
        self._told_ms.clear()

    def kinds(self) -> npt.NDArray[np.int64]:
        """FIRST, BEFORE, AFTER or LATE of each call."""
        return np.array(self._kinds, dtype=np.int64)

    def told_ms(self) -> npt.NDArray[np.int64]:
        """How far event time had come when each was told."""
        return np.array(self._told_ms, dtype=np.int64)
