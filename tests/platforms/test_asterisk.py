"""Rows as a PBX in Athens writes them. Its summer time is UTC+3, its winter time UTC+2."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from consumer.core.calls import CallVersion, CompletedCall, Decoder, Rejection, SourceRecord, complete
from consumer.core.instants import format_ms
from consumer.platforms.asterisk import asterisk_csv, asterisk_custom_csv
from consumer.platforms.direction import DirectionRule

ATHENS = ZoneInfo("Europe/Athens")
PBX1 = asterisk_csv(ATHENS, "pbx1")

#: 10:00:00 in Athens in July is 07:00:00Z = 1 783 580 400 s: 1 767 225 600 (1 January 2026) + 189 days + 25 200 s.
ANSWERED = {
    "accountcode": "", "src": "2104", "dst": "2310555666", "dcontext": "from-internal", "clid": '"Ada" <2104>',
    "channel": "PJSIP/2104-0000000a", "dstchannel": "PJSIP/carrier-a-0000000b", "lastapp": "Dial",
    "lastdata": "PJSIP/2310555666@carrier-a,30", "start": "2026-07-09 10:00:00", "answer": "2026-07-09 10:00:07",
    "end": "2026-07-09 10:01:12", "duration": "72", "billsec": "65", "disposition": "ANSWERED",
    "amaflags": "DOCUMENTATION", "uniqueid": "1783580400.10", "userfield": "", "peeraccount": "",
    "linkedid": "1783580400.9", "sequence": "12",
}  # fmt: skip
ALL = tuple(ANSWERED)
WITHOUT_OPTIONAL, WITH_UNIQUEID, WITH_USERFIELD = ALL[:16], ALL[:17], ALL[:18]
CUSTOM = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "sequence",
)  # fmt: skip


def row(columns: tuple[str, ...] = ALL, **changed: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow((ANSWERED | changed)[name] for name in columns)
    return text.getvalue().encode()


def version_of(value: bytes, decode: Decoder = PBX1) -> CallVersion:
    (version,) = decode(SourceRecord(0, value))
    assert isinstance(version, CallVersion), version
    return version


def call_of(value: bytes, decode: Decoder = PBX1) -> CompletedCall:
    version = version_of(value, decode)
    call = complete(version.call_id, version.fields)
    assert isinstance(call, CompletedCall), call
    return call


def rejection_of(value: bytes, decode: Decoder = PBX1) -> Rejection:
    (rejection,) = decode(SourceRecord(0, value))
    assert isinstance(rejection, Rejection), rejection
    return rejection


def test_answered_row_is_version_1_of_a_whole_call() -> None:
    version = version_of(row())
    assert version.number == 1
    assert version.unknown_keys == 0
    call = call_of(row())
    assert (call.call_id, call.contact_id, call.platform) == ("pbx1/1783580400.10/12", "1783580400.9", "asterisk")
    assert (call.direction, call.disposition, call.trunk) == ("outbound", "answered", "carrier-a")
    assert (call.from_number, call.to_number, call.queue) == ("2104", "2310555666", None)
    assert format_ms(call.started_ms) == "2026-07-09T07:00:00.000Z"
    assert format_ms(call.ended_ms) == "2026-07-09T07:01:12.000Z"
    assert (call.talk_ms, call.billable_ms) == (65_000, 65_000)


def test_both_layouts_tell_the_same_call() -> None:
    custom = call_of(row(CUSTOM), asterisk_custom_csv(ATHENS, "pbx1"))
    assert custom.contact_id == "1783580400.10"  # no linkedid in this layout
    custom.contact_id = "1783580400.9"
    assert custom == call_of(row())


def test_custom_layout_may_go_on_with_linkedid() -> None:
    call = call_of(row((*CUSTOM, "linkedid")), asterisk_custom_csv(ATHENS))
    assert (call.call_id, call.contact_id) == ("1783580400.10/12", "1783580400.9")


def test_empty_columns_are_absent() -> None:
    fields = version_of(row(src="", dst="", dstchannel="", linkedid="", uniqueid="")).fields
    said = {name for name in fields.__struct_fields__ if isinstance(getattr(fields, name), str)}
    assert said == {"direction", "disposition", "platform"}


@pytest.mark.parametrize(
    ("disposition", "meant"),
    [("NO ANSWER", "no_answer"), ("BUSY", "busy"), ("FAILED", "failed"), ("CONGESTION", "failed")],
)
def test_dispositions_without_an_answer(disposition: str, meant: str) -> None:
    call = call_of(row(disposition=disposition, answer="", billsec="0"))
    assert (call.disposition, call.talk_ms, call.billable_ms) == (meant, 0, 0)


def test_billed_seconds_of_a_call_nobody_answered_are_kept() -> None:
    """The PBX answered the carrier before it dialled on: nobody talked, the carrier counts 60 s."""
    value = row(disposition="NO ANSWER", answer="2026-07-09 10:00:12", billsec="60")
    version, call = version_of(value), call_of(value)
    assert (call.disposition, call.talk_ms, call.billable_ms) == ("no_answer", 0, 60_000)
    assert version.fields.connected_ms == version.fields.answered_ms
    assert format_ms(call.connect_ms) == "2026-07-09T07:00:12.000Z"


def test_answered_without_an_answer_time_is_left_to_the_fold() -> None:
    version = version_of(row(answer=""))
    call = complete(version.call_id, version.fields)
    assert isinstance(call, Rejection)
    assert (call.reason, call.field) == ("missing_field", "answered_at")


def test_fractional_seconds_are_rounded_half_up() -> None:
    assert call_of(row(billsec="64.0125")).billable_ms == 64_013


# Identity.


def test_phones_of_a_ringing_group_are_calls_of_one_contact() -> None:
    first, second = call_of(row(sequence="12")), call_of(row(sequence="13", dstchannel="PJSIP/2106-0000000c"))
    assert first.call_id != second.call_id
    assert first.contact_id == second.contact_id


def test_row_without_sequence_is_told_by_a_digest_of_its_bytes() -> None:
    first, other = version_of(row(WITH_UNIQUEID)), version_of(row(WITH_UNIQUEID, dst="2310555667"))
    assert first.call_id.startswith("pbx1/1783580400.10/")
    assert len(first.call_id) == len("pbx1/1783580400.10/") + 16  # 8 bytes in hex
    assert first.call_id != other.call_id
    assert version_of(row(WITH_UNIQUEID) + b"\r\n") == first
    assert first.fields.contact_id == "1783580400.10"


def test_sequence_without_uniqueid_is_no_identity() -> None:
    """It begins again when the PBX restarts."""
    columns = (*WITHOUT_OPTIONAL, "peeraccount", "linkedid", "sequence")
    call = call_of(row(columns))
    assert call.call_id != "pbx1/12"
    assert len(call.call_id) == len("pbx1/") + 16
    assert call.contact_id == "1783580400.9"


def test_hosts_set_equal_rows_apart() -> None:
    assert version_of(row(), asterisk_csv(ATHENS, "pbx2")).call_id == "pbx2/1783580400.10/12"
    assert version_of(row(), asterisk_csv(ATHENS)).call_id == "1783580400.10/12"


def test_lone_optional_column_is_uniqueid_only_if_it_looks_like_one() -> None:
    assert version_of(row(WITH_UNIQUEID, uniqueid="athens-1783580400.10")).fields.contact_id == "athens-1783580400.10"
    logged_userfield = (*WITHOUT_OPTIONAL, "userfield")
    assert version_of(row(logged_userfield, userfield="campaign 7")).fields.contact_id is UNSET


@pytest.mark.parametrize("columns", [WITHOUT_OPTIONAL, WITH_UNIQUEID, WITH_USERFIELD, ALL[:17] + ALL[18:], ALL])
def test_every_set_of_optional_columns_is_read(columns: tuple[str, ...]) -> None:
    call = call_of(row(columns))
    assert (call.talk_ms, call.trunk) == (65_000, "carrier-a")


# Bytes.


def test_inner_quotes_that_are_not_doubled_are_read() -> None:
    """As cdr_custom writes a caller's name where the mapping does not use CSV_QUOTE."""
    value = row(CUSTOM).replace(b'"""Ada"" <2104>"', b'""Ada" <2104>"')
    assert value.startswith(b'""Ada" <2104>","2104"')
    assert call_of(value, asterisk_custom_csv(ATHENS)).from_number == "2104"


def test_caller_without_a_name_has_a_run_of_quotes() -> None:
    value = row(CUSTOM, clid='"" <2104>')
    assert value.startswith(b'""""" <2104>"')
    assert call_of(value, asterisk_custom_csv(ATHENS)).from_number == "2104"


def test_newline_inside_quotes_is_part_of_the_row() -> None:
    assert call_of(row(userfield="first line\nsecond line") + b"\n").talk_ms == 65_000


def test_bytes_that_are_no_utf8_are_latin_1() -> None:
    """Different names stay different: a replacement sign would make one queue of the two."""
    value = row(lastapp="Queue", lastdata="@,t")
    assert call_of(value.replace(b"@", b"\xe9")).queue == "é"
    assert call_of(value.replace(b"@", b"\xe8")).queue == "è"
    assert call_of(value.replace(b"@", "πωλήσεις".encode())).queue == "πωλήσεις"


# Direction, trunk, queue.


def test_inbound_trunk_is_the_callers_channel() -> None:
    value = row(
        src="+302310555666", dst="2104", dcontext="from-trunk", channel="SIP/carrier-b-00000007",
        dstchannel="PJSIP/2104-00000008",
    )  # fmt: skip
    call = call_of(value)
    assert (call.direction, call.trunk) == ("inbound", "carrier-b")


@pytest.mark.parametrize(
    ("channel", "trunk"),
    [
        ("PJSIP/carrier-a-0000000b", "carrier-a"),
        ("IAX2/backup-512", "backup"),
        ("DAHDI/i1/2310555666-3", "i1"),
        ("Local/2310555666@out-0001;2", None),
        ("", None),
    ],
)
def test_trunk_is_the_peer_of_the_channel(channel: str, trunk: str | None) -> None:
    assert call_of(row(dstchannel=channel)).trunk == trunk


def test_internal_call_has_no_trunk() -> None:
    call = call_of(row(dst="2105", dstchannel="PJSIP/2105-0000000b"))
    assert (call.direction, call.trunk) == ("internal", None)


def test_direction_rule_can_be_set() -> None:
    decode = asterisk_csv(ATHENS, direction=DirectionRule(internal=frozenset(("from-internal",))))
    assert call_of(row(), decode).direction == "internal"


def test_queue_is_the_first_argument_of_queue() -> None:
    assert call_of(row(lastapp="Queue", lastdata="sales,tT,,,60")).queue == "sales"
    assert call_of(row(lastapp="Queue", lastdata="")).queue is None


# Times. On 25 October 2026 Athens shows 03:00 to 04:00 twice: from 00:00Z and from 01:00Z. 00:00Z is 1 792 886 400 s:
# 1 767 225 600 (1 January 2026) + 297 days.

FIRST_0330, SECOND_0330 = 1_792_886_400 + 30 * 60, 1_792_886_400 + 90 * 60


def autumn(start: str, answer: str, end: str, **changed: str) -> bytes:
    day = "2026-10-25 "
    return row(start=day + start, answer=day + answer, end=day + end, **changed)


@pytest.mark.parametrize("prefix", ["", "pbx1-", "athens-north-"])
@pytest.mark.parametrize(("channel_s", "started"), [(FIRST_0330, "00:30"), (SECOND_0330, "01:30")])
def test_uniqueid_tells_the_two_repeated_hours_apart(prefix: str, channel_s: int, started: str) -> None:
    call = call_of(autumn("03:30:00", "03:30:07", "03:31:12", uniqueid=f"{prefix}{channel_s}.4"))
    assert format_ms(call.started_ms) == f"2026-10-25T{started}:00.000Z"
    assert call.talk_ms == 65_000


def test_call_across_the_change_is_as_long_as_it_was() -> None:
    """From the first 03:59:30 to the second 03:00:35, 65 s later, although the clock went back."""
    value = autumn("03:59:25", "03:59:30", "03:00:35", duration="70", uniqueid=f"{FIRST_0330 + 29 * 60 + 25}.4")
    call = call_of(value)
    assert format_ms(call.started_ms) == "2026-10-25T00:59:25.000Z"
    assert format_ms(call.ended_ms) == "2026-10-25T01:00:35.000Z"
    assert call.talk_ms == 65_000


def test_duration_tells_which_end_is_meant() -> None:
    """The same clock times, but 3670 s between them."""
    value = autumn("03:10:00", "03:10:05", "03:11:10", duration="3670", billsec="3665", uniqueid="1792887000.4")
    assert call_of(value).talk_ms == 3_665_000


def test_later_leg_of_a_channel_starts_after_the_channel() -> None:
    """Transferred 50 minutes after the first 03:20, so at the second 03:10."""
    call = call_of(autumn("03:10:00", "03:10:07", "03:11:12", uniqueid=f"{FIRST_0330 - 600}.4"))
    assert format_ms(call.started_ms) == "2026-10-25T01:10:00.000Z"


def test_without_uniqueid_the_repeated_hour_is_the_first() -> None:
    call = call_of(autumn("03:30:00", "03:30:07", "03:31:12", uniqueid=""))
    assert format_ms(call.started_ms) == "2026-10-25T00:30:00.000Z"


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-29 03:30:00", "2026-02-30 10:00:00", "2026-07-09 10:00:60", "2026-07-09T10:00:00", "yesterday",
        "0000-00-00 00:00:00", "1969-01-01 00:00:00", "1970-01-01 00:00:00", "2200-01-01 00:00:00",
    ],
)  # fmt: skip
def test_what_no_clock_shows_is_a_bad_time(time: str) -> None:
    """29 March 2026 has no 03:30 in Athens, and midnight of 1 January 1970 was 1969 in UTC."""
    rejection = rejection_of(row(start=time))
    assert (rejection.reason, rejection.field, rejection.found) == ("bad_time", "start", repr(time))


# Rejections.


def test_row_of_the_other_layout_says_so() -> None:
    rejection = rejection_of(row(CUSTOM))
    assert str(rejection) == (
        "not_an_object: found 19 columns in the layout asterisk-custom-csv, expected the layout asterisk-csv: "
        "16 to 21 columns that begin with accountcode, src, dst"
    )
    assert "in the layout asterisk-csv" in rejection_of(row(WITH_USERFIELD), asterisk_custom_csv(ATHENS)).found


@pytest.mark.parametrize("value", [b"", b"\n", b"a,b,c", row() + b",,", row() + b"\n" + row()])
def test_other_shapes_are_no_row(value: bytes) -> None:
    assert rejection_of(value).reason == "not_an_object"


def test_unreadable_csv_is_rejected() -> None:
    assert rejection_of(b'"' + b"x" * 200_000).reason == "bad_json"  # csv's limit of a column is 131 072


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"start": ""}, "missing_field", "start"),
        ({"end": "", "disposition": "LOST"}, "missing_field", "end"),
        ({"disposition": ""}, "missing_field", "disposition"),
        ({"billsec": "1 minute"}, "wrong_type", "billsec"),
        ({"duration": "1e9", "disposition": "LOST"}, "wrong_type", "duration"),
        ({"disposition": "LOST", "start": "soon"}, "unknown_value", "disposition"),
        ({"lastapp": "Queue", "lastdata": "__idle__,t"}, "unknown_value", "queue"),
        ({"linkedid": "__other__"}, "unknown_value", "contact_id"),
        ({"end": "2026-07-09"}, "bad_time", "end"),
    ],
)
def test_first_fault_in_the_order_of_reasons_names_its_column(changed: dict[str, str], reason: str, field: str) -> None:
    rejection = rejection_of(row(**changed))
    assert (rejection.reason, rejection.field) == (reason, field)


def test_tombstone_is_no_event() -> None:
    assert asterisk_csv(ATHENS)(SourceRecord(0, None)) == ()


TIME = st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True)
COLUMN = st.one_of(st.text(max_size=12), st.sampled_from(list(ANSWERED.values())), TIME)


@given(st.one_of(st.binary(), st.lists(COLUMN, min_size=15, max_size=22).map(lambda row: ",".join(row).encode())))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    for decode in (asterisk_csv(ATHENS), asterisk_custom_csv(ATHENS)):
        assert len(decode(SourceRecord(0, value))) == 1


@given(st.dictionaries(st.sampled_from(ALL), COLUMN))
def test_no_columns_make_it_raise(changed: dict[str, str]) -> None:
    (event,) = asterisk_csv(ATHENS)(SourceRecord(0, row(**changed)))
    if isinstance(event, CallVersion):
        complete(event.call_id, event.fields)
