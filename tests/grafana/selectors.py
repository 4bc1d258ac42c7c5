"""The selectors in a query: which series it takes, over which range, and what it makes of them.

Owns as much of PromQL's grammar as it takes to find them; that a query is valid at all, promtool says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\$\{?\w+(?::\w+)?\}?|[a-zA-Z_:][\w:]*|[0-9.]+[a-zA-Z]*|=~|!~|!=|==|[<>]=?|\S')
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}


@dataclass(frozen=True)
class Selector:
    """`metric{label="value"}[range]`, and the function that it is an argument of."""

    metric: str
    matchers: dict[str, tuple[str, str]]  # operator and value, by label
    range: str | None
    function: str | None


def selectors(expr: str) -> Iterator[Selector]:
    """All of them, in their order."""
    pieces = [*_PIECE.findall(expr), "", ""]
    functions: list[str | None] = []
    at = 0
    while pieces[at]:
        piece, after = pieces[at], pieces[at + 1]
        at += 1
        if piece in _LISTS and after == "(":
            at = pieces.index(")", at) + 1
        elif piece == "[":  # of a subquery
            at = pieces.index("]", at) + 1
        elif piece == "(":
            functions.append(pieces[at - 2] if at > 1 and re.match(r"[a-z]", pieces[at - 2]) else None)
        elif piece == ")":
            functions.pop()
        elif re.match(r"[a-zA-Z_:]", piece) and piece not in _WORDS | _LISTS and after not in {"(", *_LISTS}:
            matchers: dict[str, tuple[str, str]] = {}
            if after == "{":
                end = pieces.index("}", at)
                matchers = _matchers(pieces[at + 1 : end])
                at = end + 1
            length = None
            if pieces[at] == "[":
                end = pieces.index("]", at)
                length = "".join(pieces[at + 1 : end])
                at = end + 1
            yield Selector(piece, matchers, length, functions[-1] if functions else None)


def _matchers(pieces: list[str]) -> dict[str, tuple[str, str]]:
    found = [piece for piece in pieces if piece != ","]
    return {
        label: (operator, value[1:-1])
        for label, operator, value in zip(found[::3], found[1::3], found[2::3], strict=True)
    }
