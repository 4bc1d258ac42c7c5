"""The reference profile: parse, drop duplicates, cost by one dated rate, add to 10 s slices by segment.

What a small program would do with calls, and no more: the measure of what carries it. The same function takes one
event or a batch.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import msgspec

from consumer.core.instants import DAY_MS, parse_rfc3339

_SLICE_MS, _BLOCK_MS = 10_000, 60_000
#: Integer nano-units a second, each valid from an instant on: one a month, for years.
_VALID_FROM = [number * 30 * DAY_MS for number in range(1_000)]
_NANO_A_SECOND = [300_000 + 7 * number for number in range(1_000)]


class _Event(msgspec.Struct, gc=False):
    call_id: str
    version: int = 1
    direction: str = ""
    queue: str = ""
    site: str = ""
    answered_at: str = ""
    ended_at: str = ""


decode = msgspec.json.Decoder(_Event).decode

Key = tuple[int, str, str, str]  # slice, direction, queue, site


class Profile:
    """The state: versions of calls that were seen, and sums of calls and costs. An amendment changes neither sum."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._blocks: dict[int, dict[Key, list[int]]] = {}  # by the minute
        self._changed: set[int] = set()
        self.duplicates = 0

    def fold(self, values: Iterable[bytes]) -> None:
        """Some events, in order."""
        versions, blocks, changed = self._versions, self._blocks, self._changed
        for value in values:
            event = decode(value)
            if versions.get(event.call_id, 0) >= event.version:
                self.duplicates += 1
                continue
            versions[event.call_id] = event.version
            if not event.ended_at:
                continue
            ended_ms = parse_rfc3339(event.ended_at)
            billable_s = -((parse_rfc3339(event.answered_at) - ended_ms) // 1000) if event.answered_at else 0
            cost_nano = billable_s * _NANO_A_SECOND[bisect_right(_VALID_FROM, ended_ms) - 1]
            minute = ended_ms // _BLOCK_MS
            block = blocks.get(minute)
            if block is None:
                block = blocks[minute] = {}
            changed.add(minute)
            key = (ended_ms // _SLICE_MS, event.direction, event.queue, event.site)
            sums = block.get(key)
            if sums is None:
                block[key] = [1, cost_nano]
            else:
                sums[0] += 1
                sums[1] += cost_nano

    def what_changed(self) -> Iterator[tuple[int, list[tuple[Key, list[int]]]]]:
        """Minutes that changed since this was last asked, and all their cells."""
        changed, self._changed = self._changed, set()
        for minute in sorted(changed):
            yield minute, list(self._blocks[minute].items())
