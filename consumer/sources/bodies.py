"""The records in the body of a POST: unpacked no further than allowed, then framed as `records` does it.

A body that breaks off or is malformed as a whole is one record, for the decoder to reject: unlike a file that is being
written it came in one piece, so nothing of it can be trusted.
"""

import zlib

from consumer.sources.records import Framing, array_items, splitter_for, whole_form, whole_object

#: Content codings that a body may be packed in (RFC 9110, 8.4.1), and the window of each for zlib.
CODINGS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class TooLarge(Exception):
    """More than is allowed."""


class NotPacked(Exception):
    """Not in the coding that it is said to be in, or not all of it."""


def unpacked(body: bytes, coding: str, most_bytes: int) -> bytes:
    """A body out of its coding. Stops at what is allowed, however much there would be. Raises TooLarge, NotPacked."""
    unpacking = zlib.decompressobj(CODINGS[coding])
    try:
        found = unpacking.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise NotPacked(str(error)) from None
    if len(found) > most_bytes:
        raise TooLarge(f"the body has more than {most_bytes} bytes when it is unpacked")
    if not unpacking.eof or unpacking.unused_data:
        raise NotPacked("it breaks off, or goes on after its end")
    return found


def records_in(body: bytes, framing: Framing, most: int) -> list[bytes]:
    """JSON: the items of an array, one object, or an object a line. CSV: the rows. Raises TooLarge."""
    found = _framed(body, framing, most + 1)
    if len(found) > most:
        raise TooLarge(f"the body holds more than {most} records")
    return found


def _framed(body: bytes, framing: Framing, enough: int) -> list[bytes]:
    form = whole_form(body, is_all=True) if framing == "json" else None
    if form == "array":
        items, broken = array_items(body, enough)
        return [body] if broken else [item.value for item in items]
    if form == "object":
        return [whole_object(body).value]
    splitter, found = splitter_for(framing), []
    for begin in range(0, len(body), _PIECE_BYTES):
        found += splitter.feed(body[begin : begin + _PIECE_BYTES])
        if len(found) >= enough:
            break
    return [framed.value for framed in found + splitter.finish()] or [body]


_PIECE_BYTES = 64 << 10
