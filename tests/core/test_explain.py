"""Which price it was that could not be converted."""

import pytest

from consumer.core.calls import SourceRecord
from consumer.core.costing import Costing
from consumer.core.explain import Explanation, explain
from consumer.core.replay import Replay
from consumer.platforms.canonical import decode
from consumer.rates.build import build_rate_table

HEAD = """\
currency = "USD"
time_zone = "UTC"
[[version]]
id = "v1"
effective_from = 2026-01-01
"""
FEE = """\
[[version.fee]]
name = "minute"
driver = "talk_second"
price = "0.018"
currency = "GBP"
scope = { queue = ["sales"] }
"""
FX = '[[fx]]\ncurrency = "EUR"\nrate = "1.08"\neffective_from = 2026-01-01\n'
CALL = """{"call_id": "a", "direction": "outbound", "started_at": "2026-08-10T10:00:00Z", "to_number": "+302101",
"answered_at": "2026-08-10T10:00:00Z", "ended_at": "2026-08-10T10:01:00Z", "disposition": "answered", %s}"""
SALES = '"queue": "sales"'
SUPPORT = '"queue": "support"'


def tariff(more: str, rate: str = "0.06") -> str:
    return (
        f'[[version.tariff]]\nname = "carrier-a"\nrates = [{{ prefix = "30", rate_per_minute = "{rate}" }}]\n{more}\n'
    )


def reported(amount: str, currency: str) -> str:
    return f'{SUPPORT}, "reported_price": {{"amount": "{amount}", "currency": "{currency}"}}'


PREFERRED = 'currency = "UDS"\nprefer_reported = true'
CASES = {
    "a tariff": (tariff('currency = "UDS"'), SUPPORT, ("tariff carrier-a is in UDS",)),
    "a fee": (FEE, SALES, ("fee minute is in GBP",)),
    "both": (FEE + tariff('currency = "UDS"'), SALES, ("tariff carrier-a is in UDS", "fee minute is in GBP")),
    "a fee that does not serve the call": (
        FEE + tariff('currency = "UDS"'), SUPPORT, ("tariff carrier-a is in UDS",),
    ),
    "a tariff that charges nothing": (FEE + tariff('currency = "UDS"', "0"), SALES, ("fee minute is in GBP",)),
    "a tariff with a rate": (FEE + tariff('currency = "EUR"') + FX, SALES, ("fee minute is in GBP",)),
    "the platform's price": (
        tariff(PREFERRED), reported("0.02", "CHF"),
        ("the platform's price, which tariff carrier-a prefers, is in CHF",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rates", "more", "without_rate"), CASES.values(), ids=CASES.keys())
def test_a_call_without_an_exchange_rate_names_what_needs_one(
    rates: str, more: str, without_rate: tuple[str, ...]
) -> None:
    found = explained(rates, more)
    assert (found.unrated, found.without_rate) == ("no_fx_rate", without_rate)


def explained(rates: str, more: str) -> Explanation:
    table = build_rate_table("rates.toml", (HEAD + rates).encode(), {}.__getitem__)
    replay = Replay.of(table, decode)
    replay.pipeline.feed([SourceRecord(0, (CALL % more).encode())])
    replay.pipeline.finish()
    (call,) = replay.pipeline.index.calls()
    return explain(Costing(table), call)


@pytest.mark.parametrize(
    ("rates", "more", "unrated"),
    [
        (FEE + tariff('currency = "UDS"', "0"), SUPPORT, None),
        (tariff(PREFERRED), reported("0", "CHF"), None),
        (tariff('currency = "UDS"\nmatch = { trunk = ["b"] }'), SUPPORT, "no_tariff"),
    ],
)
def test_a_call_that_needs_no_exchange_rate_names_none(rates: str, more: str, unrated: str | None) -> None:
    found = explained(rates, more)
    assert (found.unrated, found.without_rate) == (unrated, ())
