"""The command `callcost`: its subcommands, and what an error of any of them looks like.

Owns exit codes: 0 done; 1 the work failed; 2 usage, settings or rate table invalid; 3 done, but not all was costed.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from consumer.cli import bench, check, deadletter, demo, explain, rates, replay, run, schema, simulate

app = typer.Typer(
    name="callcost",
    help="What every call costs, live: calls joined with an amortized rate table.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("demo", help=demo.demo.__doc__)(demo.demo)
app.command("run", help=run.run.__doc__)(run.run)
app.command("replay", help=replay.replay.__doc__)(replay.replay)
app.command("explain", help=explain.explain.__doc__)(explain.explain)
app.command("check", help=check.check.__doc__)(check.check)
app.command("schema", help=schema.schema.__doc__)(schema.schema)
app.command("simulate", help=simulate.simulate.__doc__)(simulate.simulate)
app.add_typer(deadletter.app, name="deadletter", help="Rejected events: their reason, their bytes, and another try.")
app.add_typer(rates.app, name="rates", help="The rate table of a cluster of workers.")
app.command("bench", help=bench.bench.__doc__)(bench.bench)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callcost {version('callcost')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """What every call costs, live: calls joined with an amortized rate table."""
