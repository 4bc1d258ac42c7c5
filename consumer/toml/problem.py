"""A mistake in a file that somebody wrote: its place, what was found and what was expected."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake."""

    file: str
    line: int  # 0 where the file as a whole is at fault
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        field = f" {self.field}:" if self.field else ""
        return f"{where}:{field} found {self.found}, expected {self.expected}"
