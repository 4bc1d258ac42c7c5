"""What is wrong with a rate table: all mistakes of its files at once."""

from consumer.toml.problem import Problem

__all__ = ["Problem", "RateTableInvalid"]


class RateTableInvalid(Exception):
    """All mistakes of a rate table and its decks."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        number = len(self.problems)
        head = f"rate table: {number} problem{'s' if number > 1 else ''}"
        super().__init__("\n".join([head, *map(str, self.problems)]))
