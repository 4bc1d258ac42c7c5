"""Comparison with files that were looked at by eye."""

import os
from pathlib import Path

_DIRECTORY = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """The text is the file's, but for blanks at the ends of lines."""
    text = "".join(f"{line.rstrip()}\n" for line in text.split("\n")).rstrip("\n") + "\n"
    path = _DIRECTORY / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    expected = path.read_text() if path.exists() else ""
    assert text == expected, (
        f"{name} differs; if that is meant: UPDATE_GOLDEN=1 pytest tests/surface, and read the diff"
    )
