"""The key of a record: what belongs together comes to one partition, where one fold sees all of it."""

from consumer.core.calls import CallVersion, Decoder, SourceRecord


def call_key(decode: Decoder, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    """The key of a record: the contact of its call, so that legs and amendments keep together; else the call's id."""
    for event in decode(SourceRecord(0, value, headers)):
        if isinstance(event, CallVersion):
            contact = event.fields.contact_id
            return (contact if isinstance(contact, str) else event.call_id).encode()
    return None
