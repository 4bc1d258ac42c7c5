"""A tail that is killed at any time, of a file that is written and rotated in any way."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from consumer.sources.records import splitter_for
from consumer.sources.tail import FileTail, TailPosition
from tests.sources.test_tail import append, rotate


class Rotation:
    """A writer and its logrotate, with a tail that may be killed at any time and keeps its position as a journal does.

    Each write is of a second of its own: no writer fills and rotates a file within a tick of the file system's clock.
    """

    def __init__(self, directory: Path) -> None:
        self.path, self.found, self.contents = directory / "calls.jsonl", list[bytes](), [b""]
        self.path.touch()
        self._now_s, self._tail = 0, FileTail(self.path, "csv")
        self._position = self._tail.poll().position

    def write(self, content: bytes, number: int = -1) -> None:
        written = self.path if number == -1 else Path(f"{self.path}.1")
        self._now_s += 1
        append(written, content)
        os.utime(written, (self._now_s, self._now_s))
        self.contents[number] += content

    def write_late(self, content: bytes) -> None:
        """Until the new file holds something its writer may have the old one open."""
        if len(self.contents) > 1 and not self.contents[-1]:
            self.write(content, -2)

    def rotate(self) -> None:
        if self.contents[-1]:
            self._now_s += 1
            rotate(self.path, b"", at_s=self._now_s)
            self.contents.append(b"")

    def poll(self) -> None:
        values, self._position = self._tail.poll()
        self.found += values

    def kill(self, most: int) -> None:
        self.close()
        resume = TailPosition.from_bytes(self._position.to_bytes())
        self._tail = FileTail(self.path, "csv", resume, most_records=most)
        assert not self._tail.gap

    def close(self) -> None:
        self._tail.close()

    def expected(self) -> list[bytes]:
        found = []
        for content in self.contents:
            splitter = splitter_for("csv")
            found += [framed.value for framed in [*splitter.feed(content), *splitter.finish()]]
        return found


STEP = st.one_of(
    st.tuples(st.just("write"), st.text(alphabet='ab",\n\n\r', min_size=1, max_size=12).map(str.encode)),
    st.tuples(st.just("write_late"), st.text(alphabet='ab",\n', min_size=1, max_size=5).map(str.encode)),
    st.tuples(st.just("rotate")),
    st.tuples(st.just("poll")),
    st.tuples(st.just("kill"), st.integers(1, 3)),
)


@given(st.lists(STEP, max_size=25))
def test_whenever_it_is_killed_and_the_file_rotated_every_record_comes_once_and_in_order(
    steps: list[tuple],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        rotation = Rotation(Path(directory))
        for name, *arguments in [*steps, ("rotate",), ("write", b"end\n")]:
            getattr(rotation, name)(*arguments)
        while len(rotation.found) < len(rotation.expected()):
            before = len(rotation.found)
            rotation.poll()
            assert len(rotation.found) > before, (rotation.found, rotation.expected())
        rotation.poll()
        rotation.close()
        assert rotation.found == rotation.expected()
