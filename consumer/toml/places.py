"""On which line of a TOML text a key stands.

Owns a light scan for headers and keys: tomllib parses, and forgets where. An inline table's keys are on its line.
"""

import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLES = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]")
_TABLE = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[\]{}]')
#: Up to the end of a multi-line string; in one of double quotes a backslash takes the next character with it.
_ENDS = {'"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"""'), "'''": re.compile(r".*?'''")}


@dataclass
class Places:
    """Lines by path, such as ("version", 0, "pool", 1, "amount")."""

    _lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it that has one."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    @classmethod
    def of(cls, text: str) -> "Places":
        """Scan a text that tomllib parses."""
        scan = _Scan()
        for number, line in enumerate(text.split("\n"), start=1):
            scan.take(line, number)
        return cls(scan.lines)


class _Scan:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._table: Path = ()
        self._last_index: dict[Path, int] = {}  # of arrays of tables
        self._depth = 0  # of brackets that are open across lines
        self._quote = ""  # of a multi-line string that is open

    def take(self, line: str, number: int) -> None:
        if self._quote or self._depth:
            self._go_on(line)
        elif found := _TABLES.match(line):
            *outer, last = _parts(found[1])
            path = (*self._within(outer), last)
            self._last_index[path] = self._last_index.get(path, -1) + 1
            self._table = (*path, self._last_index[path])
            self.lines[self._table] = number
        elif found := _TABLE.match(line):
            self._table = self._within(_parts(found[1]))
            self.lines.setdefault(self._table, number)
        elif found := _KEY.match(line):
            self.lines[(*self._table, *_parts(found[1]))] = number
            self._go_on(line[found.end() :])

    def _within(self, parts: list[str]) -> Path:
        """The path of a header: of an array of tables its last element is meant."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._last_index:
                path = (*path, self._last_index[path])
        return path

    def _go_on(self, rest: str) -> None:
        """Take note of strings and brackets that stay open at the line's end."""
        while rest:
            if self._quote:
                closed = _ENDS[self._quote].match(rest)
                if closed is None:
                    return
                self._quote, rest = "", rest[closed.end() :]
                continue
            found = _TOKEN.search(rest)
            if found is None or found[0].startswith("#"):
                return
            if found[0] in ('"""', "'''"):
                self._quote = found[0]
            elif found[0] in "[{":
                self._depth += 1
            elif found[0] in "]}":
                self._depth -= 1
            rest = rest[found.end() :]


def _parts(dotted: str) -> list[str]:
    return [part[1:-1] if part[0] in "\"'" else part for part in re.findall(_PART, dotted)]
