"""rates.toml as it is written: the published schema of the rate table, and the words for what is wrong with it.

Owns names, types, units and what one element must hold in itself. What elements say of one another (versions that
overlap, calendars that are not there) is `consumer.rates`.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

Driver = Literal[
    "handle_second", "talk_second", "ivr_second", "wait_second", "call", "answered_call", "unanswered_call", "contact"
]
Category = Literal["labour", "licence", "hardware", "software", "facility", "utilities", "telecom", "other"]
Period = Literal["hour", "day", "week", "month", "quarter", "year"]
Direction = Literal["inbound", "outbound", "internal"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


def _plain_decimal(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, float):
        raise ValueError(f'a decimal in quotes, such as "{value}": a float is not exact')
    if not isinstance(value, str) or _PLAIN.fullmatch(value) is None:
        raise ValueError('a plain decimal in quotes, not negative and without exponent, such as "12.50"')
    return value


def _at_most_nano(value: str) -> str:
    if len(value.partition(".")[2].rstrip("0")) > 9:
        raise ValueError("at most 9 decimals")
    return value


def _above_zero(value: str) -> str:
    if Decimal(value) == 0:
        raise ValueError("a number above 0")
    return value


def _moment(value: Any) -> date:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a date, or a date-time with an offset, such as 2026-10-01T08:00:00+03:00")
    if not isinstance(value, date):
        raise ValueError("a date without quotes, such as 2026-10-01, or a date-time with an offset")
    return value


def _day_of_calendar(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date without quotes, such as 2026-12-25")
    return value


def _clock(value: Any) -> str:
    if not isinstance(value, str) or _CLOCK.fullmatch(value) is None:
        raise ValueError('a time of day in quotes, such as "08:00"')
    return value


def _clock_or_midnight(value: Any) -> str:
    return "24:00" if value == "24:00" else _clock(value)


_DECIMAL = WithJsonSchema({"type": ["string", "integer"], "pattern": r"^[0-9]+(\.[0-9]+)?$"})
DecimalText = Annotated[str, BeforeValidator(_plain_decimal), _DECIMAL]
PeriodAmount = Annotated[DecimalText, PlainValidator(lambda value: _at_most_nano(_plain_decimal(value))), _DECIMAL]
Positive = Annotated[str, PlainValidator(lambda value: _above_zero(_plain_decimal(value))), _DECIMAL]
Moment = Annotated[
    date | datetime, PlainValidator(_moment),
    WithJsonSchema({"type": "string", "description": "a date, or an offset date-time"}),
]  # fmt: skip
CalendarDay = Annotated[date, PlainValidator(_day_of_calendar), WithJsonSchema({"type": "string", "format": "date"})]
Clock = Annotated[str, PlainValidator(_clock), WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})]
ClockTo = Annotated[
    str, PlainValidator(_clock_or_midnight), WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})
]  # fmt: skip
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Name = Annotated[str, Field(min_length=1)]
Digits = Annotated[str, Field(pattern=r"^[0-9]*$")]
WholeSeconds = Annotated[int, Field(ge=1, le=604_800, description="whole seconds")]
Scope = Annotated[dict[str, list[str]], Field(description="dimension -> values; every one must list the call's value")]


class _Element(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Hours(_Element):
    """Opening hours by the wall clock. `from` ≥ `to` runs past midnight and belongs to the day it begins."""

    days: list[Day] = Field(default=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], min_length=1)
    from_: Clock = Field(default="00:00", alias="from")
    to: ClockTo = Field(default="24:00", description="24:00 is the day's end")
    closed: list[CalendarDay] = Field(default=[], description="days on which no hours begin")


class Calendar(Hours):
    """Opening hours that pools refer to by name."""

    name: Name


class Pool(_Element):
    """Capacity that is paid for whether or not it is used."""

    name: Name
    category: Category
    amount: PeriodAmount = Field(description="money a period; for `once` the whole")
    currency: Currency | None = Field(default=None, description="default the table's")
    per: Literal["hour", "day", "week", "month", "quarter", "year", "once"]
    driver: Driver
    practical_capacity: Positive | None = Field(default=None, description="driver units a period; a month for `once`")
    theoretical_capacity: Positive | None = Field(default=None, description="with utilisation")
    utilisation: Positive | None = Field(default=None, description="share of the theoretical capacity, at most 1")
    scope: Scope = {}
    calendar: Name | None = Field(default=None, description="when it accrues, and serves calls that start then")
    in_service: CalendarDay | None = Field(default=None, description="for `once`")
    life_months: int | None = Field(default=None, ge=1, le=600, description="for `once`")
    residual: PeriodAmount | None = Field(default=None, description="for `once`: what is left of it after its life")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.per == "once":
            if self.in_service is None or self.life_months is None:
                raise ValueError('in_service and life_months, since per is "once"')
            if Decimal(self.residual or "0") > Decimal(self.amount):
                raise ValueError("a residual of at most the amount")
        elif self.in_service is not None or self.life_months is not None or self.residual is not None:
            raise ValueError('in_service, life_months and residual only where per is "once"')
        if (self.theoretical_capacity is None) != (self.utilisation is None):
            raise ValueError("theoretical_capacity and utilisation together")
        if Decimal(self.utilisation or "1") > 1:
            raise ValueError("a utilisation of at most 1")
        return self


class Fee(_Element):
    """The marginal price of a unit, part of direct cost."""

    name: Name
    driver: Driver
    price: DecimalText
    per_units: Positive = "1"
    currency: Currency | None = Field(default=None, description="default the table's")
    first_increment_s: WholeSeconds | None = None
    next_increment_s: WholeSeconds | None = None
    scope: Scope = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.first_increment_s is None) != (self.next_increment_s is None):
            raise ValueError("first_increment_s and next_increment_s together")
        if self.first_increment_s is not None and not self.driver.endswith("_second"):
            raise ValueError("increments only for a driver of seconds")
        return self


class Rate(_Element):
    """A row of a rate deck, written inline."""

    prefix: Digits
    rate_per_minute: DecimalText
    connect_fee: DecimalText | None = None
    first_increment_s: WholeSeconds | None = None
    next_increment_s: WholeSeconds | None = None
    minimum_charge: DecimalText | None = None
    maximum_charge: DecimalText | None = None
    attempt_fee: DecimalText | None = None
    effective_from: CalendarDay | None = None
    effective_to: CalendarDay | None = None
    description: str | None = None


class _Priced(_Element):
    deck: Name | None = Field(default=None, description="a CSV file beside rates.toml")
    rates: list[Rate] | None = Field(default=None, description="rows inline, instead of a deck")

    @model_validator(mode="after")
    def _has_one_deck(self) -> Self:
        if (self.deck is None) == (self.rates is None):
            raise ValueError("either deck or rates")
        return self


class TariffPeriod(_Priced, Hours):
    """Other prices at certain hours."""


class TariffRounding(_Element):
    """How the carrier rounds each charge, in its own currency."""

    decimals: int = Field(ge=0, le=12)
    mode: Literal["half_up", "up", "down", "half_even"] = "half_up"


class Tariff(_Priced):
    """Prices of a carrier; the first whose match fits the call applies."""

    name: Name
    match: Scope = {}
    number: Literal["to", "from"] = Field(default="to", description="which number the prefixes are matched on")
    columns: dict[str, str] | None = Field(default=None, description="our column -> the deck's own header name")
    prefix_prepend: Digits = Field(default="", description="put before every prefix")
    currency: Currency | None = Field(default=None, description="default the table's")
    first_increment_s: WholeSeconds = 1
    next_increment_s: WholeSeconds = 1
    connect_fee: DecimalText = "0"
    attempt_fee: DecimalText = "0"
    minimum_charge: DecimalText = "0"
    maximum_charge: DecimalText | None = None
    rounding: TariffRounding | None = None
    prefer_reported: bool = Field(default=False, description="the platform's own price replaces the computed one")
    country_code: Digits = ""
    national_prefix: Digits = ""
    international_prefix: Digits = "00"
    period: list[TariffPeriod] = []


class Version(_Element):
    """What things cost from a day on."""

    id: Name
    effective_from: Moment
    effective_to: Moment | None = Field(default=None, description="default the next version's start, open for the last")
    tariff_required: list[Direction] = Field(
        default=["outbound"], description="directions in which a connected call must fit a tariff"
    )
    pool: list[Pool] = []
    fee: list[Fee] = []
    tariff: list[Tariff] = []


class ExchangeRate(_Element):
    """Units of the reporting currency for one of `currency`, from a day on."""

    currency: Currency
    rate: Positive
    effective_from: Moment


class Budget(_Element):
    """What a scope may cost in a period."""

    name: Name
    scope: Scope = {}
    amount: PeriodAmount
    currency: Currency | None = None
    per: Period


class RateFile(_Element):
    """rates.toml."""

    currency: Currency = Field(description="reporting currency, ISO 4217")
    time_zone: Name = Field(description="calendar periods, opening hours and to-date windows, such as Europe/Athens")
    version: list[Version] = Field(min_length=1)
    calendar: list[Calendar] = []
    fx: list[ExchangeRate] = []
    budget: list[Budget] = []
