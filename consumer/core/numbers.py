"""Phone numbers as the digits that a rate deck is matched on.

Owns how a carrier's subscribers dial. Knows no deck and no price.
"""

from dataclasses import dataclass

_DROPPED = str.maketrans("", "", " \t\u00a0().-/")


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How numbers are written where a tariff applies: rate-table.md, Numbers."""

    country_code: str = ""
    national_prefix: str = ""  # "" means that every number without + or international prefix is national
    international_prefix: str = "00"

    def digits(self, number: str | None) -> str:
        """E.164 digits, or "" for no number and for anything but digits (which fits only the prefix "")."""
        if not number:
            return ""
        if number[0] == "+" and (plain := number[1:]).isdigit() and plain.isascii():
            return plain
        dialled = number.translate(_DROPPED)
        if dialled[:1] == "+":
            dialled = dialled[1:]
        elif self.international_prefix and dialled.startswith(self.international_prefix):
            dialled = dialled[len(self.international_prefix) :]
        elif self.country_code and dialled.startswith(self.national_prefix):
            dialled = self.country_code + dialled[len(self.national_prefix) :]
        return dialled if dialled.isascii() and dialled.isdigit() else ""
