"""Streams of events for the laws: calls around a change of rate version, told in versions, some of them mad."""

import json
import random
from typing import Any

from hypothesis import strategies as st

from consumer.core.calls import SourceRecord
from consumer.core.instants import MINUTE_MS, format_ms, parse_rfc3339

NOON = parse_rfc3339("2026-08-10T09:00:00Z")  # 12:00 in Athens: the second version begins

texts = st.sampled_from(["sales", "support", "billing"])
contacts = st.sampled_from(["k1", "k2", "c1", "c2"])


@st.composite
def complete_calls(draw: st.DrawFn, call_id: str) -> dict[str, Any]:
    """A call that says it all; in the three hours around noon."""
    started = NOON + draw(st.integers(-5_400, 5_400)) * 1000 + draw(st.sampled_from([0, 1, 999]))
    rings, talks = draw(st.integers(0, 30_000)), draw(st.sampled_from([0, 1, 59_999, 60_000, 61_000, 400_000]))
    call = {
        "call_id": call_id,
        "direction": draw(st.sampled_from(["inbound", "outbound", "internal"])),
        "started_at": format_ms(started),
        "ended_at": format_ms(started + rings + talks),
        "disposition": draw(st.sampled_from(["answered", "abandoned", "busy", "voicemail"])),
        "trunk": draw(st.sampled_from(["a", "b"])),
        "to_number": draw(st.sampled_from(["+302101234567", "+306971234567", "+4420", "anonymous"])),
        "queue": draw(texts),
    }
    if call["disposition"] in ("answered", "voicemail"):
        call["answered_at"] = format_ms(started + rings)
    if draw(st.booleans()):
        call["contact_id"] = draw(contacts)
    return call


@st.composite
def amendments(draw: st.DrawFn, call_id: str) -> dict[str, Any]:
    """What comes later of a call, and can make no call impossible."""
    amendment: dict[str, Any] = {"call_id": call_id, "version": draw(st.integers(2, 4))}
    if draw(st.booleans()):
        amendment["wrap_s"] = draw(st.sampled_from([0, 12.5, 60]))
    if draw(st.booleans()):
        amendment["queue"] = draw(st.none() | texts)
    if draw(st.booleans()):
        amendment["contact_id"] = draw(contacts)
    if draw(st.booleans()):
        amendment["reported_price"] = {"amount": "0.0123", "currency": draw(st.sampled_from(["EUR", "GBP"]))}
    if draw(st.booleans()):
        amendment["outcome"] = draw(st.sampled_from(["sale", "resolved"]))
    return amendment


@st.composite
def well_formed(draw: st.DrawFn) -> list[bytes]:
    """Events with distinct (call_id, version), none of which can be rejected, in any order."""
    events: dict[tuple[str, int], dict[str, Any]] = {}
    for number in range(draw(st.integers(1, 6))):
        call = draw(complete_calls(f"c{number}"))
        events[call["call_id"], 1] = call
        for amendment in draw(st.lists(amendments(call["call_id"]), max_size=2)):
            events[call["call_id"], amendment["version"]] = amendment
    ordered = draw(st.permutations(list(events.values())))
    return [json.dumps(event).encode() for event in ordered]


JUNK = [
    b"{",
    b"[]",
    b"\xff\xfe",
    b"",
    b'{"call_id": "x"}',
    b'{"call_id": "c1", "version": 9, "ended_at": "1999-01-01T00:00:00Z"}',
]


@st.composite
def mad(draw: st.DrawFn) -> list[bytes]:
    """Anything: duplicates, amendments without a call, junk, calls far behind and far ahead of the rest."""
    events = draw(
        st.lists(
            st.one_of(
                st.sampled_from([f"c{number}" for number in range(6)]).flatmap(complete_calls),
                st.sampled_from([f"c{number}" for number in range(8)]).flatmap(amendments),
            ),
            min_size=1,
            max_size=25,
        )
    )
    lines = [json.dumps(event).encode() for event in events]
    for junk in draw(st.lists(st.sampled_from(JUNK), max_size=3)):
        lines.insert(draw(st.integers(0, len(lines))), junk)
    return lines


def records(lines: list[bytes]) -> list[SourceRecord]:
    """Lines as a source log: three to an anchor's thousand, so that anchors, holes and offsets all occur."""
    return [SourceRecord(number * 400, line) for number, line in enumerate(lines)]


def three_hours(seed: int) -> list[bytes]:
    """Some 120 events told roughly in order, with late amendments, legs of few contacts, and the same told again."""
    rng = random.Random(seed)  # noqa: S311 - a test's stream
    told: list[tuple[float, dict[str, Any]]] = []
    for number in range(60):
        ended = NOON + rng.randrange(-90, 90) * MINUTE_MS
        call = {
            "call_id": f"c{number}", "direction": rng.choice(["inbound", "outbound"]),
            "started_at": format_ms(ended - rng.randrange(1, 20) * MINUTE_MS), "ended_at": format_ms(ended),
            "disposition": "abandoned", "queue": rng.choice(["sales", "support", "billing"]), "to_number": "+30210",
            "contact_id": rng.choice(["k1", "k2", "c3", f"c{number}", f"c{number}"]),
        }  # fmt: skip
        told.append((ended + rng.expovariate(1 / (5 * MINUTE_MS)), call))
        if rng.random() < 0.2:
            told.append((ended + rng.uniform(0, 50) * MINUTE_MS, call))
        for version in (2, 3):
            if rng.random() < 0.4:
                more = {"wrap_s": rng.randrange(60)} if rng.random() < 0.6 else {"contact_id": rng.choice(["k1", "k2"])}
                if rng.random() < 0.2:
                    more["started_at"] = format_ms(ended - 30 * MINUTE_MS)
                told.append(
                    (ended + rng.uniform(-20, 40) * MINUTE_MS, {"call_id": f"c{number}", "version": version, **more})
                )
    return [json.dumps(event).encode() for _, event in sorted(told, key=lambda event: event[0])]
