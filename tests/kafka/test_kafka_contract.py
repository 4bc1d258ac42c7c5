"""The contract of every home, on Kafka: a real broker, with topics of its own for each test."""

import secrets

import pytest

from tests.home.contract import HomeContract
from tests.kafka.broker import Broker

pytestmark = pytest.mark.kafka


class TestKafka(HomeContract):
    """One worker, three partitions."""

    @pytest.fixture
    def home_settings(self, broker: Broker) -> str:
        name = secrets.token_hex(4)
        return f"""
[home]
checkpoint_s = 0.1
[kafka]
bootstrap = "{broker.bootstrap}"
group = "{name}"
topics = {{ "calls-{name}" = "callcost" }}
checkpoints = "checkpoints-{name}"
dead_letters = "dead-letters-{name}"
partitions = 3
session_timeout_s = 2
"""
