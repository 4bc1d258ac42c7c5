"""Rate tables that several tests share."""

from functools import cache

from consumer.core.rates import RateTable
from consumer.rates.build import build_rate_table

#: Two versions, fees, pools, a period by time of day, another currency, an exchange rate that changes.
CENTRE = """
currency = "USD"
time_zone = "Europe/Athens"
[[version]]
id = "summer"
effective_from = 2026-01-01
[[version.pool]]
name = "agents"
category = "labour"
amount = "{agents}"
per = "quarter"
driver = "handle_second"
practical_capacity = "30600007"
scope = {{ direction = ["inbound", "outbound"] }}
[[version.pool]]
name = "rent"
category = "facility"
amount = "7000"
currency = "EUR"
per = "month"
driver = "contact"
practical_capacity = "30000"
[[version.pool]]
name = "shift"
category = "labour"
amount = "1200"
per = "day"
driver = "call"
practical_capacity = "1000"
calendar = "office"
[[version.fee]]
name = "minute"
driver = "talk_second"
price = "0.018"
per_units = 60
first_increment_s = 60
next_increment_s = 60
[[version.fee]]
name = "lost"
driver = "unanswered_call"
price = "0.1"
scope = {{ queue = ["sales", "support"] }}
[[version.tariff]]
name = "carrier-a"
match = {{ direction = ["outbound"], trunk = ["a"] }}
rates = [{{ prefix = "30", rate_per_minute = "0.013" }}, {{ prefix = "3069", rate_per_minute = "0.071" }}]
first_increment_s = 30
next_increment_s = 6
attempt_fee = "0.002"
[[version.tariff.period]]
from = "08:00"
to = "20:00"
rates = [{{ prefix = "30", rate_per_minute = "0.029" }}]
[[version.tariff]]
name = "carrier-b"
match = {{ direction = ["outbound"] }}
currency = "EUR"
prefer_reported = true
rates = [{{ prefix = "", rate_per_minute = "0.02" }}]
[[version]]
id = "autumn"
effective_from = 2026-08-10T12:00:00+03:00
[[version.pool]]
name = "agents"
category = "labour"
amount = "300000"
per = "quarter"
driver = "handle_second"
practical_capacity = "30600000"
[[version.tariff]]
name = "carrier-a"
match = {{ direction = ["outbound"] }}
rates = [{{ prefix = "30", rate_per_minute = "0.014" }}]
[[calendar]]
name = "office"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "08:00"
to = "20:00"
[[fx]]
currency = "EUR"
rate = "1.08"
effective_from = 2026-01-01
[[fx]]
currency = "EUR"
rate = "1.10"
effective_from = 2026-08-10T13:00:00+03:00
"""


@cache
def centre(agents: str = "240000") -> RateTable:
    """CENTRE, with the amount of its first pool."""
    return build_rate_table("rates.toml", CENTRE.format(agents=agents).encode(), {}.__getitem__)
