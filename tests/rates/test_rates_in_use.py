"""The rate table in use: how old its prices are, whenever it was loaded."""

from consumer.core.instants import DAY_MS, parse_rfc3339
from consumer.core.rates import RateTable
from consumer.rates.load import WrittenRates
from consumer.worker.rates_in_use import RatesInUse
from tests.tables import centre

SUMMER, AUTUMN = parse_rfc3339("2026-01-01T00:00:00+02:00"), parse_rfc3339("2026-08-10T12:00:00+03:00")


class Written:
    """A place that has one rate table, written long ago."""

    def load(self) -> tuple[WrittenRates, RateTable]:
        return WrittenRates("rates.toml", b"", {}), centre()

    def has_changed(self) -> bool:
        return False

    def follow(self, rates: WrittenRates) -> None:
        """Nothing to look at."""


def test_prices_are_as_old_as_the_newest_version_that_has_begun() -> None:
    rates = RatesInUse(Written(), 60, lambda: AUTUMN)
    assert rates.newest_version_ms(SUMMER - 1) is None
    assert rates.newest_version_ms(SUMMER) == rates.newest_version_ms(AUTUMN - 1) == SUMMER
    assert rates.newest_version_ms(AUTUMN) == AUTUMN


def test_a_start_makes_the_table_new_and_its_prices_no_younger() -> None:
    started = AUTUMN + 100 * DAY_MS
    rates = RatesInUse(Written(), 60, lambda: started)
    assert (rates.loaded_ms, rates.newest_version_ms(started)) == (started, AUTUMN)
