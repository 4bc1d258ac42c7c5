"""The records in the body of a POST. Owns nothing but the choice: framing is `records`.

A body that breaks off or is malformed as a whole is one record, for the decoder to reject: unlike a file that is being
written it came in one piece, so nothing of it can be trusted.
"""

from consumer.sources.records import Framing, array_items, splitter_for, whole_form, whole_object


def records_in(body: bytes, framing: Framing) -> list[bytes]:
    """JSON: the items of an array, one object, or an object a line. CSV: the rows."""
    form = whole_form(body, is_all=True) if framing == "json" else None
    if form == "array":
        items, broken = array_items(body)
        return [body] if broken else [item.value for item in items]
    if form == "object":
        return [whole_object(body).value]
    splitter = splitter_for(framing)
    return [framed.value for framed in splitter.feed(body) + splitter.finish()] or [body]
