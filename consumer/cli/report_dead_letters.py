"""Rejected events for people and as JSON. In a list phone numbers are masked; one alone is shown as it came in."""

import base64
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consumer.core.instants import format_ms
from consumer.home.dead_letter import DeadLetter
from consumer.home.rejections import masked

_HEX_BYTES = 4096  # of a record that is no text, more is seen with --raw


def dead_letter_json(letter: DeadLetter, *, whole: bool = False) -> dict[str, Any]:
    """One as JSON; `whole` has the record unmasked, as text or, where it is none, in base64."""
    shown = {
        "number": letter.number, "at": format_ms(letter.timestamp_ms), "platform": letter.platform,
        "record": letter.offset, "state": letter.state, "reason": letter.rejection.reason,
        "field": letter.rejection.field, "found": letter.rejection.found, "expected": letter.rejection.expected,
        "bytes": len(letter.value),
    }  # fmt: skip
    if letter.source:
        shown["source"] = letter.source
    if not whole:
        return {**shown, "found": masked(letter.rejection.found)}
    try:
        return {**shown, "value": letter.value.decode()}
    except UnicodeDecodeError:
        return {**shown, "value_base64": base64.b64encode(letter.value).decode()}


def dead_letters_report(letters: Sequence[DeadLetter], standing: int) -> RenderableType:
    """A row each, and how many there are in all."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("number", "record"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("at", "platform", "reason"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    table.add_column("state", no_wrap=True)
    for letter in letters:
        why = masked(str(letter.rejection).partition(": ")[2])
        table.add_row(
            str(letter.number), _record(letter), format_ms(letter.timestamp_ms), letter.platform,
            letter.rejection.reason, Text(why), letter.state,
        )  # fmt: skip
    total = Text(f"rejected events that are kept and were not replayed: {standing:,}")
    return Group(table, total) if letters else total


def dead_letter_report(letter: DeadLetter) -> RenderableType:
    """Why it was rejected, and the record: as text, or in hexadecimal where it is none."""
    head = (
        f"dead letter {letter.number}, {letter.state}: record {_record(letter)}, platform {letter.platform}, "
        f"{format_ms(letter.timestamp_ms)}, {len(letter.value):,} bytes"
    )
    return Group(Text(head, "bold"), Text(str(letter.rejection)), Text(_readable(letter.value)))


def _record(letter: DeadLetter) -> str:
    return f"{letter.source}/{letter.offset}" if letter.source else str(letter.offset)


def _readable(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return _hex(value)
    return text if all(char.isprintable() or char in "\t\r\n" for char in text) else _hex(value)


def _hex(value: bytes) -> str:
    rows = [value[start : start + 16] for start in range(0, min(len(value), _HEX_BYTES), 16)]
    lines = [
        f"{number * 16:08x}  {row.hex(' '):<47}  {''.join(chr(byte) if 32 <= byte < 127 else '.' for byte in row)}"
        for number, row in enumerate(rows)
    ]
    more = len(value) - _HEX_BYTES
    return "\n".join(lines + ([f"and {more:,} bytes more: --raw"] if more > 0 else []))
