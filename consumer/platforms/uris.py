"""SIP and tel URIs, as platforms name the two sides of a call."""

import re
from urllib.parse import unquote

_PARAMETER = re.compile("[;:]")  # of the user: a password or a parameter


def uri_user(uri: str) -> str | None:
    """sip:+302101234567@host -> +302101234567, tel:+302101234567 -> the number; None where there is no user.

    RFC 3261 section 19.1 and RFC 3966. Linear in the length of the text, which is somebody else's.
    """
    scheme, _, address = uri.partition(":")
    if scheme.lower() in ("sip", "sips"):
        user, at, _ = address.partition("@")
        return unquote(_PARAMETER.split(user, maxsplit=1)[0]) or None if at else None
    if scheme.lower() == "tel":
        return unquote(address.partition(";")[0]) or None
    return None


def is_uri(text: str) -> bool:
    """Whether it is a SIP or tel URI at all."""
    return text.partition(":")[0].lower() in ("sip", "sips", "tel")
