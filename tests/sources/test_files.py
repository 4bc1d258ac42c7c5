"""Recorded files: offsets and places, gzip, and what is said of a file that cannot be read."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from consumer.sources.broken import SourceBroken
from consumer.sources.files import BATCH, Places, beginning_of, known_size, read_files
from consumer.sources.records import Framing


def no_progress(_: int) -> None:
    """Nobody watches."""


def read(*paths: Path | str, framing: Framing = "json") -> tuple[list[tuple[int, bytes]], list[str]]:
    """Offsets and values of all records, and their places without the directory."""
    places = Places()
    records = [
        record for batch in read_files([str(path) for path in paths], framing, places, no_progress) for record in batch
    ]
    return [(record.offset, record.value or b"") for record in records], [
        places.of(record.offset).rpartition("/")[2] for record in records
    ]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_offsets_ascend_over_files_and_tell_the_place(tmp_path: Path) -> None:
    """An offset counts lines, so blank ones are holes; the next file goes on behind the last record."""
    first = written(tmp_path / "a.jsonl", b"\n1\n\n2\n\n\n")
    second = written(tmp_path / "b.json", b'[{"x": 1},\n{"x": 2}]\n')
    empty = written(tmp_path / "empty", b"\n")
    third = written(tmp_path / "c.json", b'\n{\n"y": 1\n}\n')
    records, places = read(first, second, empty, third)
    assert records == [(1, b"1"), (3, b"2"), (4, b'{"x": 1}'), (5, b'{"x": 2}'), (7, b'{\n"y": 1\n}')]
    assert places == ["a.jsonl:2", "a.jsonl:4", "b.json item 1", "b.json item 2", "c.json:2"]


def test_rows_are_placed_by_their_first_line(tmp_path: Path) -> None:
    path = written(tmp_path / "Master.csv", b'"a\nb",1\n[c],2\n')
    assert read(path, framing="csv") == ([(0, b'"a\nb",1'), (2, b"[c],2")], ["Master.csv:1", "Master.csv:3"])


def test_batches_are_bounded_and_lines_across_pieces_stay_whole(tmp_path: Path) -> None:
    lines = [b"%07d" % number for number in range(300_000)]  # 2.4 MB: three pieces
    path = written(tmp_path / "a.jsonl", b"\n".join(lines))
    batches = list(read_files([str(path)], "json", Places(), no_progress))
    assert max(map(len, batches)) <= BATCH
    assert [record.value for batch in batches for record in batch] == lines


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl"])
def test_what_a_file_holds_shows_that_it_is_gzip(tmp_path: Path, name: str) -> None:
    """Several members one after another are one file, as `cat` makes them."""
    path = written(tmp_path / name, gzip.compress(b"1\n2") + gzip.compress(b"2\n3"))
    assert read(path) == ([(0, b"1"), (1, b"22"), (2, b"3")], [f"{name}:1", f"{name}:2", f"{name}:3"])


def test_progress_is_in_bytes_on_the_disk(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.jsonl", b"1\n" * 1000)
    packed = written(tmp_path / "b.jsonl.gz", gzip.compress(b"1\n" * 100_000))
    paths, seen = [str(plain), str(packed)], list[int]()
    assert sum(len(batch) for batch in read_files(paths, "json", Places(), seen.append)) == 101_000
    assert sum(seen) == known_size(paths) == 2000 + packed.stat().st_size


def test_the_size_of_a_pipe_is_unknown(tmp_path: Path) -> None:
    assert known_size([str(written(tmp_path / "a", b"1")), "-"]) is None


def test_the_beginning_of_a_file_is_unpacked_and_enough_to_tell_what_it_is(tmp_path: Path) -> None:
    assert beginning_of(str(written(tmp_path / "a.gz", gzip.compress(b"1\n2\n")))) == b"1\n2\n"
    long = beginning_of(str(written(tmp_path / "b", b"1\n" * (1 << 21))))
    assert 1 << 20 <= len(long) < 1 << 22
    with pytest.raises(SourceBroken):
        beginning_of(str(tmp_path / "none"))


def broken_after(path: Path, framing: Framing = "json") -> tuple[list[bytes], str]:
    """What is read before a file proves to be broken, and what is said then."""
    values: list[bytes] = []
    with pytest.raises(SourceBroken) as raised:
        for batch in read_files([str(path)], framing, Places(), no_progress):
            values += [record.value or b"" for record in batch]
    return values, str(raised.value).replace(f"{path}: ", f"{path.name}: ")


@pytest.mark.parametrize("framing", ["json", "csv"])
def test_gzip_that_breaks_off_gives_every_whole_line_before(tmp_path: Path, framing: Framing) -> None:
    """Half a line may look like a whole row, so it is not handed on."""
    lines = [b"%d,%d" % (number, number * number) for number in range(200_000)]
    packed = gzip.compress(b"\n".join(lines) + b"\n")
    values, said = broken_after(written(tmp_path / "a.gz", packed[: len(packed) // 2]), framing)
    assert values == lines[: len(values)]
    assert 50_000 < len(values) < 150_000  # near the half, at which it breaks off
    assert said.startswith("a.gz: gzip breaks off or is damaged (")
    assert said.endswith("fetch the file anew")


def test_gzip_with_a_wrong_checksum_is_damaged_though_all_of_it_was_read(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"1\n2\n"))
    packed[-8] ^= 1  # the checksum stands in bytes 8 to 5 from the end (RFC 1952, 2.3.1)
    values, said = broken_after(written(tmp_path / "a.gz", bytes(packed)))
    assert values == [b"1", b"2"]
    assert "CRC" in said


def test_an_array_inside_broken_gzip_gives_its_items_before(tmp_path: Path) -> None:
    packed = gzip.compress(b'[{"a":1},{"a":2},' + b'{"a":3},' * 100_000 + b"{}]")
    values, said = broken_after(written(tmp_path / "a.gz", packed[: len(packed) - 20]))
    assert values[:3] == [b'{"a":1}', b'{"a":2}', b'{"a":3}']
    assert "gzip" in said


def test_an_array_that_breaks_off_gives_its_items_before(tmp_path: Path) -> None:
    values, said = broken_after(written(tmp_path / "calls.json", b'[{"a":1},\n{"a":2},\n{"a'))
    assert values == [b'{"a":1}', b'{"a":2}']
    assert said == (
        "calls.json: begins as a JSON array and is none: Input data was truncated; the 2 items before that place were "
        "read; fetch the file anew, or write an object a line"
    )


def test_an_array_too_large_to_hold_says_what_to_do(tmp_path: Path) -> None:
    """257 MiB of blanks, packed to a quarter of one."""
    packed = gzip.compress(b"[\n" + b" " * (257 << 20), compresslevel=1)
    values, said = broken_after(written(tmp_path / "a.json", packed))
    assert values == []
    assert said == (
        "a.json: one JSON array of more than 256 MiB, which is read only whole; write an object a line instead: "
        "jq -c '.[]'"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.jsonl", "none.jsonl: No such file or directory; check the path"),
        ("a.jsonl/b", "b: Not a directory; check the path"),
        ("", ": is a directory; name the files in it"),
    ],
)
def test_all_paths_are_checked_before_the_first_is_read(tmp_path: Path, name: str, said: str) -> None:
    good = written(tmp_path / "a.jsonl", b"1\n")
    with pytest.raises(SourceBroken) as raised:
        read_files([str(good), str(tmp_path / name)], "json", Places(), no_progress)
    assert str(raised.value).endswith(said)


def test_standard_input_is_a_file_like_any_other() -> None:
    program = (
        "from consumer.sources.files import *; places = Places()\n"
        "for batch in read_files(['-'], 'json', places, lambda size: None):\n"
        "    print([(places.of(record.offset), record.value) for record in batch])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(b"1\n\n2\n"), capture_output=True, check=True
    )
    assert ran.stdout == b"[('standard input:1', b'1'), ('standard input:3', b'2')]\n"
