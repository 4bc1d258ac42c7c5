"""What became of a file whose name another one has now: found again in its directory.

Owns what rotation does to names: the file is renamed, or copied and emptied (copytruncate), and more than once while
nobody looked. Packed files are not looked into. Knows no record.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

from consumer.sources.position import TailPosition

_PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip")


def rest_of(path: Path, position: TailPosition) -> FileIO | None:
    """The file that a position is in, opened, whatever its name is by now; else the newest copy of it.

    None where neither is there. Raises OSError where it is there and cannot be opened.
    """
    return _of_number(path, position) or _of_number(path, position) or copy_of(path, position)  # it may move meanwhile


def copy_of(path: Path, position: TailPosition) -> FileIO | None:
    """The newest other file that begins with the bytes before a position, opened. Nothing is known by no bytes."""
    if not position.position:
        return None
    others = [(named, status) for named, status in _plain_files(path) if not position.is_in(status)]
    for named, _ in sorted(others, key=lambda other: other[1].st_mtime_ns, reverse=True):
        with suppress(OSError):
            if opened := _opened_if_fits(named, position):
                return opened
    return None


def first_rotated_since(path: Path, mtime_ns: int) -> Path | None:
    """Of the files that had this name once and hold something, the first that was written to after that instant."""
    names = _names_after_rotation(path)
    since = [
        (status.st_mtime_ns, named)
        for named, status in _plain_files(path)
        if status.st_mtime_ns > mtime_ns and status.st_size and names.fullmatch(named.name)
    ]
    return min(since)[1] if since else None


def _of_number(path: Path, position: TailPosition) -> FileIO | None:
    own_name_first = sorted(_plain_files(path), key=lambda file: file[0].name != path.name)
    for named, status in own_name_first:
        is_known = position.position or named.name.startswith(path.stem)  # no bytes fit any file
        if position.is_in(status) and is_known and (opened := _opened_if_fits(named, position)):
            return opened
    return None


def _opened_if_fits(path: Path, position: TailPosition) -> FileIO | None:
    try:
        opened = FileIO(path)
    except FileNotFoundError:
        return None
    if position.fits(opened.fileno()):
        return opened
    opened.close()
    return None


def _plain_files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files beside one of this name, and that one."""
    try:
        with os.scandir(path.parent) as entries:
            found = [Path(entry.path) for entry in entries if not entry.name.endswith(_PACKED)]
    except FileNotFoundError:
        return
    for named in found:
        with suppress(FileNotFoundError):
            if named.is_file():
                yield named, named.stat()


def _names_after_rotation(path: Path) -> re.Pattern[str]:
    """`calls.jsonl.1`, `calls.jsonl-20261102`, `calls-2026-11-02.jsonl`; not `calls-2.jsonl`, another writer's file."""
    name, stem, suffix = map(re.escape, (path.name, path.stem, path.suffix))
    return re.compile(rf"{name}[-._][0-9][-._:T0-9]*|{stem}[-._][0-9](?:[-._:T]?[0-9]){{7,}}{suffix}")
