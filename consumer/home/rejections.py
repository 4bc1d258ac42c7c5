"""What is said of rejected events: a line each, though not too many, and without phone numbers."""

import logging
import re
import time
from collections.abc import Sequence

from consumer.core.intake import Rejected

log = logging.getLogger("callcost")

_LINES, _IN_S = 20, 60.0
#: Between the digits of one number; what `repr` escapes (a no-break space, a tab) too.
_BETWEEN = r"(?:[\s().\-/\u2010-\u2015]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrt])"
_CLOCK = r"[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?"
_TIME = rf"\d{{4}}-\d\d-\d\d{_CLOCK}|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME_OR_NUMBER = re.compile(rf"(?P<time>(?:{_TIME})(?!\d))|\d(?:{_BETWEEN}{{0,4}}\d){{6,}}")


class RejectionLog:
    """At most so many lines a minute; of the rest, how many they were."""

    def __init__(self) -> None:
        self._since_s = self._told = self._untold = 0.0

    def tell(self, rejected: Sequence[Rejected], source: str = "") -> None:
        """Say what was rejected, with its place in the log. All of it is among the dead letters."""
        for one in rejected:
            now_s = time.monotonic()
            if now_s - self._since_s > _IN_S:
                self._begin_again(now_s)
            if self._told < _LINES:
                self._told += 1
                place = f"{source} record {one.offset}".lstrip()
                log.warning("%s rejected: %s", place, masked(str(one.rejection)))
            else:
                self._untold += 1

    def _begin_again(self, now_s: float) -> None:
        if self._untold:
            log.warning("and %d more were rejected: callcost deadletter list", self._untold)
        self._since_s, self._told, self._untold = now_s, 0, 0


def masked(text: str) -> str:
    """A text for the log: of what may be a phone number only the first and last two digits are shown.

    It may be written in groups. Dates, and times of the day with their date, stay as they are.
    """
    return _TIME_OR_NUMBER.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    if found["time"] is not None:
        return found[0]
    digits = re.sub(_BETWEEN, "", found[0])
    return f"{digits[:2]}…{digits[-2:]}"
