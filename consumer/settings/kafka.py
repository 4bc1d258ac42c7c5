"""The table [kafka]: which cluster, which topics, and who we are there."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from consumer.settings.section import Platform, Section

TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class KafkaSection(Section):
    """A Kafka cluster that keeps calls and checkpoints, instead of [home] path."""

    bootstrap: str = Field(description="brokers to begin with, as host:port,host:port")
    group: str = Field(default="callcost", min_length=1, description="consumer group: workers of one company share it")
    topics: dict[TopicName, Platform] = Field(
        default={"callcost-calls": "callcost"},
        min_length=1,
        description="topics of calls, and the platform of records that do not name theirs in a header",
    )
    ingest_topic: TopicName | None = Field(default=None, description="where /ingest writes to; default the first topic")
    checkpoints: TopicName = Field(default="callcost-checkpoints", description="compacted topic of checkpoints")
    dead_letters: TopicName = Field(default="callcost-dead-letters", description="topic of rejected events")
    rates: TopicName | None = Field(default=None, description="compacted topic of the rate table, instead of a file")
    partitions: int = Field(default=12, ge=1, le=10_000, description="of topics of calls that are made")
    replication: int | None = Field(
        default=None, ge=1, le=32, description="of topics that are made; default 3, or as many brokers as there are"
    )
    retention_h: int = Field(
        default=168, ge=1, description="hours that topics of calls keep records, when they are made"
    )
    session_timeout_s: float = Field(
        default=15.0, ge=1, le=300, description="a worker that says nothing for so long loses its partitions"
    )
    answer_s: float = Field(default=10.0, gt=0, le=300, description="what is not acknowledged by then is answered 503")
    most_waiting_mb: int = Field(default=16, ge=1, description="not acknowledged yet; beyond it senders must wait")
    instance: str | None = Field(default=None, description="name of this worker that stays over restarts")
    ca_file: Path | None = Field(default=None, description="certificates of authorities to trust: turns on TLS")
    tls: bool = Field(default=False, description="TLS with the authorities that this machine trusts")
    certificate_file: Path | None = Field(default=None, description="our certificate, for mutual TLS")
    key_file: Path | None = Field(default=None, description="its key")
    key_password_file: Path | None = Field(default=None, description="a file with the key's password, if it has one")
    sasl: Mechanism | None = Field(default=None, description="how we say who we are")
    username: str | None = Field(default=None, description="for PLAIN and SCRAM")
    password: SecretStr | None = Field(default=None, description="better in password_file")
    password_file: Path | None = Field(default=None, description="a file with the password")
    token_file: Path | None = Field(
        default=None, description="for OAUTHBEARER: a file with the token, read again whenever one is needed"
    )
    plaintext_password: bool = Field(default=False, description="send a password without TLS")

    @model_validator(mode="after")
    def _consistent(self) -> "KafkaSection":
        if self.ingest_topic is not None and self.ingest_topic not in self.topics:
            raise ValueError(f"ingest_topic: found {self.ingest_topic}, expected one of topics")
        others = [name for name in (self.checkpoints, self.dead_letters, self.rates) if name]
        if len({*others, *self.topics}) < len(others) + len(self.topics):
            raise ValueError("topics, checkpoints, dead_letters and rates: expected different names")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file: expected both or neither")
        if self.sasl == "OAUTHBEARER" and self.token_file is None:
            raise ValueError("sasl: OAUTHBEARER needs token_file")
        has_password = self.username is not None and (self.password or self.password_file)
        if self.sasl not in (None, "OAUTHBEARER") and not has_password:
            raise ValueError(f"sasl: {self.sasl} needs username and password_file")
        if self.sasl is None and (self.username or self.password or self.password_file or self.token_file):
            raise ValueError("username, password and token_file: expected sasl with them")
        if self.sasl is not None and not self.has_tls and not self.plaintext_password:
            raise ValueError(
                "sasl: without TLS anybody on the way can read the password; set ca_file or tls = true, "
                "or plaintext_password = true where the network is trusted"
            )
        return self

    @property
    def has_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.tls or self.ca_file is not None or self.certificate_file is not None

    @property
    def calls(self) -> str:
        """The topic that /ingest writes to."""
        return self.ingest_topic or next(iter(self.topics))
