"""Who is named by a SIP or tel URI."""

import pytest

from consumer.platforms.uris import is_uri, uri_user


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:+302101234567@pbx.example", "+302101234567"),
        ("SIPS:bob:secret@pbx.example;transport=tls", "bob"),
        ("sip:+30210;phone-context=x@pbx.example", "+30210"),
        ("sip:%2B30210@pbx.example", "+30210"),
        ("tel:+30-210-1234;ext=5", "+30-210-1234"),
        ("sip:pbx.example", None),
        ("sip:@pbx.example", None),
        ("tel:", None),
        ("client:alice", None),
        ("", None),
    ],
)
def test_user_of_a_uri(uri: str, user: str | None) -> None:
    assert uri_user(uri) == user


def test_a_number_is_no_uri() -> None:
    assert [is_uri(text) for text in ("+302101234567", "client:alice", "sip:a@b", "Tel:1")] == [
        False,
        False,
        True,
        True,
    ]
