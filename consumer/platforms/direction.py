"""The direction of a call whose platform does not say it.

Owns the rule: the dialplan context where one is known, else the length of the two numbers. Knows no platform.
"""

import re
from dataclasses import dataclass

_PUNCTUATION = str.maketrans("", "", " ().-/")
_INTERNATIONAL = re.compile(r"(?:\+|00)[0-9]+", re.ASCII)

#: Where FreePBX, the most common dialplan, receives calls from trunks.
FREEPBX_INBOUND = frozenset(("from-trunk", "from-pstn", "from-did-direct", "from-sip-external"))


@dataclass(frozen=True, slots=True)
class DirectionRule:
    """Contexts decide first. Then: an extension that calls an outside number is outbound, the reverse is inbound.

    An outside number begins with + or 00 or has more digits than the longest extension. All else is an extension, also
    names such as `client1`, so that a withheld caller's number makes a call internal: name the context of such calls.
    Two outside numbers (a call forwarded out again, or a full number dialled in) are internal too, for the same reason.
    """

    inbound: frozenset[str] = FREEPBX_INBOUND
    outbound: frozenset[str] = frozenset()
    internal: frozenset[str] = frozenset()
    longest_extension: int = 6  # digits

    def direction(self, from_number: str, to_number: str, context: str = "") -> str:
        """inbound, outbound or internal."""
        for name in ("inbound", "outbound", "internal"):
            if context in getattr(self, name):
                return name
        is_from_outside, is_to_outside = self._is_outside(from_number), self._is_outside(to_number)
        if is_from_outside == is_to_outside:
            return "internal"
        return "inbound" if is_from_outside else "outbound"

    def _is_outside(self, number: str) -> bool:
        dialled = number.translate(_PUNCTUATION)
        if _INTERNATIONAL.fullmatch(dialled):
            return True
        return len(dialled) > self.longest_extension and dialled.isascii() and dialled.isdigit()


DEFAULT_RULE = DirectionRule()
