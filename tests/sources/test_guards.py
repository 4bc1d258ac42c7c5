"""Who may post: tokens and signatures that fit, and everything near them that does not."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from multidict import CIMultiDict

from consumer.sources.guards import BearerTokens, TwilioSignature

OLD, NEW = b"the-token-of-last-year", b"the-token-of-this-year"
FORM = "application/x-www-form-urlencoded"


def having(**headers: str) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("token", [OLD, NEW])
def test_any_of_the_tokens_admits(token: bytes) -> None:
    """While one is being replaced by another, both do."""
    assert BearerTokens([OLD, NEW]).admits(having(Authorization=f"Bearer {token.decode()}"))


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Basic {OLD.decode()}", OLD.decode(), f"Bearer {OLD.decode()}x", "Bearer \udcff", "é"],
)
def test_nothing_else_does(given: str) -> None:
    assert not BearerTokens([OLD]).admits(having(Authorization=given))
    assert not BearerTokens([OLD]).admits(having())


def test_the_scheme_is_of_any_case() -> None:
    """RFC 9110, 11.1."""
    assert BearerTokens([OLD]).admits(having(authorization=f"bearer {OLD.decode()}"))


def test_secrets_are_not_in_what_is_printed() -> None:
    assert "token-of" not in repr(BearerTokens([OLD]))
    assert "token-of" not in repr(TwilioSignature([OLD], "https://example.com"))


# Twilio. The example that its documentation and helper libraries share.

PUBLIC = "https://mycompany.com"
PATH = "/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
    "To": "+18005551212",
}  # fmt: skip
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
GUARD = TwilioSignature([b"12345"], PUBLIC)


def is_admitted(
    fields: dict[str, str] | list[tuple[str, str]] = FIELDS, path: str = PATH, signature: str = SIGNATURE,
    guard: TwilioSignature = GUARD,
) -> bool:  # fmt: skip
    headers = having(Content_Type=f"{FORM}; charset=UTF-8", X_Twilio_Signature=signature)
    return guard.admits(headers, path, urlencode(fields).encode())


def test_the_published_example_of_twilio_is_admitted() -> None:
    assert is_admitted()
    assert is_admitted(dict(reversed(FIELDS.items())))  # they are signed in the order of their names
    assert is_admitted(guard=TwilioSignature([b"12345"], PUBLIC + "/"))
    assert is_admitted(guard=TwilioSignature([b"another", b"12345"], PUBLIC))


def test_whatever_is_changed_is_noticed() -> None:
    assert not is_admitted({**FIELDS, "To": "+18005551213"})
    assert not is_admitted({**FIELDS, "Price": "0"})
    assert not is_admitted({name: value for name, value in FIELDS.items() if name != "Digits"})
    assert not is_admitted(path="/myapp.php?foo=1&bar=3")
    assert not is_admitted(signature=SIGNATURE.lower())
    assert not is_admitted(signature="")
    assert not is_admitted(signature="\udcff")
    assert not is_admitted(guard=TwilioSignature([b"12346"], PUBLIC))
    assert not is_admitted(guard=TwilioSignature([b"12345"], "http://mycompany.com"))


def test_a_form_of_too_many_fields_is_signed_by_nobody() -> None:
    fields = [(f"f{number:03d}", "") for number in range(201)]
    signed = PUBLIC + PATH + "".join(name for name, _ in fields)
    assert not is_admitted(fields, signature=signature_of(signed))


def test_json_is_signed_by_its_hash_in_the_url() -> None:
    body = b'{"sid": "CA1"}'
    path = f"/ingest/twilio?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = having(Content_Type="application/json", X_Twilio_Signature=signature_of(PUBLIC + path))
    assert GUARD.admits(headers, path, body)
    assert not GUARD.admits(headers, path, body + b" ")
    bare = having(Content_Type="application/json", X_Twilio_Signature=signature_of(f"{PUBLIC}/ingest/twilio"))
    assert not GUARD.admits(bare, "/ingest/twilio", body)


def signature_of(signed: str) -> str:
    return base64.b64encode(hmac.digest(b"12345", signed.encode(), "sha1")).decode()
