"""One call's cost, line by line: as JSON and for people."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consumer.core.explain import Explanation
from consumer.core.money import format_nano


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """As `explain --format json`: money is a decimal string."""
    if explanation.unrated is not None:
        return {"call_id": explanation.call_id, "unrated": explanation.unrated}
    return {
        "call_id": explanation.call_id,
        "version": explanation.version,
        "billed_s": explanation.billed_s,
        "lines": [
            {
                "kind": line.kind, "name": line.name, "category": line.category, "units": line.units,
                "rate": line.rate, "amount": format_nano(line.amount_nano), "how": line.how,
            }
            for line in explanation.lines
        ],
        "direct": format_nano(explanation.direct_nano),
        "standard": format_nano(explanation.standard_nano),
    }  # fmt: skip


def explanation_report(explanation: Explanation, currency: str) -> RenderableType:
    """A table to check with a pocket calculator; why there is none, for an unrated call."""
    if explanation.unrated is not None:
        hint = UNRATED_HINTS[explanation.unrated]
        return Text.assemble((f"call {explanation.call_id}: unrated, {explanation.unrated}", "bold"), f"\n{hint}\n")
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, min_width=72)
    table.add_column("part", footer="direct\nstandard")
    table.add_column("how", overflow="fold", ratio=1)
    table.add_column(
        currency, justify="right", no_wrap=True,
        footer=f"{format_nano(explanation.direct_nano)}\n{format_nano(explanation.standard_nano)}",
    )  # fmt: skip
    for line in explanation.lines:
        table.add_row(f"{line.kind} {line.name}", line.how, format_nano(line.amount_nano))
    if not explanation.lines:
        table.add_row("", "nothing that is charged or used", "0")
    return Group(Text(f"call {explanation.call_id}, rate version {explanation.version}", "bold"), table)


UNRATED_HINTS = {
    "no_rate_version": "No rate version is in force when the call starts: add one, or mend effective_from.",
    "no_tariff": "The call is connected, its direction needs a tariff, and none matches: add one, or a match.",
    "no_prefix": "No prefix of the tariff's deck fits the number: add the destination, or mend the number plan.",
    "no_fx_rate": "A price is in a currency without an exchange rate when the call starts: add it under [[fx]].",
}
