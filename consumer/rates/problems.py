"""What is wrong with a rate table: each mistake with its file, line and field, and all of them at once."""

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


class RateTableInvalid(Exception):
    """All mistakes of a rate table and its decks."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        number = len(self.problems)
        head = f"rate table: {number} problem{'s' if number > 1 else ''}"
        super().__init__("\n".join([head, *map(str, self.problems)]))
