"""Money as integer nano-units (10⁻⁹) of a currency, and the one way to round it.

Owns parsing, formatting and rounding. Knows no currency, no rate and no call. Never a float.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

NANO = 1_000_000_000

#: int64, or Python ints (dtype object) where a bound could not be proved; both follow the same formulas.
IntColumn = npt.NDArray[np.int64] | npt.NDArray[np.object_]

_PLAIN_DECIMAL = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,18}))?", re.ASCII)
_INT64_SAFE = 1 << 60  # carrier, fees and pools of a call are added up: together they stay below 2**62


def parse_decimal(text: str) -> Fraction:
    """A plain non-negative decimal, exactly: at most 15 digits before the point and 18 behind it, no exponent.

    Raises ValueError otherwise.
    """
    found = _PLAIN_DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError(f'expected a plain decimal such as "12.50", found {text!r}')
    whole, decimals = found[1], found[2] or ""
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def round_half_up(value: Fraction) -> int:
    """The nearest integer, ties upwards."""
    return divide_half_up(value.numerator, value.denominator)


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator to the nearest integer, ties upwards; the denominator is positive."""
    return (2 * numerator + denominator) // (2 * denominator)


def format_nano(nano: int) -> str:
    """Nano-units as a decimal string without trailing zeros: 2352941176 is "2.352941176"."""
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    whole, rest = divmod(nano, NANO)
    return f"{sign}{whole}.{rest:09d}".rstrip("0").rstrip(".")


def format_thousandths(thousandths: int) -> str:
    """1250 is "1.250"; used for utilisation and for milliseconds shown in seconds."""
    sign, thousandths = ("-", -thousandths) if thousandths < 0 else ("", thousandths)
    return f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}"


def int_column(values: Iterable[int]) -> IntColumn:
    """Values as int64 where all fit with room to add three, else as Python ints.

    A dong or a rupiah is 10⁻⁹ of very little: 9.2 × 10⁹ of them fill an int64.
    """
    listed = list(values)
    if listed and max(listed) >= _INT64_SAFE:
        return np.array(listed, dtype=object)
    return np.array(listed, dtype=np.int64)


@dataclass(frozen=True)
class Prices:
    """Prices of a row of columns, ready to be multiplied: round_half_up(units × price) for all of them at once.

    Computed in int64 when bounds prove that nothing can overflow, in Python ints otherwise.
    """

    whole: IntColumn  # price = whole + part ÷ denominator
    part: IntColumn
    denominator: IntColumn
    missing: tuple[int, ...]  # columns without a price: they scale to nothing

    @classmethod
    def of(cls, prices: Sequence[Fraction | None], most_units: int) -> "Prices":
        """Prices a unit, for columns of at most `most_units`."""
        split = [
            (*divmod(price.numerator, price.denominator), price.denominator) for price in prices if price is not None
        ]
        fits = all(
            most_units * (whole + 1) < _INT64_SAFE // max(len(prices), 1) and most_units * 2 * denominator < _INT64_SAFE
            for whole, _, denominator in split
        )
        parts = iter(split)
        rows = [(0, 0, 1) if price is None else next(parts) for price in prices]
        columns = np.array(rows, dtype=np.int64 if fits else object).reshape(len(rows), 3).T
        whole, part, denominator = columns
        return cls(whole, part, denominator, tuple(number for number, price in enumerate(prices) if price is None))

    def scale(self, units: npt.NDArray[np.int64]) -> IntColumn:
        """units × price, half-up, column by column."""
        column: IntColumn = units if self.whole.dtype == np.int64 else units.astype(object)
        doubled = 2 * self.denominator
        scaled: IntColumn = column * self.whole + (column * (2 * self.part) + self.denominator) // doubled
        return scaled
