"""callcost.toml and the environment: what is taken, and what is said of mistakes."""

from pathlib import Path

import pytest

from consumer.app import Worker
from consumer.settings import Settings, SettingsInvalid, load_settings
from tests.home.test_embedded_home import RATES

SECRET = "a-secret-of-somebody"  # noqa: S105 - of these tests alone


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "callcost.toml").write_text('rates = "rates.toml"\n' + text)
    return load_settings(folder / "callcost.toml")


def mistakes_in(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as found:
        settings_of(folder, text)
    return str(found.value).replace(f"{folder}/", "").splitlines()


def test_a_rate_table_is_all_that_must_be_named(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "")
    assert (found.http.host, found.http.port) == ("127.0.0.1", 8080)
    assert found.home.path == tmp_path / "callcost.db"


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    found = settings_of(tmp_path, '[home]\npath = "/var/lib/x.db"\n[source]\npath = "log/Master.csv"\n')
    assert found.rates == tmp_path / "rates.toml"
    assert found.home.path == Path("/var/lib/x.db")
    assert found.source is not None
    assert found.source.path == tmp_path / "log/Master.csv"


def test_every_mistake_is_told_at_once_with_its_line_and_what_was_found(tmp_path: Path) -> None:
    """Line 1 names the rate table; the others are these."""
    text = 'colour = 1\n[http]\nport = 99_999\nhots = "::"\n\n[home]\ncheckpoint_s = "soon"\n'
    assert mistakes_in(tmp_path, text) == [
        "callcost.toml:2: colour: found an unknown key, expected a key of this table, spelled right",
        "callcost.toml:4: http.port: found 99999, expected less than or equal to 65535",
        "callcost.toml:5: http.hots: found an unknown key, expected a key of this table (did you mean host?)",
        "callcost.toml:8: home.checkpoint_s: found 'soon', expected a number",
    ]


#: What is written from line 2 on -> the mistake that is told.
MISTAKES = {
    "a key of the file": (
        "rate_poll_s = 1\n",
        ":2: rate_poll_s: found an unknown key, expected a key of this table (did you mean rates_poll_s?)",
    ),
    "a table": (
        "[htpp]\nport = 1\n", ":2: htpp: found an unknown key, expected a key of this table (did you mean http?)",
    ),
    "a key of a table that need not be there": (
        '[source]\npath = "a"\npoll = 1\n',
        ":4: source.poll: found an unknown key, expected a key of this table (did you mean poll_s?)",
    ),
    "a number in quotes": ('[http]\nport = "many"\n', ":3: http.port: found 'many', expected a whole number"),
    "a part of a number": ("[http]\nport = 80.5\n", ":3: http.port: found 80.5 (a float), expected a whole number"),
    "a word for a switch": ('[ingest]\nopen = "perhaps"\n', ":3: ingest.open: found 'perhaps', expected true or false"),
    "a number for a path": ("[home]\npath = 5\n", ":3: home.path: found 5, expected a path in quotes"),
    "a number for text": ("[http]\nhost = 5\n", ":3: http.host: found 5, expected text in quotes"),
    "a text for a table": ('http = "8080"\n', ":2: http: found text, expected a table"),
    "a text for a list": (
        '[fold]\ndimensions = "direction"\n', ":3: fold.dimensions: found 'direction', expected a list",
    ),
    "a key that is needed": ("\n[source]\npoll_s = 1\n", ":3: source.path: found nothing, expected a value"),
    "a word that is none of those": (
        '[source]\npath = "a"\nplatform = "avaya"\n', ":4: source.platform: found 'avaya', expected 'callcost', '",
    ),
    "no topic": (
        '[kafka]\nbootstrap = "b:1"\ntopics = {}\n', ":4: kafka.topics: found a table, expected at least 1 item",
    ),
    "a topic's name": (
        '[kafka]\nbootstrap = "b:1"\ncheckpoints = "a b"\n',
        ":4: kafka.checkpoints: found 'a b', expected a topic's name of letters, digits, dots, _ and -",
    ),
    "a URL with a path": (
        '[ingest]\npublic_url = "https://a/b"\n',
        ":3: ingest.public_url: found 'https://a/b', expected https:// and a host, without a path",
    ),
    "what a section says": (
        '[fold]\nmost_values = 9\ndimensions = ["queue"]\n',
        ":4: fold: dimensions: expected different names that begin with direction",
    ),
    "what two keys of a section say": (
        '\n[kafka]\nbootstrap = "b:1"\nusername = "u"\n',
        ":3: kafka: username, password and token_file: expected sasl with them",
    ),
    "a time zone": ('[asterisk]\nzone = "Mars/Olympus"\n', ":3: asterisk.zone: no time zone 'Mars/Olympus'; expected"),
    "what two sections say": (
        '\n[http]\nhost = "::"\n[ingest]\nbody_s = 1\n', ":5: ingest: other machines can reach http.host ::, and",
    ),
    "what a section that is not there should say": ('[http]\nhost = "::"\n', ": ingest: other machines can reach"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_in_words_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (mistake,) = mistakes_in(tmp_path, text)
    assert mistake.startswith(f"callcost.toml{said}")


def test_settings_without_a_rate_table_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "callcost.toml").write_text("[http]\nport = 1\n")
    with pytest.raises(SettingsInvalid, match=r"callcost\.toml: rates: found nothing, expected the file of the"):
        load_settings(tmp_path / "callcost.toml")


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"callcost\.toml: no such file; write one, or name it with -c"):
        load_settings(tmp_path / "callcost.toml")
    (mistake,) = mistakes_in(tmp_path, "[home\n")
    assert mistake.startswith("callcost.toml:2: found no TOML (Expected ']' at the end of a table declaration")


def test_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCOST_HTTP__PORT", "9000")
    found = settings_of(tmp_path, "[http]\nport = 9001\nmost_series = 3000\n")
    assert (found.http.port, found.http.most_series) == (9000, 3000)
    monkeypatch.setenv("CALLCOST_HTTP__PORT", "many")
    (mistake,) = mistakes_in(tmp_path, "")
    assert mistake == "environment CALLCOST_HTTP__PORT: http.port: found 'many', expected a whole number"


def test_a_mistake_in_a_table_of_the_environment_is_not_laid_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is merged with the file's table: each has a mistake of its own."""
    monkeypatch.setenv("CALLCOST_HTTP", '{"prot": 1}')
    assert mistakes_in(tmp_path, '[http]\nhots = "::"\n') == [
        "environment CALLCOST_HTTP: http.prot: found an unknown key, expected a key of this table (did you mean port?)",
        "callcost.toml:3: http.hots: found an unknown key, expected a key of this table (did you mean host?)",
    ]


# Secrets, and who may post.


def test_an_address_that_others_reach_needs_a_token_or_a_word_that_none_is_wanted(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "10.0.0.5"):  # noqa: S104 - that is the point
        (mistake,) = mistakes_in(tmp_path, f'[http]\nhost = "{host}"\n')
        assert "anybody could post calls; set token_file, or open = true" in mistake
        settings_of(tmp_path, f'[http]\nhost = "{host}"\n[ingest]\nopen = true\n')
        settings_of(tmp_path, f'[http]\nhost = "{host}"\n[ingest]\ntoken = "{SECRET}"\n')


def test_twilio_needs_the_address_that_it_signs(tmp_path: Path) -> None:
    (mistake,) = mistakes_in(tmp_path, f'[ingest]\ntwilio_auth_token = "{SECRET}"\n')
    assert mistake.endswith("set public_url to https:// and its host")
    (mistake,) = mistakes_in(tmp_path, f'[ingest]\ntwilio_auth_token = "{SECRET}"\npublic_url = "calls.example.com"\n')
    assert "ingest.public_url: found 'calls.example.com'" in mistake


def test_no_mistake_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SECRET not in repr(settings_of(tmp_path, f'[ingest]\ntoken = "{SECRET}"\n'))
    for text in (f'[ingest]\ntoken = ["{SECRET}"]\n', f'[ingest]\ntokn = "{SECRET}"\n', f'ingest = "{SECRET}"\n'):
        (mistake,) = mistakes_in(tmp_path, text)
        assert SECRET not in mistake
    monkeypatch.setenv("CALLCOST_INGEST", f'{{"token": "{SECRET}", "bad": 1}}')
    assert not any(SECRET in mistake for mistake in mistakes_in(tmp_path, ""))
    monkeypatch.setenv("CALLCOST_INGEST", f'{{"token": "{SECRET}"')
    assert not any(SECRET in mistake for mistake in mistakes_in(tmp_path, ""))


def test_a_password_of_the_cluster_is_shown_nowhere(tmp_path: Path) -> None:
    kafka = '[kafka]\nbootstrap = "b:9092"\nca_file = "ca.pem"\nsasl = "PLAIN"\nusername = "u"\n'
    found = settings_of(tmp_path, f'{kafka}password = "{SECRET}"\n')
    assert SECRET not in repr(found)
    assert found.kafka is not None
    assert found.kafka.ca_file == tmp_path / "ca.pem"
    (mistake,) = mistakes_in(tmp_path, f'{kafka}password = ["{SECRET}"]\n')
    assert mistake == "callcost.toml:7: kafka.password: found a value that is not shown, expected text in quotes"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            'dead_letters = "a"\ncheckpoints = "a"',
            "topics, checkpoints, dead_letters and rates: expected different names",
        ),
        ('ingest_topic = "elsewhere"', "ingest_topic: found elsewhere, expected one of topics"),
        ('topics = { "calls" = "pigeon" }', "kafka.topics.calls: found 'pigeon'"),
        ('topics = { "a b" = "callcost" }', "kafka.topics.a b.[key]: found 'a b'"),
        ('rates = "rates"', "rates: found a file and the topic of [kafka] rates, expected one of the two"),
        ('username = "u"', "username, password and token_file: expected sasl with them"),
        ('[source]\npath = "calls.jsonl"', "source: a file is followed by the worker that has its own journal"),
    ],
)
def test_what_does_not_go_together_on_a_cluster_is_told(tmp_path: Path, more: str, said: str) -> None:
    assert said in "\n".join(mistakes_in(tmp_path, f'[kafka]\nbootstrap = "b:9092"\n{more}\n'))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "tokens: No such file or directory; expected a file with a secret a line"),
        (b"\n  \n", "tokens: found nothing, expected a secret a line"),
        (b"\xff\xfe", "tokens: not UTF-8; expected a file with a secret a line"),
        (b"short\n", "ingest.token: found one that is too short, expected 16 characters or more"),
    ],
)
def test_a_file_of_tokens_that_is_none_stops_the_worker(tmp_path: Path, written: bytes | None, said: str) -> None:
    if written is not None:
        (tmp_path / "tokens").write_bytes(written)
    (tmp_path / "rates.toml").write_text(RATES)
    found = settings_of(tmp_path, '[ingest]\ntoken_file = "tokens"\n')
    with pytest.raises(SettingsInvalid) as refused:
        Worker(found)
    assert str(refused.value).endswith(said)
