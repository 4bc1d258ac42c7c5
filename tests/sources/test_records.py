"""Where records end: lines, rows with newlines in quotes, arrays, and what is badly made."""

import pytest

from consumer.sources.records import (
    LONGEST_RECORD,
    MOST_LINES,
    Framing,
    array_items,
    splitter_for,
    whole_form,
    whole_object,
)


def split(framing: Framing, *pieces: bytes) -> list[tuple[int, bytes]]:
    splitter = splitter_for(framing)
    found = [framed for piece in pieces for framed in splitter.feed(piece)]
    return [(framed.number, framed.value) for framed in found + splitter.finish()]


@pytest.mark.parametrize("framing", ["json", "csv"])
def test_a_record_a_line_with_either_line_ending_and_without_a_last_newline(framing: Framing) -> None:
    assert split(framing, b"a\r\nb\n", b"c") == [(0, b"a"), (1, b"b"), (2, b"c")]


@pytest.mark.parametrize("framing", ["json", "csv"])
def test_blank_lines_are_no_records_and_are_counted_as_lines(framing: Framing) -> None:
    assert split(framing, b"\na\n \t\r\n\nb\n\n") == [(1, b"a"), (4, b"b")]


@pytest.mark.parametrize("framing", ["json", "csv"])
def test_a_byte_order_mark_belongs_to_no_record(framing: Framing) -> None:
    assert split(framing, b"\xef\xbb", b"\xbfa\nb") == [(0, b"a"), (1, b"b")]


def test_a_bad_line_is_handed_on_as_it_stands() -> None:
    assert split("json", b'{"a":\n\xff\x00\n[1]\n') == [(0, b'{"a":'), (1, b"\xff\x00"), (2, b"[1]")]


@pytest.mark.parametrize("framing", ["json", "csv"])
@pytest.mark.parametrize("size", [1 << 10, 1 << 21])
def test_a_line_without_end_is_cut_and_the_next_one_is_whole(framing: Framing, size: int) -> None:
    """However it comes in pieces, memory holds no more than the longest record."""
    text = b"x" * (2 * LONGEST_RECORD) + b"\nnext\n"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert split(framing, *pieces) == [(0, b"x" * LONGEST_RECORD), (1, b"next")]


def test_a_row_holds_newlines_inside_quotes() -> None:
    text = b'1,"a\r\n\n""b"",\nc",2\r\n3,d\n'
    assert split("csv", text) == [(0, b'1,"a\r\n\n""b"",\nc",2'), (4, b"3,d")]


@pytest.mark.parametrize(
    "line",
    [b'1,5" pipe,2', b'"a"b",2', b'"a""",2', b'"","x",""', b'a,"b"c', b'"a, ""b"""'],
)
def test_quotes_that_open_nothing_leave_a_line_a_row(line: bytes) -> None:
    """A quote opens a field only where the field begins; doubled it is a quote in the text."""
    assert split("csv", line + b"\nnext\n") == [(0, line), (1, b"next")]


def test_a_stray_quote_swallows_nothing() -> None:
    """The line with the quote is a bad record alone; every line behind it is one of its own."""
    after = [b"%d,x" % number for number in range(2 * MOST_LINES)]
    rows = split("csv", b"\n".join([b'0,"stray', *after]) + b"\n")
    assert rows == [(0, b'0,"stray'), *enumerate(after, 1)]


def test_a_stray_quote_shortly_before_the_end_swallows_nothing() -> None:
    assert split("csv", b'a\n0,"stray\n1,b\n\n"2\n3",c') == [
        (0, b"a"), (1, b'0,"stray\n1,b\n\n"2'), (5, b'3",c'),
    ]  # fmt: skip
    assert split("csv", b'0,"stray\n1,b\n2,c') == [(0, b'0,"stray'), (1, b"1,b"), (2, b"2,c")]


def test_long_quoted_text_is_a_stray_quote_too() -> None:
    long = b"y" * (LONGEST_RECORD // 2)
    assert split("csv", b'"\n', long + b"\n", long + b"\n", b'z"\n') == [(0, b'"'), (1, long), (2, long), (3, b'z"')]


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b'{"a": 1}\n{"a": 2}\n', None),
        (b'{"a": 1}', None),  # a line is an object already
        (b'{\n "a": 1\n}\n', "object"),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}\n', None),  # two are not one
        (b'{"a": "cut\n{"a": 2}\n', None),
        (b'[{"a": 1}, {"a": 2}]', "array"),
        (b'\xef\xbb\xbf\n [\n  {"a": 1}\n]\n', "array"),
        (b'[{"a": 1},\n{"a": 2}]', "array"),
        (b'[{"a": 1}, {"a"', "array"),  # cut: an array that breaks off
        (b"[]", "array"),
        (b'[1, {"a": 1}]', "array"),
        (b'[1]\n{"a": 1}\n', None),  # a bad line
        (b'[2026-11-02 10:00] started\n{"a": 1}\n', None),
        (b"", None),
    ],
)
def test_the_first_bytes_show_the_form_of_json(head: bytes, form: str | None) -> None:
    assert whole_form(head, is_all=True) == form


def test_an_object_that_goes_on_beyond_the_first_bytes_is_none() -> None:
    assert whole_form(b'{\n "a": 1\n}\n', is_all=False) is None


def test_one_object_over_many_lines_is_one_record_where_it_begins() -> None:
    assert whole_object(b'\n\n{\n "a": 1\n}\n') == (2, b'{\n "a": 1\n}')


def test_items_of_an_array_are_records_byte_for_byte() -> None:
    items, fault = array_items(b'[ {"a":  1.50},\n3 ,"\xc3\xa9"]')
    assert [tuple(item) for item in items] == [(0, b'{"a":  1.50}'), (1, b"3"), (2, b'"\xc3\xa9"')]
    assert fault is None


@pytest.mark.parametrize(
    "broken", [b'[{"a":"\xc3\xa9"}, 2 , {"b', b'[{"a":"\xc3\xa9"}, 2 {"b":1}]', b'[{"a":"\xc3\xa9"}, 2] x']
)
def test_items_before_a_break_are_records(broken: bytes) -> None:
    items, fault = array_items(broken)
    assert [item.value for item in items] == [b'{"a":"\xc3\xa9"}', b"2"]
    assert fault


def test_an_array_nested_beyond_measure_is_a_fault_and_no_crash() -> None:
    items, fault = array_items(b'[{"a": 1},' + b"[" * 100_000)
    assert [item.value for item in items] == [b'{"a": 1}']
    assert fault
