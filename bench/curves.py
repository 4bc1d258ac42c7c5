"""What the cost of an event does not depend on: calls seen, prefixes, segments; and windows, which are only read."""

from bench import workload
from bench.fold import folded
from bench.machine import cpu_s, settle
from consumer.core.windows import LIVE_WINDOWS, spans

EVENTS = 40_000


def report() -> None:
    """Print one line a curve, in µs an event; flat is good."""
    table = workload.rate_table()
    long = workload.records(10 * EVENTS, workload.busy_centre())
    settle()
    pipeline, by_seen = workload.pipeline(table), []
    for first in range(0, len(long), EVENTS):
        part = long[first : first + EVENTS]
        taken_s = cpu_s(lambda part=part: [pipeline.feed(part[i : i + 1_000]) for i in range(0, EVENTS, 1_000)], 1)
        by_seen.append((first, taken_s / EVENTS * 1e6))
    _curve("calls seen before", by_seen)
    records = long[:EVENTS]
    prefixes = (10, 1_000, 10_000, 200_000)
    _curve("prefixes of the deck", [(number, _micros(workload.rate_table(number), records)) for number in prefixes])
    segments = (4, 40, 400, 2_000)
    by_segments = [workload.records(EVENTS, workload.busy_centre(number)) for number in segments]
    _curve("segments", [(number, _micros(table, part)) for number, part in zip(segments, by_segments, strict=True)])
    _curve("windows read (ms a reading)", _by_windows(table, records))


def _micros(table, records) -> float:
    return cpu_s(lambda: folded(table, records, 1_000), 2) / len(records) * 1e6


def _by_windows(table, records) -> list[tuple[int, float]]:
    pipeline = folded(table, records, 1_000)
    as_of = workload.START_MS + len(records) * 20
    found = []
    for number in (1, 4, 8, len(LIVE_WINDOWS)):
        asked = spans(table.calendar, as_of, LIVE_WINDOWS[:number])
        found.append((number, cpu_s(lambda asked=asked: pipeline.read(as_of, asked)) * 1e3))
    return found


def _curve(name: str, points: list[tuple[int, float]]) -> None:
    print(f"by {name:28s} " + "  ".join(f"{x:,}: {y:.1f}" for x, y in points))


if __name__ == "__main__":
    report()
