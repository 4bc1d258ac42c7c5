"""A growing file: partial lines, rotation and truncation, on real files and without waiting."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.sources.broken import SourceBroken
from consumer.sources.records import Framing, splitter_for
from consumer.sources.tail import FileTail

Follow = Callable[..., FileTail]


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def values(tail: FileTail) -> list[bytes]:
    return tail.poll().values


def rotate(path: Path, next_content: bytes, at_s: int) -> None:
    """As logrotate does it: every old file takes the next number, and then there is a new one."""
    for number in range(9, 0, -1):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}.{number}").rename(f"{path}.{number + 1}")
    os.utime(path, (at_s, at_s))
    path.rename(f"{path}.1")
    append(path, next_content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


@pytest.fixture
def follow(path: Path) -> Iterator[Follow]:
    """Tails of `path`, closed when the test is over."""
    with ExitStack() as tails:
        yield lambda *options, **named: tails.enter_context(closing(FileTail(path, *options, **named)))


def test_a_file_that_is_not_there_yet_is_waited_for(path: Path, follow: Follow) -> None:
    tail = follow("json")
    assert (values(tail), tail.state) == ([], "waiting")
    append(path, b"1\n")
    assert (values(tail), tail.state) == ([b"1"], "reading")


def test_a_line_waits_for_its_newline_and_a_character_for_its_last_byte(path: Path, follow: Follow) -> None:
    tail = follow("json")
    append(path, '"é'.encode()[:-1])
    assert values(tail) == []
    assert tail.lag_bytes == 0  # read, though it is no record yet
    append(path, 'é"'.encode()[1:] + b"\r")
    assert values(tail) == []
    append(path, b"\n\n2\n")
    assert values(tail) == ['"é"'.encode(), b"2"]


def test_a_row_waits_until_its_quotes_close(path: Path, follow: Follow) -> None:
    tail = follow("csv")
    append(path, b'1,"a\n')
    assert values(tail) == []
    append(path, b'b"\n')
    assert values(tail) == [b'1,"a\nb"']


def test_a_poll_gives_no_more_than_asked_for_and_says_what_is_left(path: Path, follow: Follow) -> None:
    tail = follow("json", most_records=2)
    append(path, b"1\n22\n333\n")
    assert (values(tail), tail.lag_bytes) == ([b"1", b"22"], 3)
    assert (values(tail), tail.lag_bytes) == ([b"333"], 0)
    assert values(tail) == []


def test_a_renamed_file_is_read_on_until_the_new_one_holds_something(path: Path, follow: Follow) -> None:
    """Where a writer is told late to open its file anew, it goes on writing to the old one."""
    tail = follow("json")
    append(path, b"1\n")
    assert values(tail) == [b"1"]
    old = path.with_suffix(".1")
    path.rename(old)
    assert (values(tail), tail.state) == ([], "renamed")
    path.touch()
    assert (values(tail), tail.state) == ([], "renamed")
    append(old, b"2\n")
    assert values(tail) == [b"2"]
    append(old, b"3")  # a last line without newline is a record
    append(path, b"4\n")
    assert (values(tail), tail.state) == ([b"3", b"4"], "reading")
    append(path, b"5\n")
    assert values(tail) == [b"5"]


def test_a_removed_file_is_read_to_its_end(path: Path, follow: Follow) -> None:
    tail = follow("json", most_records=1)
    append(path, b"1\n2\n")
    assert values(tail) == [b"1"]
    path.unlink()
    assert values(tail) == [b"2"]
    assert (values(tail), tail.state) == ([], "renamed")
    append(path, b"3\n")
    assert values(tail) == [b"3"]


def test_a_file_truncated_in_place_is_read_from_its_beginning(path: Path, follow: Follow) -> None:
    """What was read of a last line is a record, whole or not: nothing that was seen disappears."""
    tail = follow("json")
    append(path, b"1111\n2222\n33")
    assert values(tail) == [b"1111", b"2222"]
    os.truncate(path, 0)
    append(path, b"4\n")
    assert values(tail) == [b"33", b"4"]


def test_a_file_that_is_copied_and_emptied_is_read_on_in_the_copy(path: Path, follow: Follow) -> None:
    tail = follow("json")
    append(path, b"1111\n22")
    assert values(tail) == [b"1111"]
    append(path, b"22\n3333\n")
    shutil.copy(path, path.with_suffix(".1"))
    os.truncate(path, 0)
    assert values(tail) == [b"2222", b"3333"]
    append(path, b"4\n")
    assert values(tail) == [b"4"]


def test_a_file_that_was_emptied_and_has_grown_to_its_old_size_is_read_from_its_beginning(
    path: Path, follow: Follow
) -> None:
    tail = follow("json")
    append(path, b"1\n")
    assert values(tail) == [b"1"]
    os.truncate(path, 0)
    append(path, b"2\n3\n")
    assert values(tail) == [b"2", b"3"]


def test_a_file_that_came_and_went_between_two_looks_is_read_too(path: Path, follow: Follow) -> None:
    tail = follow("json")
    append(path, b"1\n")
    assert values(tail) == [b"1"]
    rotate(path, b"2\n3", at_s=1)
    rotate(path, b"4\n", at_s=2)
    append(path.with_name("calls-2.jsonl"), b"of another writer\n")
    append(path.with_name("calls.jsonl.bak"), b"somebody's copy\n")
    assert values(tail) == [b"2", b"3", b"4"]


def test_a_stray_quote_before_a_rotation_swallows_nothing(path: Path, follow: Follow) -> None:
    tail = follow("csv")
    append(path, b'1,"stray\n2,b\n')
    assert values(tail) == []
    path.rename(path.with_suffix(".1"))
    append(path, b"3,c\n")
    assert values(tail) == [b'1,"stray', b"2,b", b"3,c"]


def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceBroken, match="Is a directory; name the files in it"):
        FileTail(tmp_path, "json").poll()


def test_a_closed_tail_can_be_closed_again(path: Path) -> None:
    tail = FileTail(path, "json")
    append(path, b"1\n")
    tail.poll()
    tail.close()
    tail.close()


@given(
    framing=st.sampled_from(["json", "csv"]),
    content=st.text(alphabet='a",\n\r é', max_size=200).map(str.encode),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_however_it_is_written_the_records_are_the_same(framing: Framing, content: bytes, cuts: list[int]) -> None:
    """The records of the whole, split at once, are those that polls give after each piece, and rotation at the end."""
    splitter = splitter_for(framing)
    expected = [framed.value for framed in [*splitter.feed(content), *splitter.finish()]]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "calls"
        tail, found = FileTail(path, framing), list[bytes]()
        edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
        for start, end in pairwise(edges):
            append(path, content[start:end])
            found += values(tail)
        path.rename(path.with_suffix(".1"))
        append(path, b"next\n")
        assert found + values(tail) == [*expected, b"next"]
        tail.close()
