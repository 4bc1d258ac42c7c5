"""Small readings made by hand, with every kind of row, doubt and gap."""

from consumer.core.baseline import Usual
from consumer.core.budgets import BudgetReading, BudgetWindow
from consumer.core.calls import IDLE
from consumer.core.counts import COST_BUCKETS_NANO, Counts, DirectionTotals, Totals
from consumer.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_rfc3339
from consumer.core.money import NANO
from consumer.core.outlook import Outlook
from consumer.core.reading import Figures, PoolFigures, Reading, Row, WindowReading
from consumer.core.why import Effect
from consumer.surface.metrics import PipelineState

AS_OF = parse_rfc3339("2026-11-23T10:00:00Z")
HEAD_OFFICE = 'he"ad\\off\x1bice\n'  # a name may hold anything

#: Three calls, two answered; 90 s of talk, 6 s of hold, 24 s of wrap-up: 2 minutes handled.
#: direct 0.03, standard 0.03 + 2.4 = 2.43, 0.81 a call, 1.215 an answered call or a handled minute.
SALES = Figures(
    calls=3, answered=2, abandoned=1, transferred=1, unrated=1, contacts=2, resolved=1, sales=1,
    talk_ms=90_000, hold_ms=6_000, wrap_ms=24_000, wait_ms=31_500, ivr_ms=1, billed_s=132,
    reported_calls=1, abandoned_nano=NANO // 100, reported_nano=NANO // 50, carrier_of_reported_nano=NANO // 40,
    components_nano={"carrier": NANO // 50, "fee": NANO // 100, "labour": 24 * NANO // 10}, absorbed_nano=3 * NANO + 1,
    p50_nano=8 * NANO // 10, p95_nano=16 * NANO // 10, p99_nano=16 * NANO // 10,
)  # fmt: skip
#: One call that cost a third of a nano-unit less than a cent.
OUT = Figures(
    calls=1, contacts=1, leads=1, billed_s=6, components_nano={"carrier": 9_999_999}, absorbed_nano=9_999_999,
    p50_nano=9_999_999, p95_nano=9_999_999, p99_nano=9_999_999,
)  # fmt: skip
#: A segment whose only call is unrated.
LOST = Figures(unrated=2, components_nano={})
#: SALES and LOST.
INBOUND = Figures(
    calls=3, answered=2, abandoned=1, transferred=1, unrated=3, contacts=2, resolved=1, sales=1,
    talk_ms=90_000, hold_ms=6_000, wrap_ms=24_000, wait_ms=31_500, ivr_ms=1, billed_s=132,
    reported_calls=1, abandoned_nano=NANO // 100, reported_nano=NANO // 50, carrier_of_reported_nano=NANO // 40,
    components_nano={"carrier": NANO // 50, "fee": NANO // 100, "labour": 24 * NANO // 10}, absorbed_nano=3 * NANO + 1,
    p50_nano=8 * NANO // 10, p95_nano=16 * NANO // 10, p99_nano=16 * NANO // 10,
)  # fmt: skip
NIGHT = Figures(components_nano={}, absorbed_nano=5 * NANO)
#: INBOUND, OUT and NIGHT.
WHOLE = Figures(
    calls=4, answered=2, abandoned=1, transferred=1, unrated=3, contacts=3, resolved=1, sales=1, leads=1,
    talk_ms=90_000, hold_ms=6_000, wrap_ms=24_000, wait_ms=31_500, ivr_ms=1, billed_s=138,
    reported_calls=1, abandoned_nano=NANO // 100, reported_nano=NANO // 50, carrier_of_reported_nano=NANO // 40,
    components_nano={"carrier": 29_999_999, "fee": NANO // 100, "labour": 24 * NANO // 10},
    absorbed_nano=8 * NANO + 10_000_000, p50_nano=8 * NANO // 10, p95_nano=16 * NANO // 10, p99_nano=16 * NANO // 10,
)  # fmt: skip

_SEGMENTS = (
    Row(("inbound", "sales", "ath"), SALES),
    Row(("inbound", "sales", HEAD_OFFICE), LOST),
    Row(("outbound", "__unknown__", "[bold]ath"), OUT),
)
_ROWS = (
    *_SEGMENTS,
    Row(("inbound",), INBOUND),
    Row(("outbound",), OUT),
    Row((IDLE, IDLE, IDLE), NIGHT),
    Row((), WHOLE),
)
_POOLS = (
    PoolFigures("agents", 10 * NANO, 24 * NANO // 10),  # idle 7.6, utilisation 0.24
    PoolFigures("headsets", NANO, None),  # no capacity
    PoolFigures("night", 0, 0),
    PoolFigures("phones", NANO, 15 * NANO // 10),  # more was used than there is: idle −0.5
)
_QUIET = (Row((), Figures(components_nano={})),)

COUNTS = Counts(
    received=1_013, costed=4, unrated={"no_fx_rate": 1, "no_prefix": 2}, rejected={"bad_time": 1, "bad_json": 2},
    duplicates=1_000, amended=1, late=1, pending=1, unknown_keys=7, unconverted_prices=1, late_cost_nano=NANO // 3,
)  # fmt: skip
assert COUNTS.received == COUNTS.accounted()


def reading() -> Reading:
    """A quiet five minutes, an hour with calls, and a week of which only the last two days are known."""
    windows = (
        WindowReading("5m", AS_OF - 5 * MINUTE_MS, AS_OF, _QUIET, (PoolFigures("agents", NANO // 12, 0),)),
        WindowReading("1h", AS_OF - HOUR_MS, AS_OF, _ROWS, _POOLS),
        WindowReading("7d", AS_OF - 7 * DAY_MS, AS_OF, _ROWS, _POOLS),
    )
    dimensions = ("direction", "queue", "site")
    return Reading(
        AS_OF, "USD", ("2026-q3", "2026-q4"), "0a1b2c3d" * 8, dimensions, COUNTS, windows, AS_OF - 2 * DAY_MS,
        "Europe/Athens",
    )  # fmt: skip


def totals() -> Totals:
    """What happened: one inbound call fell from 0.02 to 0.015 when it was amended."""
    histogram = [0] * (len(COST_BUCKETS_NANO) + 1)
    histogram[COST_BUCKETS_NANO.index(NANO // 100)] = 2
    histogram[-1] = 1
    inbound = DirectionTotals(
        calls=3, handled_ms=120_500, cost_nano={"carrier": NANO // 50, "labour": 2_400 * NANO},
        corrections_nano={"carrier": NANO // 200}, histogram=histogram, histogram_sum_nano=2_400 * NANO + NANO // 50,
    )  # fmt: skip
    return Totals(
        received=1_013, costed=3, unrated={"no_prefix": 2}, rejected={"bad_json": 2}, duplicates=1_000, amended=1,
        late=1, late_cost_nano=NANO // 3, unknown_keys=7, unconverted_prices=1, other_values=2,
        directions={"inbound": inbound},
    )  # fmt: skip


def state() -> PipelineState:
    """Half an hour behind, and one file of two still being read."""
    return PipelineState(
        watermark_ms=AS_OF - HOUR_MS // 2, last_event_ms=AS_OF - HOUR_MS // 2 + MINUTE_MS,
        components=("carrier", "fee", "labour", "hardware"), table_sha256="0a1b2c3d" * 8,
        table_versions=("2026-q3", "2026-q4"), table_loaded_ms=AS_OF - DAY_MS, table_problems=0,
        newest_version_ms=AS_OF - 53 * DAY_MS,
        index_entries=4, index_limit=2_000_000, segments=3,
        dimension_values={"direction": 2, "queue": 1, "site": 3}, dimension_values_limit=200,
        source_lag_bytes={"calls.jsonl": 0, "Master.csv": 4_096},
    )  # fmt: skip


def outlook() -> Outlook:
    """A usual hour for sales; inbound calls are a cent dearer than usual; one budget with a week of history."""
    usual = {
        ("inbound", "sales", "ath"): Usual(12, 120, 96 * NANO, NANO // 20),  # 0.80 a call, give or take 0.05
        ("inbound",): Usual(12, 120, 96 * NANO, NANO // 20),
        (): Usual(12, 150, 90 * NANO, NANO // 25),  # 0.60
    }
    moved: dict[str, dict[Effect, int]] = {"inbound": {"price": 2 * NANO // 100, "handle_time": -NANO // 100, "mix": 0}}
    budget = BudgetReading(
        "all", "month", AS_OF - 22 * DAY_MS, AS_OF + 8 * DAY_MS, 300 * NANO, 210 * NANO, 301 * NANO + 1, 1,
        (BudgetWindow("1h", NANO, 2 * NANO), BudgetWindow("24h", 24 * NANO, 48 * NANO)),
    )  # fmt: skip
    return Outlook(usual, moved, (budget,))
