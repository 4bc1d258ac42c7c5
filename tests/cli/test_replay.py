"""`callcost replay`, `explain` and `check` as a user runs them."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from consumer.cli.main import app

RATES = """
currency = "USD"
time_zone = "Europe/Athens"
[[version]]
id = "v1"
effective_from = 2026-01-01
[[version.fee]]
name = "each"
driver = "call"
price = "0.5"
[[version.tariff]]
name = "carrier"
match = { direction = ["outbound"] }
rates = [{ prefix = "30", rate_per_minute = "0.06" }]
"""


def call(call_id: str, **fields: str) -> str:
    said = {
        "call_id": call_id, "direction": "outbound", "started_at": "2026-08-10T10:00:00Z",
        "answered_at": "2026-08-10T10:00:00Z", "ended_at": "2026-08-10T10:01:00Z", "disposition": "answered",
        "to_number": "+302101234567", **fields,
    }  # fmt: skip
    return json.dumps(said) + "\n"


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    path = tmp_path / "rates.toml"
    path.write_text(RATES)
    return path


def callcost(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def test_table_json_and_csv_tell_the_same_cost(rates: Path, tmp_path: Path) -> None:
    """60 s at 0.001 a second and a fee of 0.5: 0.56 a call."""
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a") + call("b"))
    shown = json.loads(callcost("replay", "-r", rates, "--format", "json", calls).stdout)
    whole = next(row for row in shown["windows"] if row["window"] == "all" and row["segment"] == {})
    assert (whole["calls"], whole["direct_cost"], whole["cost_per_call"]["direct"]) == (2, "1.12", "0.56")
    assert "0.5600" in callcost("replay", "-r", rates, calls).stdout
    assert ",1.12," in callcost("replay", "-r", rates, "--format", "csv", calls).stdout


def test_standard_input_and_gzip_are_read_like_a_file(rates: Path, tmp_path: Path) -> None:
    packed = tmp_path / "calls.gz"
    packed.write_bytes(gzip.compress((call("a") + call("b")).encode()))
    by_file = callcost("replay", "-r", rates, "--format", "json", packed)
    assert json.loads(by_file.stdout)["counts"]["costed"] == 2
    by_input = callcost("replay", "-r", rates, "--format", "json", "-", stdin=call("a") + call("b"))
    assert json.loads(by_input.stdout)["windows"] == json.loads(by_file.stdout)["windows"]


def test_a_rejected_event_is_named_with_file_and_line_and_stops_nothing(rates: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a") + "{ not json\n" + call("b", ended_at="yesterday") + call("c"))
    result = callcost("replay", "-r", rates, "--format", "json", calls)
    assert result.exit_code == 0
    assert f"{calls}:2: rejected, bad_json" in result.stderr.replace("\n", "")
    assert f"{calls}:3: rejected, bad_time: ended_at" in result.stderr.replace("\n", "")
    assert json.loads(result.stdout)["counts"] == {
        "received": 4, "costed": 2, "unrated": {}, "rejected": {"bad_json": 1, "bad_time": 1}, "duplicates": 0,
        "amended": 0, "late": 0, "pending": 0, "unknown_keys": 0, "unconverted_prices": 0,
    }  # fmt: skip


def test_reported_prices_that_cannot_be_converted_are_counted_in_every_report(rates: Path, tmp_path: Path) -> None:
    """Yen have no rate in the table, dollars need none; both calls are costed."""
    calls = tmp_path / "calls.jsonl"
    prices = [{"amount": "9", "currency": "JPY"}, {"amount": "0.01", "currency": "USD"}]
    events = [json.loads(call(name)) | {"reported_price": price} for name, price in zip("ab", prices, strict=True)]
    calls.write_text("".join(json.dumps(event) + "\n" for event in events))
    shown = json.loads(callcost("replay", "-r", rates, "--format", "json", calls).stdout)
    whole = shown["windows"][-1]
    assert (shown["counts"]["costed"], shown["counts"]["unconverted_prices"], whole["reported_calls"]) == (2, 1, 1)
    text = callcost("replay", "-r", rates, calls).stdout
    assert "1  reported prices left out: no exchange rate for their currency" in text
    assert "Every call is in the costs below" not in text
    assert "; 1 reported prices without an exchange rate" in callcost("check", "-r", rates, calls).stdout
    calls.write_text(json.dumps(events[1]))
    assert "reported prices" not in callcost("check", "-r", rates, calls).stdout


def test_strict_exits_3_when_not_all_was_costed(rates: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a", to_number="+4420"))
    assert callcost("replay", "-r", rates, calls).exit_code == 0
    assert callcost("replay", "-r", rates, "--strict", calls).exit_code == 3
    assert callcost("check", "-r", rates, "--strict", calls).exit_code == 3


def test_a_truncated_gzip_says_so_after_what_was_readable(rates: Path, tmp_path: Path) -> None:
    whole = gzip.compress("".join(call(str(number)) for number in range(5_000)).encode())
    packed = tmp_path / "calls.gz"
    packed.write_bytes(whole[: len(whole) // 2])
    result = callcost("replay", "-r", rates, packed)
    assert result.exit_code == 1
    assert "breaks off" in result.stderr
    assert "fetch the file anew" in result.stderr


def test_a_csv_of_the_other_layout_is_rejected_row_by_row_with_its_name(rates: Path, tmp_path: Path) -> None:
    master = tmp_path / "Master.csv"
    master.write_text(
        '"""A"" <100>","100","200","office","PJSIP/100-01","PJSIP/200-02","Dial","PJSIP/200","2026-08-10 10:00:00",'
        '"2026-08-10 10:00:05","2026-08-10 10:01:05","65","60","ANSWERED","DOCUMENTATION","","1786345200.1","",1\n'
    )
    wrong = callcost("replay", "-r", rates, "-p", "asterisk-csv", "--format", "json", master)
    assert json.loads(wrong.stdout)["counts"]["rejected"] == {"not_an_object": 1}
    assert "asterisk-custom-csv" in wrong.stderr
    right = callcost("replay", "-r", rates, "-p", "auto", "--format", "json", master)
    assert json.loads(right.stdout)["counts"]["costed"] == 1
    assert "taken for asterisk-custom-csv" in right.stderr.replace("\n", "")


def test_where_no_record_is_a_call_no_figures_are_shown_and_the_likely_platform_is_named(rates: Path) -> None:
    """Asterisk's example, read as canonical JSON."""
    master = Path(__file__).parents[2] / "docs" / "examples" / "asterisk" / "Master.csv"
    for command in ("replay", "check"):
        wrong = callcost(command, "-r", rates, master)
        assert wrong.exit_code == 2
        said = " ".join(wrong.stderr.split())
        assert "no call in these files; is -p callcost right?" in said
        assert f"{master} looks like -p asterisk-csv" in said
        assert "1970" not in wrong.stdout
    assert callcost("replay", "-r", rates, master).stdout == ""
    assert callcost("replay", "-r", rates, "--format", "csv", master).stdout == ""
    shown = json.loads(callcost("replay", "-r", rates, "--format", "json", master).stdout)
    assert (shown["as_of"], shown["known_from"], shown["windows"], shown["pools"]) == (None, None, [], [])
    assert shown["counts"]["rejected"] == {"bad_json": 12}
    assert callcost("replay", "-r", rates, "--strict", master).exit_code == 3
    assert callcost("check", "-r", rates, "--strict", master).exit_code == 3


def test_where_the_platform_fits_or_cannot_be_told_none_is_named(rates: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a", ended_at="yesterday"))
    for arguments in (["-p", "callcost", calls], ["-p", "callcost", "-"], ["-p", "auto", calls]):
        result = callcost("replay", "-r", rates, *arguments, stdin=call("a", ended_at="yesterday"))
        assert result.exit_code == 2
        assert "no call in these files" in result.stderr
        assert "looks like" not in result.stderr


def test_an_empty_file_has_no_figures_and_is_no_mistake(rates: Path, tmp_path: Path) -> None:
    empty = tmp_path / "calls.jsonl"
    empty.write_text("")
    for form, printed in (("table", ""), ("csv", "")):
        result = callcost("replay", "-r", rates, "--format", form, empty)
        assert (result.exit_code, result.stdout) == (0, printed)
        assert "no call: nothing to read" in result.stderr
    shown = json.loads(callcost("replay", "-r", rates, "--format", "json", empty).stdout)
    assert (shown["as_of"], shown["windows"]) == (None, [])
    assert callcost("check", "-r", rates, empty).exit_code == 0


def test_without_a_call_there_are_windows_if_it_is_said_as_of_when(rates: Path, tmp_path: Path) -> None:
    """What pools accrued while nobody called can still be asked for."""
    empty = tmp_path / "calls.jsonl"
    empty.write_text("")
    arguments = ("replay", "-r", rates, "--as-of", "2026-08-10T12:00:00Z")
    shown = json.loads(callcost(*arguments, "--format", "json", empty).stdout)
    assert (shown["as_of"], {row["calls"] for row in shown["windows"]}) == ("2026-08-10T12:00:00.000Z", {0})
    assert "as of 2026-08-10 12:00:00Z" in callcost(*arguments, empty).stdout


def test_an_invalid_rate_table_exits_2_with_all_its_problems(tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text(RATES.replace('"0.5"', "0.5").replace('"USD"', '"usd"'))
    result = callcost("replay", "-r", rates, "-")
    assert result.exit_code == 2
    assert f"{rates}:2: currency" in result.stderr
    assert f"{rates}:10: version[0].fee[0].price" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2026-08-10T10:00:00Z"], "come together"),
        (["--from", "2026-08-10T11:00:00Z", "--to", "2026-08-10T10:00:00Z"], "before"),
        (["--as-of", "noon"], "RFC 3339"),
        (["--by", "queue"], "direction first"),
        (["--horizon", "week"], "24h or 7d"),
        (["-p", "avaya"], "expected one of"),
    ],
)
def test_options_that_make_no_sense_exit_2_and_say_what_would(
    rates: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a"))
    result = callcost("replay", "-r", rates, *arguments, calls)
    assert result.exit_code == 2
    assert said in result.stderr


def test_explain_shows_lines_that_can_be_worked_out_by_hand(rates: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a") + call("b", to_number="+4420"))
    shown = callcost("explain", "-r", rates, "--call-id", "a", calls).stdout
    assert "60.000 s in increments of 1/1 = 60 s; 60 s × 0.06/60" in " ".join(shown.split())
    unrated = json.loads(callcost("explain", "-r", rates, "--call-id", "b", "--format", "json", calls).stdout)
    assert unrated == {"call_id": "b", "unrated": "no_prefix"}
    missing = callcost("explain", "-r", rates, "--call-id", "z", calls)
    assert missing.exit_code == 1
    assert "call z was not found" in missing.stderr


def test_explain_names_the_tariff_whose_currency_has_no_exchange_rate(rates: Path, tmp_path: Path) -> None:
    rates.write_text(RATES + 'currency = "UDS"\n')
    calls = tmp_path / "calls.jsonl"
    calls.write_text(call("a"))
    shown = callcost("explain", "-r", rates, calls).stdout
    assert shown.splitlines()[0] == "call a: unrated, no_fx_rate"
    assert shown.endswith("under [[fx]].\ntariff carrier is in UDS\n\n")
    as_json = json.loads(callcost("explain", "-r", rates, "--format", "json", calls).stdout)
    assert as_json == {"call_id": "a", "unrated": "no_fx_rate"}


def test_check_lists_what_is_wrong_with_settings_rates_and_calls_together(tmp_path: Path) -> None:
    settings, rates, calls = (tmp_path / name for name in ("callcost.toml", "rates.toml", "calls.jsonl"))
    settings.write_text('rates = "rates.toml"\ncolour = 1\n[source]\npath = 5\n[http]\nport = 99999\n')
    rates.write_text(RATES.replace("2026-01-01", '"2026-01-01"'))
    calls.write_text("{}\n")
    result = callcost("check", "-c", settings, "-r", rates, calls)
    assert result.exit_code == 2
    for place in ("colour", "source.path", "http.port", "effective_from", "missing_field"):
        assert place in result.stderr


def test_schemas_are_json() -> None:
    for what in ("call", "rates", "settings"):
        assert json.loads(callcost("schema", what).stdout)["$defs"]
