"""`callcost rates publish`: a rate table into the topic from which workers take it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from consumer.cli.failures import FAILED, INVALID, fail, failing_clearly
from consumer.kafka.connection import connection_of
from consumer.kafka.failures import ClusterUnusable, reason_of
from consumer.kafka.rates_topic import publish
from consumer.kafka.topics import make_or_check, wanted_rates
from consumer.rates.load import WrittenRates, load_written_rates
from consumer.settings import KafkaSection, load_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def rates() -> None:
    """The rate table of a cluster of workers."""


@app.command("publish")
def publish_(
    rates: Annotated[Path, typer.Option("-r", "--rates", help="The rate table; its decks are published with it.")],
    config: Annotated[
        Path, typer.Option("-c", "--config", help="Settings: rates of the table kafka names the topic.")
    ] = Path("callcost.toml"),
) -> None:
    """Check a rate table and publish it: every worker goes over to it within seconds.

    Example: callcost rates publish -r rates.toml -c callcost.toml
    """
    with failing_clearly():
        kafka = load_settings(config).kafka
        written, table = load_written_rates(rates)
        if kafka is None or kafka.rates is None:
            fail(f"{config}: expected [kafka] rates, the name of a topic", INVALID)
        try:
            size = asyncio.run(_publish(kafka, kafka.rates, written))
        except ClusterUnusable as error:
            fail(str(error), FAILED)
        except KafkaError as error:
            fail(f"Kafka at {kafka.bootstrap}: {reason_of(error)}", FAILED)
    versions = ", ".join(version.id for version in table.versions)
    typer.echo(f"{kafka.rates}: versions {versions}, sha256 {table.sha256[:12]}, {size:,} bytes")


async def _publish(kafka: KafkaSection, topic: str, written: WrittenRates) -> int:
    connection = connection_of(kafka)
    await make_or_check(connection, [wanted_rates(topic)], kafka.replication)
    return await publish(connection, topic, written, kafka.answer_s)
