"""What leaves calls unrated and is no mistake: a price in a currency without an exchange rate."""

import pytest

from consumer.rates.load import WrittenRates
from consumer.rates.warnings import warnings_of
from tests.rates.test_mistakes import HEAD, fee, fx, tariff, version


def warned(text: str) -> list[str]:
    """Of a table that loads."""
    written = WrittenRates("rates.toml", text.encode(), {})
    written.build()
    return [str(warning) for warning in warnings_of(written)]


#: HEAD has 5 lines; a fee has name, driver and price on lines 7 to 9, a tariff name and rates on lines 7 and 8.
WARNINGS = {
    "a tariff": (HEAD + tariff(currency='"UDS"'), "rates.toml:9: version[0].tariff[0].currency: found UDS, expected"),
    "a fee": (HEAD + fee(currency='"UDS"'), "rates.toml:10: version[0].fee[0].currency: found UDS, expected"),
    "what is missing": (HEAD + fee(currency='"UDS"'), "a currency with an [[fx]] rate in force at the version's start"),
    "what comes of it": (HEAD + fee(currency='"UDS"'), "; without one calls are unrated, no_fx_rate"),
    "the rate of another": (HEAD + fee(currency='"UDS"') + fx("EUR"), "found UDS"),
    "a rate from the day after": (HEAD + fee(currency='"EUR"') + fx("EUR", start="2026-01-02"), "found EUR"),
    "a later version": (
        HEAD + fee() + version("second", "2026-02-01") + fee(currency='"UDS"'),
        "rates.toml:17: version[1].fee[0].currency: found UDS",  # 5 + 4 + 3 lines, and the fifth of the fee
    ),
}


@pytest.mark.parametrize(("text", "said"), WARNINGS.values(), ids=WARNINGS.keys())
def test_a_price_that_cannot_be_converted_is_warned_of_with_its_line(text: str, said: str) -> None:
    (warning,) = warned(text)
    assert said in warning


QUIET = {
    "the table's currency": HEAD + fee() + tariff(currency='"USD"'),
    "a rate from the first day": HEAD + fee(currency='"EUR"') + tariff(currency='"EUR"') + fx("EUR"),
    "a rate that came before": HEAD + fee(currency='"EUR"') + fx("EUR", start="2025-06-01"),
}


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET.keys())
def test_a_price_that_can_be_converted_is_not_warned_of(text: str) -> None:
    assert warned(text) == []
