"""A tail that goes on where another one was killed: every record once, whatever became of the file meanwhile."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.sources.position import NOWHERE
from consumer.sources.records import LONGEST_RECORD, Framing, splitter_for
from consumer.sources.tail import FileTail, TailPosition, Taken
from tests.sources.test_tail import append, rotate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


def take(path: Path, resume: TailPosition | None = None, framing: Framing = "json", most: int = 2_000) -> Taken:
    """What one poll gives; then the tail is dropped, as by kill -9."""
    with closing(FileTail(path, framing, resume, most_records=most)) as tail:
        return tail.poll()


def resumed(path: Path, resume: TailPosition) -> str:
    with closing(FileTail(path, "json", resume)) as tail:
        return tail.resumed


def all_one_by_one(path: Path, framing: Framing, resume: TailPosition | None = None) -> Iterator[bytes]:
    """Each record by a tail of its own."""
    while (taken := take(path, resume, framing, most=1)).values:
        yield from taken.values
        resume = taken.position


def test_it_goes_on_behind_what_was_handed_over(path: Path) -> None:
    append(path, b"1\n\n22\n33")
    taken = take(path, most=1)
    assert (taken.values, taken.position.position) == ([b"1"], 2)
    assert resumed(path, taken.position) == f"went on at byte 2 of {path}"
    taken = take(path, taken.position)
    assert (taken.values, taken.position.position) == ([b"22"], 6)
    append(path, b"33\n")
    assert take(path, taken.position).values == [b"3333"]


def test_a_position_stays_while_nothing_comes(path: Path) -> None:
    with closing(FileTail(path, "json")) as tail:
        assert tail.poll() == ([], NOWHERE)
        append(path, b"1\n2")
        taken = tail.poll()
        assert tail.poll() == ([], taken.position)
    assert take(path, taken.position) == ([], taken.position)


def test_a_first_start_reads_from_the_beginning_and_misses_nothing(path: Path) -> None:
    append(path, b"1\n")
    with closing(FileTail(path, "json", NOWHERE)) as tail:
        assert (tail.poll().values, tail.gap) == ([b"1"], False)
        assert tail.resumed == f"reading {path} from its beginning"


def test_a_file_that_was_rotated_meanwhile_is_read_to_its_end_first(path: Path) -> None:
    append(path, b"1\n2\n")
    position = take(path, most=1).position
    append(path, b"3")  # a last line needs no newline
    rotate(path, b"4\n", at_s=1)
    rotate(path, b"5\n", at_s=2)
    with closing(FileTail(path, "json", position)) as tail:
        assert tail.resumed == f"{path} was rotated meanwhile: reading the rest of calls.jsonl.2 first"
        assert (tail.poll().values, tail.gap) == ([b"2", b"3", b"4", b"5"], False)


def test_a_renamed_file_waits_for_the_new_one_after_a_restart_too(path: Path) -> None:
    append(path, b"1\n2")
    position = take(path).position
    path.rename(path.with_suffix(".old"))
    taken = take(path, position)
    assert taken == ([], position)
    append(path, b"3\n")
    assert take(path, taken.position).values == [b"2", b"3"]


def test_a_file_of_which_nothing_was_handed_over_is_found_when_it_is_renamed(path: Path) -> None:
    path.touch()
    position = take(path).position
    append(path.with_name("unrelated"), b"x\n")
    append(path, b"1\n")
    rotate(path, b"2\n", at_s=1)
    assert take(path, position).values == [b"1", b"2"]


def test_a_file_that_was_read_to_its_end_can_be_packed_and_removed(path: Path) -> None:
    append(path, b"1\n2")
    with closing(FileTail(path, "json")) as tail:
        tail.poll()
        rotate(path, b"3", at_s=1)
        taken = tail.poll()
    assert (taken.values, taken.position.position) == ([b"2"], 0)
    Path(f"{path}.1").unlink()
    append(path, b"4\n")
    with closing(FileTail(path, "json", taken.position)) as tail:
        assert (tail.poll().values, tail.gap) == ([b"34"], False)


def test_the_rest_is_in_the_newest_copy_where_the_file_was_emptied(path: Path) -> None:
    append(path, b"1\n2\n")
    position = take(path, most=1).position
    for name, written, at_s in (("calls.jsonl.2", b"1\nolder\n", 1), ("calls.jsonl.1", b"1\n2\n3", 2)):
        append(path.with_name(name), written)
        os.utime(path.with_name(name), (at_s, at_s))
    shutil.copy(path, f"{path}.3.gz")
    os.truncate(path, 0)
    append(path, b"4\n")
    assert resumed(path, position).endswith("reading the rest of calls.jsonl.1 first")
    assert take(path, position).values == [b"2", b"3", b"4"]


def test_a_file_that_was_emptied_twice_is_read_from_both_copies(path: Path) -> None:
    append(path, b"1\n2\n")
    position = take(path, most=1).position
    for number, next_content in ((2, b"3\n"), (1, b"4\n")):
        shutil.copy(path, f"{path}.{number}")
        os.utime(f"{path}.{number}", (9 - number, 9 - number))
        os.truncate(path, 0)
        append(path, next_content)
    assert take(path, position).values == [b"2", b"3", b"4"]


def test_a_file_that_moved_to_another_disk_is_known_by_its_beginning(path: Path) -> None:
    append(path, b"1\n2\n")
    position = take(path, most=1).position
    shutil.copy(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    assert resumed(path, position) == f"went on at byte 2 of {path}"
    assert take(path, position).values == [b"2"]


@pytest.mark.parametrize("longer", [b"", b"and it is longer\n"])
def test_a_file_that_was_emptied_without_a_copy_is_a_gap(path: Path, longer: bytes) -> None:
    append(path, b"1\n22\n")
    position = take(path).position
    os.truncate(path, 0)
    append(path, b"3\n" + longer)
    with closing(FileTail(path, "json", position)) as tail:
        assert tail.gap
        assert tail.poll().values[0] == b"3"


def test_another_file_that_was_given_the_number_is_not_taken_for_the_first(path: Path) -> None:
    append(path, b"1\n")
    position = take(path).position
    other = path.with_name("another.log")
    append(other, b"something else, and longer\n")
    path.unlink()
    append(path, b"2\n")
    status = other.stat()
    reused = TailPosition(status.st_dev, status.st_ino, position.position, position.fingerprinted, position.fingerprint)
    with closing(FileTail(path, "json", reused)) as tail:
        assert tail.gap
        assert tail.poll().values == [b"2"]


def test_a_file_that_is_gone_is_a_gap_and_the_present_one_is_waited_for(path: Path) -> None:
    append(path, b"1\n")
    position = take(path).position
    path.unlink()
    with closing(FileTail(path, "json", position)) as tail:
        assert tail.gap
        assert tail.resumed == (
            f"the file it had been reading is gone: lines may be missing, reading {path} from its beginning"
        )
        assert (tail.poll(), tail.state) == (([], position), "waiting")
        append(path, b"2\n")
        assert tail.poll().values == [b"2"]


def test_a_directory_that_is_gone_is_a_gap(path: Path) -> None:
    append(path, b"1\n")
    position = take(path).position
    shutil.rmtree(path.parent)
    with closing(FileTail(path, "json", position)) as tail:
        assert (tail.gap, tail.poll().values) == (True, [])


def test_rows_over_several_lines_marks_and_line_endings_are_whole_after_every_restart(path: Path) -> None:
    append(path, b'\xef\xbb\xbfa,"1\r\n\r\n""2"""\r\n\r\n \r\nb,"\n\n"\nc,\r\n')
    assert list(all_one_by_one(path, "csv")) == [b'a,"1\r\n\r\n""2"""', b'b,"\n\n"', b"c,"]


def test_a_byte_order_mark_is_one_only_where_the_file_begins(path: Path) -> None:
    append(path, b"\xef\xbb\xbf1\n\xef\xbb\xbf2\n")
    assert list(all_one_by_one(path, "json")) == [b"1", b"\xef\xbb\xbf2"]


def test_behind_a_line_that_was_cut_the_next_one_is_whole(path: Path) -> None:
    append(path, b"1\n" + b"x" * (3 * LONGEST_RECORD) + b"\n2\n" + b"y" * (LONGEST_RECORD + 1) + b"\n3\n")
    found = list(all_one_by_one(path, "json"))
    assert [(value[:1], len(value)) for value in found] == [
        (b"1", 1), (b"x", LONGEST_RECORD), (b"2", 1), (b"y", LONGEST_RECORD), (b"3", 1),
    ]  # fmt: skip


def test_a_position_is_written_and_read(path: Path) -> None:
    append(path, b"1\n")
    position = take(path).position
    assert TailPosition.from_bytes(position.to_bytes()) == position


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{", b""),
        (b'"position":2', b'"position":-2'),
        (b'"position":2', b'"position":3'),
        (b'"position":2', b'"position":"2"'),
        (b'"inode":', b'"number":'),
        (b'"fingerprint":"', b'"fingerprint":"x'),
        (b"}", b"}\xff"),
    ],
)
def test_what_is_no_position_is_refused(path: Path, old: bytes, new: bytes) -> None:
    append(path, b"1\n")
    written = take(path).position.to_bytes()
    assert old in written
    with pytest.raises(ValueError, match="no position in a file"):
        TailPosition.from_bytes(written.replace(old, new))


@given(
    framing=st.sampled_from(["json", "csv"]),
    content=st.text(alphabet='a",\n\r \ufeff', max_size=80).map(str.encode),
    cuts=st.lists(st.integers(0, 80), max_size=4),
)
def test_from_the_end_of_any_record_the_others_follow(framing: Framing, content: bytes, cuts: list[int]) -> None:
    """However the bytes came before: a splitter that begins there finds what the first one found."""
    splitter, found, ends, edge = splitter_for(framing), list[bytes](), list[int](), 0
    for cut in [*sorted(cuts), len(content)]:
        found += [framed.value for framed in splitter.feed(content[edge:cut])]
        ends += splitter.ends
        edge = cut
    found += [framed.value for framed in splitter.finish()]
    ends += splitter.ends
    for number, end in enumerate(ends, 1):
        other = splitter_for(framing, at_beginning=False)
        others = [*other.feed(content[end:]), *other.finish()]
        assert [framed.value for framed in others] == found[number:]
