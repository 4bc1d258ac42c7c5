"""Asterisk's call detail records, as rows of Master.csv in the layouts of cdr_csv and cdr_custom.

Owns the step from one CSV row to version 1 of one call: a row is never told again, so there is no higher version. Many
rows may belong to one call of a person (a ringing group has a row a phone); linkedid groups them as legs of a contact.
Knows no file and no other row.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from consumer.core.calls import RESERVED, CallFields, CallVersion, Decoded, Decoder, Rejection, SourceRecord
from consumer.core.instants import END_MS, FIRST_MS, MINUTE_MS, SECOND_MS, to_ms
from consumer.platforms.direction import DEFAULT_RULE, DirectionRule
from schemas.asterisk import CDR_CSV, CDR_CSV_LOGGED, CDR_CSV_NEW, CDR_CUSTOM, CDR_CUSTOM_MORE

CSV_LAYOUT = "asterisk-csv"
CUSTOM_LAYOUT = "asterisk-custom-csv"
_SHAPES = {
    CSV_LAYOUT: "16 to 21 columns that begin with accountcode, src, dst",
    CUSTOM_LAYOUT: "18 to 20 columns that begin with clid, src, dst",
}

_DISPOSITIONS = {
    "ANSWERED": "answered", "NO ANSWER": "no_answer", "BUSY": "busy", "FAILED": "failed", "CONGESTION": "failed",
}  # fmt: skip

_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?", re.ASCII)
_SECONDS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
#: Epoch seconds at which the channel was made, and a counter; a system name may stand before: pbx1-1690325492.2.
_UNIQUEID = re.compile(r"(?:.*-)?([0-9]{9,10})\.[0-9]+", re.ASCII | re.DOTALL)

#: How far before its channel's making, or before start + duration, a time may seem to be: clocks are set back a little.
_SLACK_MS = MINUTE_MS

_Cdr = Mapping[str, str]  # by column; an empty one is not there
_Times = tuple[int, int | UnsetType, int]  # started, answered, ended


def asterisk_csv(zone: ZoneInfo, host: str = "", direction: DirectionRule = DEFAULT_RULE) -> Decoder:
    """Make the decoder of cdr_csv's layout (accountcode first).

    zone: what the PBX's clock shows (UTC with `usegmtime=yes`); host: sets the calls of several PBXs apart.
    """
    return _Pbx(CSV_LAYOUT, zone, host, direction).decode


def asterisk_custom_csv(zone: ZoneInfo, host: str = "", direction: DirectionRule = DEFAULT_RULE) -> Decoder:
    """Make the decoder of cdr_custom's layout (clid first), otherwise as `asterisk_csv`."""
    return _Pbx(CUSTOM_LAYOUT, zone, host, direction).decode


def read_row(value: bytes) -> list[str] | Rejection:
    """Read the columns of one CSV row.

    Quotes are read leniently: older mappings do not double those inside a caller's name.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(_text(value), newline="")) if row]
    except csv.Error as error:
        return Rejection("bad_json", "", f"{len(value)} bytes: {error}", "one row of CSV")
    if len(rows) != 1:
        return Rejection("not_an_object", "", f"{len(rows)} rows", "one row of CSV")
    return rows[0]


def layout_of(row: Sequence[str]) -> str | None:
    """Tell the layout that a row looks like by where its start, duration and billsec stand; None for neither."""
    for layout, start, duration in ((CSV_LAYOUT, 9, 12), (CUSTOM_LAYOUT, 8, 11)):
        lengths = row[duration : duration + 2]
        if len(lengths) == 2 and all(map(_SECONDS.fullmatch, lengths)) and _TIME.fullmatch(row[start]):
            return layout
    return None


def _text(value: bytes) -> str:
    """UTF-8, else Latin-1: older PBXs write it, and unlike a replacement sign it keeps different names different."""
    try:
        return value.decode("utf-8-sig")
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Pbx:
    layout: str
    zone: ZoneInfo
    host: str
    rule: DirectionRule

    def decode(self, record: SourceRecord) -> Sequence[Decoded]:
        """One record holds one row."""
        if record.value is None:
            return ()
        row = read_row(record.value)
        return (row,) if isinstance(row, Rejection) else (self._decode_row(row, record.value),)

    def _decode_row(self, row: Sequence[str], value: bytes) -> Decoded:
        columns = _csv_columns(row) if self.layout == CSV_LAYOUT else _custom_columns(row)
        looks_like = layout_of(row)
        if columns is None or looks_like not in (None, self.layout):
            found = f"{len(row)} columns" + (f" in the layout {looks_like}" if looks_like else "")
            return Rejection("not_an_object", "", found, f"the layout {self.layout}: {_SHAPES[self.layout]}")
        cdr = {column: text for column, text in zip(columns, row, strict=True) if text}
        return _missing(cdr) or _mistyped(cdr) or self._version(cdr, value)

    def _version(self, cdr: _Cdr, value: bytes) -> Decoded:
        fields = self._texts(cdr)
        if fault := _unknown(cdr, fields):
            return fault
        times = _times(cdr, self.zone)
        if isinstance(times, Rejection):
            return times
        fields.started_ms, fields.answered_ms, fields.ended_ms = times
        fields.billable_ms = billable_ms = _duration_ms(cdr.get("billsec"))
        # Billed although nobody answered: the PBX itself answered the carrier before it dialled on.
        if billable_ms is not UNSET and billable_ms > 0:
            fields.connected_ms = fields.answered_ms
        return CallVersion(self._call_id(cdr, value), 1, fields)

    def _texts(self, cdr: _Cdr) -> CallFields:
        direction = self.rule.direction(cdr.get("src", ""), cdr.get("dst", ""), cdr.get("dcontext", ""))
        return CallFields(
            direction=direction,
            disposition=_DISPOSITIONS.get(cdr["disposition"], UNSET),
            contact_id=cdr.get("linkedid") or cdr.get("uniqueid") or UNSET,
            platform="asterisk",
            queue=_queue(cdr) or UNSET,
            trunk=_trunk(cdr, direction) or UNSET,
            from_number=cdr.get("src", UNSET),
            to_number=cdr.get("dst", UNSET),
        )

    def _call_id(self, cdr: _Cdr, value: bytes) -> str:
        """Join host, uniqueid and sequence: uniqueid alone repeats in a ringing group, sequence after a restart.

        Where one of them is not logged a digest of the row stands for the sequence.
        """
        uniqueid, sequence = cdr.get("uniqueid"), cdr.get("sequence")
        if uniqueid is None or sequence is None:
            sequence = blake2b(value.rstrip(b"\r\n"), digest_size=8).hexdigest()
        return "/".join(part for part in (self.host, uniqueid, sequence) if part)


def _csv_columns(row: Sequence[str]) -> tuple[str, ...] | None:
    """Name a row's columns; None where no setting of cdr.conf gives so many."""
    extra = len(row) - len(CDR_CSV)
    new: tuple[str, ...] = ()
    if extra >= len(CDR_CSV_NEW):
        extra, new = extra - len(CDR_CSV_NEW), CDR_CSV_NEW
    if not 0 <= extra <= len(CDR_CSV_LOGGED):
        return None
    logged = CDR_CSV_LOGGED[:extra]
    if extra == 1 and not _UNIQUEID.fullmatch(row[len(CDR_CSV)]):
        logged = ("userfield",)  # logged alone
    return CDR_CSV + logged + new


def _custom_columns(row: Sequence[str]) -> tuple[str, ...] | None:
    extra = len(row) - len(CDR_CUSTOM)
    return CDR_CUSTOM + CDR_CUSTOM_MORE[:extra] if 0 <= extra <= len(CDR_CUSTOM_MORE) else None


def _missing(cdr: _Cdr) -> Rejection | None:
    """Look for what every row has. An answered call without an answer time is left to the fold, whose rule that is."""
    for column in ("start", "end", "disposition"):
        if column not in cdr:
            return Rejection("missing_field", column, "an empty column", "a value")
    return None


def _mistyped(cdr: _Cdr) -> Rejection | None:
    for column in ("duration", "billsec"):
        if column in cdr and not _SECONDS.fullmatch(cdr[column]):
            return Rejection("wrong_type", column, repr(cdr[column][:60]), "seconds")
    return None


def _unknown(cdr: _Cdr, fields: CallFields) -> Rejection | None:
    if fields.disposition is UNSET:
        found = repr(cdr["disposition"][:60])
        return Rejection("unknown_value", "disposition", found, f"one of {', '.join(_DISPOSITIONS)}")
    for name in ("contact_id", "queue", "trunk", "from_number", "to_number"):
        if getattr(fields, name) in RESERVED:
            return Rejection("unknown_value", name, f"the reserved name {getattr(fields, name)}", "another name")
    return None


def _times(cdr: _Cdr, zone: ZoneInfo) -> _Times | Rejection:
    """Read start, answer and end, or say which is no time.

    In the repeated hour the channel's making decides the start, and start and duration decide the end.
    """
    meant: dict[str, tuple[int, ...]] = {}
    for column in ("start", "answer", "end"):
        if column in cdr:
            try:
                meant[column] = _instants(cdr[column], zone)
            except ValueError as error:
                return Rejection("bad_time", column, repr(cdr[column][:60]), str(error))
    channel = _UNIQUEID.fullmatch(cdr.get("uniqueid", ""))
    started_ms = _first_from(meant["start"], int(channel[1]) * SECOND_MS - _SLACK_MS if channel else FIRST_MS)
    answered_ms = _first_from(meant["answer"], started_ms) if "answer" in meant else UNSET
    duration_ms = _duration_ms(cdr.get("duration"))
    lasted_ms = 0 if duration_ms is UNSET else max(0, duration_ms - _SLACK_MS)
    return started_ms, answered_ms, _first_from(meant["end"], started_ms + lasted_ms)


def _instants(text: str, zone: ZoneInfo) -> tuple[int, ...]:
    """List what a wall clock's time may mean, in order: two instants in the hour that autumn repeats, else one."""
    found = _TIME.fullmatch(text)
    if found is None or not 1970 <= int(found[1]) < 2200:
        raise ValueError("YYYY-MM-DD HH:MM:SS in a year from 1970 to 2199")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    millisecond = int(((found[7] or "") + "000")[:3])
    try:
        local = datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=zone)
    except ValueError as error:
        raise ValueError(f"a time of the calendar and the clock: {error}") from error
    earlier, later = to_ms(local), to_ms(local.replace(fold=1))
    if later < earlier:  # fold 0 of a time that spring leaves out takes the offset of before
        raise ValueError(f"a time that clocks show in {zone.key}: spring leaves this one out")
    if not FIRST_MS <= earlier <= later < END_MS:
        raise ValueError("a year from 1970 to 2199 in UTC")
    return (earlier,) if earlier == later else (earlier, later)


def _first_from(instants: Sequence[int], earliest_ms: int) -> int:
    """Take the first that is not too early; the last if all are, so that the fold can say what is wrong."""
    return next((instant for instant in instants if instant >= earliest_ms), instants[-1])


def _duration_ms(seconds: str | None) -> int | UnsetType:
    """Round half-up to the ms; mappings with ${CDR(billsec,f)} have decimals."""
    if seconds is None:
        return UNSET
    return int((Decimal(seconds) * SECOND_MS).quantize(Decimal(1), ROUND_HALF_UP))


def _queue(cdr: _Cdr) -> str:
    return cdr.get("lastdata", "").partition(",")[0] if cdr.get("lastapp") == "Queue" else ""


def _trunk(cdr: _Cdr, direction: str) -> str:
    """PJSIP/carrier-a-00000003 -> carrier-a, of the channel on the carrier's side. A Local channel is no carrier's."""
    if direction == "internal":
        return ""
    technology, _, name = cdr.get("dstchannel" if direction == "outbound" else "channel", "").partition("/")
    if technology == "Local":
        return ""
    peer = name.rpartition("-")[0] or name
    return peer.partition("/")[0]  # DAHDI/i1/2101234567-3: the span
