"""Who may post calls: bearer tokens, and Twilio's signature.

Owns how each is checked, in constant time. Secrets are given; where they come from, and paths, are the caller's.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

_MOST_FIELDS = 200  # of a form; Twilio sends some forty


@dataclass(frozen=True, slots=True)
class BearerTokens:
    """`Authorization: Bearer …` with any of these: two of them while one is being replaced by the other."""

    tokens: Sequence[bytes] = field(repr=False)

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether a request has one of the tokens."""
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        offered = given.strip().encode("utf-8", "surrogateescape")
        known = [hmac.compare_digest(offered, token) for token in self.tokens]  # all of them, whichever fits
        return scheme.lower() == "bearer" and any(known)


@dataclass(frozen=True, slots=True)
class TwilioSignature:
    """`X-Twilio-Signature`: https://www.twilio.com/docs/usage/security#validating-requests.

    Base64 of HMAC-SHA1, with the account's auth token, over the URL that Twilio calls and, of a form, all fields in
    order. A body of another kind is in the URL, as bodySHA256.
    """

    auth_tokens: Sequence[bytes] = field(repr=False)
    public_url: str  # scheme and host as Twilio calls them, without the path

    def admits(self, headers: Mapping[str, str], path: str, body: bytes) -> bool:
        """Whether a request to this path (with its query) was signed by the account."""
        given = headers.get("X-Twilio-Signature", "").encode("utf-8", "surrogateescape")
        url = self.public_url.rstrip("/") + path
        signed = url + _fields_in_order(headers, body)
        known = [hmac.compare_digest(given, _signature(token, signed)) for token in self.auth_tokens]
        return any(known) and _has_this_body(headers, url, body)


def _signature(auth_token: bytes, signed: str) -> bytes:
    return base64.b64encode(hmac.digest(auth_token, signed.encode("utf-8", "surrogateescape"), "sha1"))


def _is_form(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "").lower().startswith("application/x-www-form-urlencoded")


def _fields_in_order(headers: Mapping[str, str], body: bytes) -> str:
    if not _is_form(headers):
        return ""
    try:
        fields = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return "\0"  # signed by nobody
    return "".join(name + value for name, value in sorted(set(fields)))


def _has_this_body(headers: Mapping[str, str], url: str, body: bytes) -> bool:
    if _is_form(headers):
        return True
    told = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(told.lower().encode(), hashlib.sha256(body).hexdigest().encode())
