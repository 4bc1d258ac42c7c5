import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.platforms.guess import guess

CALL = {"call_id": "c-1", "started_at": "2026-11-23T10:00:00Z", "direction": "inbound"}
DIALOG = {
    "start_time": "1795428000.000",
    "end_time": "1795428001.000",
    "duration": "1.000",
    "callid": "aa11@192.0.2.10",
}
CALLBACK = {"CallSid": "CA11", "CallStatus": "completed", "Direction": "inbound"}
RESOURCE = {
    "sid": "CA11",
    "status": "completed",
    "start_time": None,
    "duration": "9",
    "price": None,
    "price_unit": "USD",
}
TIMES = '"2026-07-09 10:00:00","2026-07-09 10:00:07","2026-07-09 10:01:12",72,65,"ANSWERED","DOCUMENTATION"'
CSV = f'"","2104","2105","office","""Ada"" <2104>","PJSIP/2104-1","PJSIP/2105-2","Dial","PJSIP/2105",{TIMES}'
CUSTOM = (
    f'"""Ada"" <2104>","2104","2105","office","PJSIP/2104-1","PJSIP/2105-2","Dial","PJSIP/2105",{TIMES},"","1.2","",3'
)


@pytest.mark.parametrize(
    ("record", "platform"),
    [
        (CALL, "callcost"),
        ({"call_id": "c-1", "version": 2, "wrap_s": 30}, "callcost"),
        (DIALOG, "kamailio"),
        ({"callid": "aa11", "invite_time": "1795428000.000"}, "kamailio"),
        ({"callid": "aa11", "method": "BYE", "sip_code": "200", "time": 1795428000.1}, "kamailio"),
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "t", "data": DIALOG}, "kamailio"),
        (CALLBACK, "twilio"),
        (RESOURCE, "twilio"),
        ({"page": 0, "calls": [RESOURCE, RESOURCE]}, "twilio"),
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "t", "data": CALLBACK}, "twilio"),
        ({"page": 0, "calls": []}, None),
        ({"calls": [7]}, None),
        ({"calls": {"sid": "CA11"}}, None),
        ({"sid": "SM11", "status": "delivered", "price": None, "price_unit": "USD"}, None),  # a text message
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "t"}, None),
        ({"call_id": "of some other platform"}, None),
        ({}, None),
    ],
)
def test_keys_of_the_first_record_tell(record: dict[str, object], platform: str | None) -> None:
    line = json.dumps(record).encode()
    assert guess(line + b"\n" + b'{"cut sho') == platform
    assert guess(b"\xef\xbb\xbf\n [\n" + line + b",\n{") == platform
    assert guess(json.dumps(record, indent=2).encode()) == platform


@pytest.mark.parametrize(
    ("form", "platform"),
    [
        (b"CallSid=CA11&From=%2B30210&CallStatus=completed", "twilio"),
        (b"\n CallStatus=&CallSid=CA11\r\nCallSid=CA12&CallSt", "twilio"),
        (b"CallSid=CA11&RecordingStatus=completed\nCallStatus=", None),
        (b"CallSid,CallStatus", None),
    ],
)
def test_fields_of_the_first_form_tell(form: bytes, platform: str | None) -> None:
    assert guess(form) == platform


@pytest.mark.parametrize("first_line_end", ["", "\n", "\r\n", '\n"cut sho'])
def test_place_of_the_times_tells_the_layouts_of_asterisk(first_line_end: str) -> None:
    assert guess((CSV + first_line_end).encode()) == "asterisk-csv"
    assert guess((CUSTOM + first_line_end).encode()) == "asterisk-custom-csv"


def test_layout_is_told_whatever_the_encoding() -> None:
    assert guess(CSV.replace("Ada", "Adé").encode("latin-1")) == "asterisk-csv"


@pytest.mark.parametrize(
    "sample", [b"", b"\n", b"{", b"[", b"[]", b"[1]", b"a,b,c", b"[" * 100_000, b"\xff", b'"' + b"x" * 200_000]
)
def test_what_nothing_tells_is_not_guessed(sample: bytes) -> None:
    assert guess(sample) is None


@given(st.binary())
def test_no_bytes_make_it_raise(sample: bytes) -> None:
    guess(sample)
