"""Segments: combinations of the values of the configured dimensions, numbered as they come.

Owns the limit on values: beyond it new ones fall into `__other__`. Knows nothing of a call but its dimensions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from consumer.core.calls import OTHER, UNKNOWN, CompletedCall


@dataclass
class Segments:
    """Numbers of segments. A value, once known, stays known: what went to `__other__` stays there."""

    dimensions: tuple[str, ...]
    most_values: int | None = None  # of each dimension but direction; None: no limit (a replay)
    values: list[tuple[str, ...]] = field(default_factory=list)  # by number
    known: list[dict[str, None]] = field(default_factory=list)  # values of each dimension, in the order they came
    _numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    _numbers_of_calls: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of = attrgetter(*self.dimensions)
        self.known = self.known or [{} for _ in self.dimensions]

    def numbers(self, calls: Iterable[CompletedCall]) -> list[int]:
        """The number of each call's segment."""
        found, known = [], self._numbers_of_calls
        for call in calls:
            values = self._of(call)
            number = known.get(values)
            found.append(self._admit(values) if number is None else number)
        return found

    def _admit(self, values: object) -> int:
        texts = values if isinstance(values, tuple) else (values,)
        segment = tuple(self._value(dimension, text or UNKNOWN) for dimension, text in enumerate(texts))
        number = self.number(segment)
        if OTHER not in segment:  # the values that go to __other__ may be without end
            self._numbers_of_calls[values] = number
        return number

    def is_other(self, number: int) -> bool:
        """Whether any value of a segment is `__other__`."""
        return OTHER in self.values[number]

    def number(self, segment: tuple[str, ...]) -> int:
        """The number of a segment, new or known."""
        found = self._numbers.get(segment)
        if found is None:
            found = self._numbers[segment] = len(self.values)
            self.values.append(segment)
        return found

    def _value(self, dimension: int, text: str) -> str:
        known = self.known[dimension]
        if text in known or text == UNKNOWN:
            return text
        if (
            self.most_values is not None
            and self.dimensions[dimension] != "direction"
            and len(known) >= self.most_values
        ):
            return OTHER
        known[text] = None
        return text
