"""What chance decides of a leg, and the shapes of times.

Every leg takes the same number of draws, whatever becomes of it: a scenario changes what it is about, and leaves the
other calls as they were. Knows no centre.
"""

from math import exp, log
from random import Random
from statistics import NormalDist
from typing import NamedTuple

_SPREAD = 0.7  # of the logarithm of talk times
_LEAST_DRAW = 1e-9
_standard_normal = NormalDist().inv_cdf


class Draws(NamedTuple):
    """Everything that chance decides of one leg, each in [0, 1)."""

    comes: float
    kind: float
    repeats: float
    destination: float
    number: float
    carrier: float
    site: float
    menu: float
    rings: float
    queues: float
    waits: float
    patience: float
    ending: float
    talk: float
    wrap: float
    held: float
    hold: float
    transfers: float
    outcome: float


_NUMBER_OF_DRAWS = len(Draws._fields)


def draw(source: Random) -> Draws:
    """The draws of one leg."""
    uniform = source.random
    return Draws._make([uniform() for _ in range(_NUMBER_OF_DRAWS)])


def exponential_ms(mean_ms: float, uniform: float) -> int:
    """A time without memory, with the mean asked for."""
    return int(-mean_ms * log(1 - uniform))


def lognormal_ms(mean_ms: float, uniform: float) -> int:
    """A talk time: many short ones and few long ones, with the mean asked for."""
    normal = _standard_normal(max(uniform, _LEAST_DRAW))
    return int(mean_ms * exp(_SPREAD * normal - _SPREAD**2 / 2))
