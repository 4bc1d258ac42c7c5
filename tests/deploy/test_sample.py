"""deploy/sample: a rate table and settings that are valid, add up, and cost a call what calls usually cost."""

import json
import tomllib
from decimal import Decimal
from typing import Any

import pytest

from tests.deploy.commands import ROOT, shown

SAMPLE = ROOT / "deploy" / "sample"

#: What a call is usually said to cost a contact centre, in USD.
USUAL = (Decimal("2.70"), Decimal("5.60"))
WEEKS_A_MONTH = Decimal("4.345")


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return tomllib.loads((SAMPLE / "rates.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def replayed() -> dict[str, Any]:
    """A week of the invented centre's calls, as docs/deployment.md shows it."""
    command = (
        "callcost simulate --to stdout --past 8d --for 0s "
        "| callcost replay -r deploy/sample/rates.toml --format json -"
    )  # fmt: skip
    found: dict[str, Any] = json.loads(shown(command))
    return found


def test_settings_and_rate_table_are_valid() -> None:
    said = shown("callcost check -c deploy/sample/callcost.toml").splitlines()
    assert said[0] == "deploy/sample/callcost.toml: valid"
    assert said[1].startswith("deploy/sample/rates.toml: valid, versions 2026, sha256 ")


def test_a_call_costs_what_calls_usually_cost(replayed: dict[str, Any]) -> None:
    (whole,) = (row for row in replayed["windows"] if row["window"] == "7d" and row["segment"] == {})
    assert whole["calls"] > 25_000
    assert USUAL[0] <= Decimal(whole["cost_per_call"]["absorbed"]) <= USUAL[1]


def test_every_call_is_costed(replayed: dict[str, Any]) -> None:
    counts = replayed["counts"]
    assert (counts["unrated"], counts["rejected"]) == ({}, {})


def test_every_pool_and_kind_of_cost_is_used(replayed: dict[str, Any], table: dict[str, Any]) -> None:
    (whole,) = (row for row in replayed["windows"] if row["window"] == "7d" and row["segment"] == {})
    categories = {pool["category"] for pool in table["version"][0]["pool"]}
    assert set(whole["standard_components"]) == categories | {"carrier", "fee"}
    used = {row["pool"]: Decimal(row["utilisation"]) for row in replayed["pools"] if row["window"] == "7d"}
    assert set(used) == {pool["name"] for pool in table["version"][0]["pool"]}
    assert all(Decimal("0.2") < part < Decimal("0.9") for part in used.values()), used


def test_budgets_are_what_a_month_of_these_calls_costs_and_a_little_more(
    replayed: dict[str, Any], table: dict[str, Any]
) -> None:
    rows = [row for row in replayed["windows"] if row["window"] == "7d" and len(row["segment"]) == 3]
    for budget in table["budget"]:
        scope = budget.get("scope", {})
        assert set(scope) <= {"direction", "queue", "site"}, "budgets are of dimensions that segments have"
        inside = [row for row in rows if all(row["segment"][key] in values for key, values in scope.items())]
        month = sum(Decimal(row["absorbed_cost"]) for row in inside) * WEEKS_A_MONTH
        assert Decimal("0.85") < month / Decimal(budget["amount"]) < Decimal("1.10"), budget["name"]


HOUR = Decimal("12.17")


@pytest.mark.parametrize(
    ("pool", "amount"),
    [
        ("agents-early", 50 * 8 * 5 * HOUR),
        ("agents-late", (40 * 8 * 5 + 40 * 5 * Decimal("0.25")) * HOUR),
        ("agents-night", (20 * 5 * 8 + 12 * 2 * 8 + 992 * 7 // 8 * Decimal("0.25") + 104 * Decimal("0.75")) * HOUR),
        ("agents-weekend", ((30 + 24) * 8 * 2 + 432 * Decimal("0.75") + 24 * 2 * Decimal("0.25")) * HOUR),
        ("team-leaders", Decimal(12 * 2529)),
        ("planning-and-quality", Decimal(5400 + 4 * 2700)),
        ("hiring-and-training", Decimal(52 * (1460 + 540))),
        ("contact-centre-seats", Decimal(50 * 109)),
        ("workforce-and-quality", Decimal(50 * 32)),
        ("crm", Decimal((157 + 12 + 5) * 25 * 12)),
        ("office-and-security", Decimal((157 + 12 + 5) * 11)),
        ("seats", Decimal(50 * (690 + 430 + 160))),
        ("network", Decimal(9800 + 8400 + 11800)),
        ("rent-athens", 300 * Decimal("18.50")),
        ("rent-thessaloniki", 200 * Decimal("12.50")),
        ("power-and-cleaning", 15_000 * Decimal("0.18") + 500 * 3),
        ("lines", Decimal(4 * 210)),
        ("trunks-and-numbers", Decimal(70 * 9 + 4 * 40)),
    ],
)
def test_an_amount_is_what_its_comment_works_out(table: dict[str, Any], pool: str, amount: Decimal) -> None:
    (found,) = (one for one in table["version"][0]["pool"] if one["name"] == pool)
    assert Decimal(found["amount"]) == amount


def test_capacity_of_a_month_is_what_the_shifts_of_a_week_can_handle(table: dict[str, Any]) -> None:
    pools = table["version"][0]["pool"]
    week = sum(Decimal(one["theoretical_capacity"]) * Decimal(one["utilisation"]) for one in pools if "calendar" in one)
    assert week == (2000 + 1600 + 992 + 864) * 3600 * Decimal("0.82")
    assert abs(week * WEEKS_A_MONTH - 70_000_000) < 50_000
    by_name = {one["name"]: one for one in pools}
    assert Decimal(by_name["hiring-and-training"]["practical_capacity"]) == 12 * 70_000_000
    sites = (by_name["rent-athens"], by_name["rent-thessaloniki"])
    assert sum(Decimal(one["practical_capacity"]) for one in sites) == 70_000_000


def test_an_hour_of_an_agent_is_wages_and_contributions_over_the_hours_on_the_roster() -> None:
    a_year = 1290 * 14 * Decimal("1.2179")
    hours = 2080 - 22 * 8 - 12 * 8
    assert (round(a_year), hours, round(a_year / hours, 2)) == (21_995, 1808, HOUR)
