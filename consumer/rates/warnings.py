"""What is no mistake of a rate table, and yet leaves calls unrated: prices in a currency without an exchange rate.

Owns looking for it. Such a rate may still come, and a call that pays nothing needs none.
"""

from collections.abc import Iterator

from consumer.rates.crosschecks import Found, currency_without_rate, instant_of
from consumer.rates.elements import Elements, elements_of
from consumer.rates.load import WrittenRates
from consumer.toml.faults import written
from consumer.toml.problem import Problem
from consumer.toml.text import parsed

_MEANWHILE = "without one calls are unrated, no_fx_rate"


def warnings_of(rates: WrittenRates) -> list[Problem]:
    """Fees and tariffs whose currency has no rate when their version starts; of a table that loads."""
    found, places = parsed(rates.name, rates.text)
    return [
        Problem(rates.name, places.line(path), written(path), currency, f"{expected}; {_MEANWHILE}")
        for path, currency, expected in _unconverted(elements_of(found))
    ]


def _unconverted(elements: Elements) -> Iterator[Found]:
    for version in elements.versions:
        if version.head is not None:
            start = instant_of(elements, version.head.effective_from)
            for fee in version.fees:
                yield from currency_without_rate(elements, fee.path, fee.element.currency, start)
            for tariff in version.tariffs:
                yield from currency_without_rate(elements, tariff.path, tariff.element.currency, start)
