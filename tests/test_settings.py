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


def test_every_mistake_is_told_at_once_with_what_was_found(tmp_path: Path) -> None:
    assert mistakes_in(tmp_path, 'colour = 1\n[http]\nport = 99_999\nhots = "::"\n[home]\ncheckpoint_s = "soon"\n') == [
        "callcost.toml: colour: found 1, extra inputs are not permitted",
        "callcost.toml: home.checkpoint_s: found 'soon', input should be a valid number, "
        "unable to parse string as a number",
        "callcost.toml: http.hots: found '::', extra inputs are not permitted",
        "callcost.toml: http.port: found 99999, input should be less than or equal to 65535",
    ]


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"callcost\.toml: no such file; write one, or name it with -c"):
        load_settings(tmp_path / "callcost.toml")
    assert mistakes_in(tmp_path, "[home\n") == [
        "callcost.toml: Expected ']' at the end of a table declaration (at line 2, column 6)"
    ]


def test_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCOST_HTTP__PORT", "9000")
    found = settings_of(tmp_path, "[http]\nport = 9001\nmost_series = 3000\n")
    assert (found.http.port, found.http.most_series) == (9000, 3000)
    monkeypatch.setenv("CALLCOST_HTTP__PORT", "many")
    (mistake,) = mistakes_in(tmp_path, "")
    assert mistake.startswith("environment CALLCOST_HTTP__PORT: http.port: found 'many', ")


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
    (mistake,) = mistakes_in(tmp_path, f'[ingest]\ntoken = ["{SECRET}"]\n')
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
    assert mistake.startswith("callcost.toml: kafka.password: ")
    assert SECRET not in mistake


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
