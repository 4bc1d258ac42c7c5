"""`callcost explain`: every line of one call's cost."""

import json
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console

from consumer.cli.failures import FAILED, errors, fail, failing_clearly
from consumer.cli.inputs import Host, Platform, Rates, Zone, batches, decoder_of, form_of
from consumer.core.costing import Costing
from consumer.core.explain import Explanation
from consumer.core.explain import explain as explain_call
from consumer.core.replay import Replay
from consumer.rates.load import load_rates
from consumer.sources.files import Places
from consumer.surface.report_explain import explanation_json, explanation_report


def explain(
    file: Annotated[str, typer.Argument(help="A file of calls, .gz too; - is standard input.", show_default=False)],
    rates: Rates,
    platform: Platform = "callcost",
    call_id: Annotated[str | None, typer.Option(help="Explain this call alone.")] = None,
    format_: Annotated[Literal["table", "json"], typer.Option("--format", help="How lines are shown.")] = "table",
    zone: Zone = None,
    host: Host = "",
) -> None:
    """Every line of one call's cost: version, tariff, prefix, increments, pools, units, rates, rounding.

    Example: callcost explain -r rates.toml --call-id 4711 calls.jsonl
    """
    with failing_clearly():
        table, form = load_rates(rates), form_of(platform, [file])
        asked = Replay.of(table, decoder_of(form, table, zone, host))
        for batch in batches([file], form, Places()):
            asked.pipeline.feed(batch)
        asked.pipeline.finish()
    counts = asked.pipeline.counts
    if counts.rejected:
        errors.print(f"{sum(counts.rejected.values()):,} events were rejected: see callcost check", style="yellow")
    costing, found = Costing(table), False
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    for call in asked.pipeline.index.calls():
        if call_id in (None, call.call_id):
            found = True
            explanation = explain_call(costing, call)
            if format_ == "json":
                sys.stdout.write(json.dumps(explanation_json(explanation), ensure_ascii=False) + "\n")
            else:
                _show(console, explanation, table.currency)
    if not found:
        what = "any call" if call_id is None else f"call {call_id}"
        fail(f"{file}: {what} was not found among {counts.received:,} events", FAILED)


def _show(console: Console, explanation: Explanation, currency: str) -> None:
    report, without_rate = explanation_report(explanation, currency), explanation.without_rate
    console.print(report, end="" if without_rate else "\n")
    if without_rate:
        console.print(*without_rate, sep="\n", end="\n\n", markup=False)
