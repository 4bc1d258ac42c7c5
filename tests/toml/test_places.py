"""On which line of a TOML text a key stands."""

import tomllib

import pytest

from consumer.toml.places import Path, Places

TEXT = '''\
# "time_zone" = not here
currency = "USD"     # currency = "no"
"time_zone" = 'UTC'

[[version]]
id = "first # no comment"
a . b = 1
tariff_required = [
  "outbound",  # ] not the end
  "inbound",
]
note = """
id = "inside"
[[version]]
"""
[[version.pool]]
name = "a"
scope = { queue = ["x", "[y]"] }
  [[version.pool]]
  name = "b"
  amount = "1"

[version.extra]
"odd.key" = 1
[[version]]
id = "second"
[[version.pool]]
name = """one line"""
[[version.tariff]]
rates = [
  { prefix = "30" },
  { prefix = "31" },
]
name = "carrier"
[[version.tariff.period]]
from = "08:00"
[[version.tariff.period]]
from = "09:00"
[[fx]]
rate = "1"
'''

LINES: dict[Path, int] = {
    ("currency",): 2,
    ("time_zone",): 3,
    ("version", 0): 5,
    ("version", 0, "id"): 6,
    ("version", 0, "a", "b"): 7,
    ("version", 0, "tariff_required"): 8,
    ("version", 0, "tariff_required", 1): 8,
    ("version", 0, "note"): 12,
    ("version", 0, "pool", 0): 16,
    ("version", 0, "pool", 0, "name"): 17,
    ("version", 0, "pool", 0, "scope", "queue", 1): 18,
    ("version", 0, "pool", 0, "not there"): 16,
    ("version", 0, "pool", 1): 19,
    ("version", 0, "pool", 1, "name"): 20,
    ("version", 0, "pool", 1, "amount"): 21,
    ("version", 0, "extra"): 23,
    ("version", 0, "extra", "odd.key"): 24,
    ("version", 1): 25,
    ("version", 1, "id"): 26,
    ("version", 1, "pool", 0, "name"): 28,
    ("version", 1, "tariff", 0, "rates", 1, "prefix"): 30,
    ("version", 1, "tariff", 0, "name"): 34,
    ("version", 1, "tariff", 0, "period", 0, "from"): 36,
    ("version", 1, "tariff", 0, "period", 1): 37,
    ("version", 1, "tariff", 0, "period", 1, "from"): 38,
    ("fx", 0, "rate"): 40,
    ("nowhere", 3): 1,
    (): 1,
}


def test_the_text_of_these_tests_is_toml() -> None:
    assert [version["id"] for version in tomllib.loads(TEXT)["version"]] == ["first # no comment", "second"]


@pytest.mark.parametrize(("path", "line"), LINES.items(), ids=[".".join(map(str, path)) for path in LINES])
def test_a_key_stands_on_its_line_or_that_of_what_is_around_it(path: Path, line: int) -> None:
    assert Places.of(TEXT).line(path) == line


#: Values that go on over lines or look like something else; `after` follows them on the line that is given.
VALUES = {
    "a bracket in a string": ('"[{"', 2),
    "a bracket in a literal string": ("'[['", 2),
    "a quote that is escaped": (r'"\"[" # "', 2),
    "a hash in a string": ('["#", "]"]', 2),
    "an array over lines": ('[\n1,\n2,\n]', 5),
    "an array with comments": ('[ # [\n1, # ]\n]', 4),
    "arrays in an array": ("[\n[1,\n2],\n[3]\n]", 6),
    "inline tables in an array": ("[\n{ after = 1 },\n{ b = [\n1] }]", 5),
    "a multi-line string": ('"""\nafter = 1\n"""', 4),
    "a multi-line literal string": ("'''\nafter = 1\n\"\"\"\n'''", 5),
    "a multi-line string on one line": ('"""after = 1"""', 2),
    "a multi-line string in an array": ('[\n"""\n]\n""",\n]', 6),
    "an empty string": ('""', 2),
    "an empty array": ("[]", 2),
    "a date": ("2026-01-01", 2),
}  # fmt: skip


@pytest.mark.parametrize(("value", "line"), VALUES.values(), ids=VALUES.keys())
def test_what_follows_a_value_has_its_own_line(value: str, line: int) -> None:
    text = f"before = {value}\nafter = 7\n"
    assert tomllib.loads(text)["after"] == 7
    assert Places.of(text).line(("before",)) == 1
    assert Places.of(text).line(("after",)) == line


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_lines_are_counted_alike_whatever_ends_them(newline: str) -> None:
    assert Places.of(newline.join(["a = 1", "", "b = 2"])).line(("b",)) == 3


def test_a_text_without_anything_has_everything_on_its_first_line() -> None:
    assert Places.of("").line(("version", 0)) == 1


def test_escaped_quotes_do_not_end_a_string_and_only_newlines_end_a_line() -> None:
    text = 'a = """x\\"""\nb = 1\n"""\nc = "\u2028"\nd = 2\n'
    assert tomllib.loads(text) == {"a": 'x"""\nb = 1\n', "c": "\u2028", "d": 2}
    places = Places.of(text)
    assert [places.line((key,)) for key in ("a", "c", "d")] == [1, 4, 5]
