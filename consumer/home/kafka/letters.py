"""Rejected events, as records of the topic of dead letters: their bytes and headers as they came, and why.

Owns the headers that say so. One that is written twice, because a worker ended before its checkpoint, has the same key
and is one letter. One that is too large for a record, or for its topic, is cut; all of it is where it came from, while
it is kept there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.core.calls import Rejection
from consumer.core.intake import Rejected
from consumer.home.kafka.own import headers_of
from consumer.kafka.producing import MOST_RECORD_BYTES, Headers, Outgoing, Producer, size_of
from consumer.kafka.topics import MOST_MESSAGE_BYTES
from consumer.sources.bodies import TooLarge
from consumer.sources.unavailable import Unavailable

PREFIX = "callcost-dead-"
_TOO_LONG = 2_000  # characters of what was found
_ROOM = MOST_RECORD_BYTES - 16_000  # for what came in; the rest is what we say of it
_LEAST_ROOM = 100  # of what came in; with less of it than that nothing of it stays


class Letter(NamedTuple):
    """A rejected event, and the record that it came in."""

    topic: str
    partition: int
    offset: int
    nth: int  # of the events of its record
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    rejection: Rejection
    is_gone: bool = False  # the record was not there any more
    is_replayed: bool = False
    cut_bytes: int = 0  # of what came in, that are not here

    @property
    def id(self) -> bytes:
        """Equal for the same event."""
        return f"{self.topic}/{self.partition}/{self.offset}/{self.nth}".encode()


def letters_of(
    partition: TopicPartition, rejected: Sequence[Rejected], records: Mapping[int, ConsumerRecord]
) -> list[Letter]:
    """Letters of what was rejected; records are by their offset."""
    seen: Counter[int] = Counter()
    letters = []
    for offset, rejection in ((one.offset, one.rejection) for one in rejected):
        record = records.get(offset)
        key, value, timestamp_ms = None, None, 0
        headers: Headers = ()
        if record is not None:
            key, value, headers, timestamp_ms = record.key, record.value, headers_of(record), record.timestamp
        place = (partition.topic, partition.partition, offset, seen[offset])
        letters.append(Letter(*place, timestamp_ms, key, value, headers, rejection, is_gone=record is None))
        seen[offset] += 1
    return letters


async def write_letters(producer: Producer, topic: str, letters: Sequence[Letter]) -> None:
    """Letters into their topic. Raises Unavailable.

    A topic may take less than a record can have, of a batch of records too: then they go in halves, and one that is
    alone is cut until it is taken.
    """
    try:
        await producer.write([outgoing(topic, letter) for letter in letters])
    except TooLarge as error:
        if len(letters) > 1:
            half = len(letters) // 2
            await write_letters(producer, topic, letters[:half])
            await write_letters(producer, topic, letters[half:])
        else:
            await _write_cut(producer, topic, letters[0], error)


async def _write_cut(producer: Producer, topic: str, letter: Letter, refused: TooLarge) -> None:
    room = min(len(letter.value or b"") + size_of(letter.headers), _ROOM)
    while room:
        room = room // 2 if room > _LEAST_ROOM else 0
        try:
            await producer.write([outgoing(topic, letter, room)])
        except TooLarge as error:
            refused = error
        else:
            return
    raise Unavailable(f"topic {topic}: expected max.message.bytes of {MOST_MESSAGE_BYTES} or more: {refused}")


def outgoing(topic: str, letter: Letter, most_bytes: int = _ROOM) -> Outgoing:
    """A letter as a record, with so many bytes of what came in."""
    rejection = letter.rejection
    told = {
        "reason": rejection.reason, "field": rejection.field, "found": rejection.found[:_TOO_LONG],
        "expected": rejection.expected, "topic": letter.topic, "partition": str(letter.partition),
        "offset": str(letter.offset), "nth": str(letter.nth), "timestamp": str(letter.timestamp_ms),
        "state": "replayed" if letter.is_replayed else "gone" if letter.is_gone else "kept",
    }  # fmt: skip
    ours = [(PREFIX + name, text.encode()) for name, text in told.items()]
    if letter.key is not None:
        ours.append((f"{PREFIX}key", letter.key[:_TOO_LONG]))
    value = b"" if letter.value is None else letter.value  # none at all would remove the letter
    theirs = letter.headers if size_of(letter.headers) <= most_bytes // 2 else ()
    room = most_bytes - size_of(theirs)
    cut_bytes = letter.cut_bytes + max(len(value) - room, 0) + size_of(letter.headers) - size_of(theirs)
    if cut_bytes:
        ours.append((f"{PREFIX}cut-bytes", str(cut_bytes).encode()))
    return Outgoing(topic, letter.id, value[:room], (*theirs, *ours))


def read_letter(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Letter | None:
    """The letter that a record is; None where it is none."""
    told = {name.removeprefix(PREFIX): text for name, text in headers if name.startswith(PREFIX)}
    texts = {name: text.decode(errors="replace") for name, text in told.items() if name != "key"}
    try:
        rejection = Rejection(texts["reason"], texts["field"], texts["found"], texts["expected"])  # type: ignore[arg-type]
        return Letter(
            texts["topic"], int(texts["partition"]), int(texts["offset"]), int(texts["nth"]), int(texts["timestamp"]),
            told.get("key"), value, tuple(one for one in headers if not one[0].startswith(PREFIX)), rejection,
            texts["state"] == "gone", texts["state"] == "replayed", int(texts.get("cut-bytes", "0")),
        )  # fmt: skip
    except (KeyError, ValueError):
        return None
