"""What is remembered of one call, and its packed form: some 150 bytes that can be costed again.

Owns the versions of a call and how long it is remembered. Knows neither other calls nor prices.
"""

from operator import attrgetter

import msgspec
from msgspec import UNSET

from consumer.core.calls import CallFields, CompletedCall, Rejection, complete, merge


class Said(msgspec.Struct, array_like=True, gc=False):
    """One accepted version and the offset of the record that told it."""

    number: int
    offset: int
    fields: CallFields


_number = attrgetter("number")


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What is remembered of one call."""

    versions: list[Said]
    is_complete: bool  # else its versions wait
    first_of_contact: bool
    life_ms: int  # it expires when the watermark is a horizon beyond this: its end, or the last record that told of it
    origin: int  # the least offset that its state depends on
    told: int  # the last offset that told of it, if only the same again

    @property
    def offset(self) -> int:
        """The least offset of its versions."""
        return min(said.offset for said in self.versions)

    def call(self, call_id: str) -> CompletedCall | Rejection:
        """The call that its versions make."""
        return _call(call_id, self.versions, self.first_of_contact)

    def call_with(self, call_id: str, said: Said) -> CompletedCall | Rejection:
        """The call that its versions and one more make."""
        return _call(call_id, [*self.versions, said], self.first_of_contact)

    def known(self, call_id: str) -> CompletedCall:
        """The call of an entry that is complete."""
        call = self.call(call_id)
        if isinstance(call, Rejection):
            raise AssertionError(f"call {call_id} was accepted and is impossible: {call}")
        return call

    def contact_id(self, call_id: str) -> str:
        """The contact of a complete call, without the rest of it: by the highest version that says one."""
        for said in sorted(self.versions, key=_number, reverse=True):
            contact_id = said.fields.contact_id
            if contact_id is not UNSET:
                return contact_id or call_id
        return call_id


class _Times(msgspec.Struct, gc=False):
    started_ms: int = msgspec.field(name="s")
    ended_ms: int = msgspec.field(name="e")


class _TimesSaid(msgspec.Struct, array_like=True, gc=False):
    number: int
    offset: int
    fields: _Times


class _TimesEntry(msgspec.Struct, array_like=True, gc=False):
    """The times alone of an entry, read ten times as fast."""

    versions: list[_TimesSaid]


def _call(call_id: str, versions: list[Said], first_of_contact: bool) -> CompletedCall | Rejection:
    call = complete(call_id, merge([(said.number, said.fields) for said in versions]))
    if isinstance(call, CompletedCall):
        call.first_of_contact = first_of_contact
    return call


pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Entry).decode
_unpack_times = msgspec.msgpack.Decoder(_TimesEntry).decode


def unpack_times(packed: bytes) -> tuple[int, int]:
    """Start and end of a call of one version, without the rest."""
    times = _unpack_times(packed).versions[0].fields
    return times.started_ms, times.ended_ms
