"""Whether a rate table's files have changed since they were last looked at. Owns what tells that; reads none."""

from collections.abc import Iterable
from pathlib import Path

_Look = tuple[tuple[str, int, int, int], ...]


class RatesWatch:
    """A rates.toml and the decks that it named when it was last read."""

    def __init__(self, path: Path, decks: Iterable[str]) -> None:
        self._path = path
        self.follow(decks)

    def follow(self, decks: Iterable[str]) -> None:
        """These are its decks now, and all files are as they were read."""
        self._files = [self._path, *(self._path.parent / deck for deck in decks)]
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Whether any of them was written, replaced or removed since the last look."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> _Look:
        return tuple(map(_mark, self._files))


def _mark(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        return (str(error.errno), 0, 0, 0)
    return ("", found.st_mtime_ns, found.st_size, found.st_ino)
