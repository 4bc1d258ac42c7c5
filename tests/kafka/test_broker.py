"""The broker of these tests is real and durable, and closed to those without a certificate or a password."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.kafka.broker import PASSWORD, USER, Broker

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def producing(address: str, **security: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of records that are lost for no reason."""
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True, **security)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()
        await hung_up()


async def hung_up() -> None:
    """TLS ends with a word from the other side: a loop that is closed before it leaves the socket open."""
    sockets = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        while len(sockets) > 1:  # one is the loop's own
            await asyncio.sleep(0.01)


async def made(broker: Broker, topic: str) -> TopicPartition:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()
    return TopicPartition(topic, 0)


async def values_in(broker: Broker, partition: TopicPartition) -> list[bytes]:
    """All records, from the beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        while await consumer.position(partition) < end:
            found += [record.value for record in (await consumer.getmany(timeout_ms=500)).get(partition, [])]
        return found
    finally:
        await consumer.stop()


def trusting(broker: Broker, with_certificate: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=broker.folder / "ca.pem")
    if with_certificate:
        context.load_cert_chain(broker.folder / "client.pem", broker.folder / "client.key")
    return context


async def test_what_was_acknowledged_is_there_after_the_broker_was_killed(broker: Broker) -> None:
    partition = await made(broker, "killed")
    async with producing(broker.bootstrap) as producer:
        for number in range(100):
            await producer.send_and_wait("killed", b"%d" % number)
        broker.kill()
        broker.start()
        await producer.send_and_wait("killed", b"100")  # it finds the broker again by itself
    assert await values_in(broker, partition) == [b"%d" % number for number in range(101)]


async def test_over_tls_it_wants_a_certificate(broker: Broker) -> None:
    partition = await made(broker, "over-tls")
    security = {"security_protocol": "SSL", "ssl_context": trusting(broker, with_certificate=True)}
    async with producing(broker.tls, **security) as producer:
        await producer.send_and_wait("over-tls", b"a call")
    assert await values_in(broker, partition) == [b"a call"]
    with pytest.raises(KafkaError):
        async with producing(broker.tls, security_protocol="SSL", ssl_context=trusting(broker, with_certificate=False)):
            pass


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_over_sasl_it_wants_the_password(broker: Broker, mechanism: str) -> None:
    topic = f"over-{mechanism.lower()}"
    partition = await made(broker, topic)
    security = {
        "security_protocol": "SASL_SSL", "ssl_context": trusting(broker, with_certificate=False),
        "sasl_mechanism": mechanism, "sasl_plain_username": USER,
    }  # fmt: skip
    async with producing(broker.sasl, **security, sasl_plain_password=PASSWORD) as producer:
        await producer.send_and_wait(topic, b"a call")
    assert await values_in(broker, partition) == [b"a call"]
    with pytest.raises(KafkaError):
        async with producing(broker.sasl, **security, sasl_plain_password="wrong"):  # noqa: S106
            pass
