"""The state of a fold as bytes: a head that names immutable blocks.

Owns the format, its number and its checksums. Equal states are equal bytes. Only blocks that changed since the last
snapshot are made anew. The index is not in it: `Pipeline.reindex` makes it again from the source.
Knows neither file nor topic.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from consumer.core.calls import Decoder
from consumer.core.columns import Integers, PoolColumns, VersionColumns
from consumer.core.counts import Counts, Totals, as_plain
from consumer.core.histogram import BUCKET_BITS
from consumer.core.index import Ghost
from consumer.core.pipeline import FoldSettings, Pipeline
from consumer.core.rates import RateTable
from consumer.core.reading import Segment
from consumer.core.segments import Segments
from consumer.core.slices import SEGMENT_BITS, Block, Opened

FORMAT = 2
_CRC_BYTES = 4
_MASK = (1 << BUCKET_BITS) - 1


class SnapshotUnusable(Exception):
    """A snapshot that must not be passed over in silence; the message says what to do."""


class _BlockName(msgspec.Struct, array_like=True):
    level: int
    start_ms: int
    id: str


class _Head(msgspec.Struct):
    format: int
    next_offset: int
    index_from: int
    highest_before_ms: int  # event time before index_from
    highest_ms: int
    floor_before_ms: int  # of the index, before index_from
    floors: list[tuple[int, int]]
    ghosts: list[tuple[str, int, int]]
    settings: str  # digest of what shapes the state
    table_sha256: str
    counts: dict[str, object]
    totals: dict[str, object]
    known_values: list[list[str]]
    blocks: list[_BlockName]

    def counts_and_totals(self) -> tuple[Counts, Totals]:
        """How many events became what, now and so far."""
        return msgspec.convert(self.counts, Counts), msgspec.convert(self.totals, Totals)


class _Cells(msgspec.Struct, array_like=True):
    version_id: str
    pools: list[PoolColumns]
    segments: list[list[str]]
    keys: bytes  # int64, little-endian: slot << 32 | index into segments
    sums: bytes
    buckets: bytes
    counts: bytes


class _BlockBytes(msgspec.Struct, array_like=True):
    format: int
    end_ms: int
    cells: list[_Cells]


_pack = msgspec.msgpack.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A head, and those of its blocks that were not in the last one."""

    head: bytes
    block_ids: tuple[str, ...]  # all that the head names
    new_blocks: Mapping[str, bytes]
    next_offset: int
    index_from: int  # the source must be kept from here on


class Snapshotter:
    """Makes snapshots of one pipeline and remembers which blocks were written."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._written: dict[tuple[int, int], str] = {}

    def snapshot(self) -> Snapshot:
        """The state as it is. Blocks are to be stored before the head."""
        pipeline, names, new = self._pipeline, [], {}
        slices, segments = pipeline.ledger.slices, pipeline.ledger.segments.values
        for (level, start_ms), block in sorted(slices.blocks.items()):
            name = self._written.get((level, start_ms))
            if name is None or block.changed:
                body = _block_bytes(block, segments)
                if body is None:
                    self._written.pop((level, start_ms), None)
                    continue
                name = f"{slices.levels[level].name}-{start_ms}-{hashlib.sha256(body).hexdigest()[:32]}"
                new[name] = body
                self._written[level, start_ms] = name
                block.changed = False
            names.append(_BlockName(level, start_ms, name))
        self._written = {key: name for key, name in self._written.items() if key in slices.blocks}
        head, index_from = _head_bytes(pipeline, names)
        return Snapshot(head, tuple(name.id for name in names), new, pipeline.next_offset, index_from)


def settings_digest(settings: FoldSettings, table: RateTable) -> str:
    """What must be equal for a state to be carried on: settings of the fold, currency and time zone."""
    shape = (
        settings.dimensions, settings.levels, settings.out_of_orderness_ms, settings.allowed_lateness_ms,
        settings.horizon_ms, settings.most_entries, settings.most_values, settings.decoding, table.currency,
        str(table.calendar.zone),
    )  # fmt: skip
    text = repr(shape)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _head_bytes(pipeline: Pipeline, names: list[_BlockName]) -> tuple[bytes, int]:
    anchor, index = pipeline.index_from(), pipeline.index
    before = [floor for offset, floor in index.floors if offset < anchor.offset]
    head = _Head(
        FORMAT, pipeline.next_offset, anchor.offset, anchor.highest_ms, pipeline.watermark.highest_ms,
        before[-1] if before else index.floor_before_ms,
        [(offset, floor) for offset, floor in index.floors if offset >= anchor.offset],
        [(ghost.call_id, ghost.first, ghost.told) for ghost in index.crossing(anchor.offset)],
        settings_digest(pipeline.settings, pipeline.table), pipeline.table.sha256,
        as_plain(pipeline.counts), as_plain(pipeline.totals),
        [sorted(known) for known in pipeline.ledger.segments.known], names,
    )  # fmt: skip
    body = _pack(head)
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "big"), anchor.offset


def _block_bytes(block: Block, segments: list[Segment]) -> bytes | None:
    """The block with its segments spelled out; None when it holds no call any more."""
    cells = [_cells(columns, opened, segments) for columns, opened in block.opened().items()]
    return _pack(_BlockBytes(FORMAT, block.end_ms, cells)) if cells else None


def _cells(columns: VersionColumns, opened: Opened, segments: list[Segment]) -> _Cells:
    numbers = np.unique(opened.segments).tolist()
    spelled = sorted(segments[number] for number in numbers)
    place = {segment: index for index, segment in enumerate(spelled)}
    local = np.array([place[segments[number]] for number in numbers], dtype=np.int64)
    keys = opened.keys >> SEGMENT_BITS << SEGMENT_BITS | local[np.searchsorted(numbers, opened.segments)]
    order = np.argsort(keys)
    new_row = np.empty(len(order), dtype=np.int64)
    new_row[order] = np.arange(len(order))
    buckets = new_row[opened.buckets >> BUCKET_BITS] << BUCKET_BITS | opened.buckets & _MASK
    by_bucket = np.argsort(buckets)
    return _Cells(
        columns.version_id, list(columns.pools), [list(segment) for segment in spelled],
        _to_bytes(keys[order]), _to_bytes(opened.sums[order]), _to_bytes(buckets[by_bucket]),
        _to_bytes(opened.counts[by_bucket]),
    )  # fmt: skip


def _to_bytes(column: Integers) -> bytes:
    return column.astype("<i8").tobytes()


def _from_bytes(column: bytes) -> Integers:
    return np.frombuffer(column, dtype="<i8").astype(np.int64)


def table_sha256(head: bytes) -> str:
    """Which rate table a snapshot was made under: it is restored under that one, and switched afterwards."""
    return _opened_head(head).table_sha256


def block_ids(head: bytes) -> tuple[str, ...]:
    """The blocks that a head names; one whose blocks are not all there does not exist."""
    return tuple(name.id for name in _opened_head(head).blocks)


def restore(
    head: bytes, blocks: Mapping[str, bytes], table: RateTable, decode: Decoder, settings: FoldSettings
) -> tuple[Pipeline, int, int]:
    """The pipeline of a snapshot, and the offsets [from, until) with which it must be reindexed before it is fed.

    Raises SnapshotUnusable for a damaged or newer one, and for one made under other settings or another rate table.
    """
    opened = opened_head(head, settings, table)
    if opened.table_sha256 != table.sha256:
        raise SnapshotUnusable(f"the state was made under rate table {opened.table_sha256}, not {table.sha256}")
    pipeline = Pipeline(table, decode, settings, next_offset=opened.next_offset)
    pipeline.watermark.highest_ms = opened.highest_ms
    pipeline.prepare_reindex(opened.index_from, opened.highest_before_ms, opened.floor_before_ms, opened.floors,
                             [Ghost(*ghost) for ghost in opened.ghosts])  # fmt: skip
    ledger = pipeline.ledger
    ledger.counts, ledger.totals = opened.counts_and_totals()
    ledger.segments.known = [dict.fromkeys(values) for values in opened.known_values]
    for name in opened.blocks:
        _restore_block(ledger.slices.block(name.level, name.start_ms), _opened_block(name.id, blocks), ledger.segments)
    return pipeline, opened.index_from, opened.next_offset


def opened_head(head: bytes, settings: FoldSettings, table: RateTable) -> _Head:
    """What a head says. Raises SnapshotUnusable where it was made under other settings."""
    opened = _opened_head(head)
    if opened.settings != settings_digest(settings, table):
        raise SnapshotUnusable(
            "the state was made with other dimensions, limits, horizon, decoding, currency or time zone: "
            "use the settings it was made with, or start with a new state"
        )
    return opened


def opened_block(name: _BlockName, blocks: Mapping[str, bytes], segments: Segments) -> Block:
    """A block by its name, to be read and not to be added to. Raises SnapshotUnusable."""
    stored = _opened_block(name.id, blocks)
    block = Block(name.level, name.start_ms, stored.end_ms)
    _restore_block(block, stored, segments)
    return block


def _opened_head(head: bytes) -> _Head:
    body, crc = head[:-_CRC_BYTES], head[-_CRC_BYTES:]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "big") != crc:
        raise SnapshotUnusable("the state's head is damaged (its checksum differs): restore it from a backup")
    made_by = msgspec.msgpack.decode(body).get("format")
    if made_by != FORMAT:
        raise SnapshotUnusable(
            f"the state has format {made_by} and this version reads format {FORMAT}: run the version that wrote it"
        )
    return msgspec.msgpack.decode(body, type=_Head)


def _opened_block(name: str, blocks: Mapping[str, bytes]) -> _BlockBytes:
    body = blocks.get(name)
    if body is None:
        raise SnapshotUnusable(f"block {name} of the state is missing: restore it from a backup")
    if hashlib.sha256(body).hexdigest()[:32] != name.rsplit("-", 1)[1]:
        raise SnapshotUnusable(f"block {name} of the state is damaged (its checksum differs): restore it from a backup")
    return msgspec.msgpack.decode(body, type=_BlockBytes)


def _restore_block(block: Block, stored: _BlockBytes, segments: Segments) -> None:
    for cells in stored.cells:
        columns = VersionColumns(cells.version_id, tuple(cells.pools))
        numbers = np.array([segments.number(tuple(segment)) for segment in cells.segments], dtype=np.int64)
        keys = _from_bytes(cells.keys)
        keys = keys >> SEGMENT_BITS << SEGMENT_BITS | numbers[keys & ((1 << SEGMENT_BITS) - 1)]
        sums = _from_bytes(cells.sums).reshape(len(keys), columns.width)
        block.of(columns).add_sums(keys, sums, _from_bytes(cells.buckets), _from_bytes(cells.counts))
