"""Exemplars: for each bucket of the histogram of cost per call, a call that fell into it lately.

Owns which one: the last that was costed. They are for looking a call up, not for any sum, and are not stored.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Exemplar(NamedTuple):
    """One call."""

    call_id: str
    cost_nano: int  # standard
    ended_ms: int


#: direction, number of the bucket
Exemplars = Mapping[tuple[str, int], Exemplar]


def newest(of_parts: Iterable[Exemplars]) -> dict[tuple[str, int], Exemplar]:
    """Of several parts of the source: the call of each bucket that ended last."""
    found: dict[tuple[str, int], Exemplar] = {}
    for exemplars in of_parts:
        for place, one in exemplars.items():
            if place not in found or found[place].ended_ms < one.ended_ms:
                found[place] = one
    return found
