"""Settings: callcost.toml and the environment, read once and validated together.

Owns names, units, defaults and limits. Every mistake is reported, all at once; unknown keys fail.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)  # fmt: skip

from consumer.core.calls import DIMENSIONS
from consumer.core.pipeline import FoldSettings
from consumer.core.slices import live_levels

Platform = Literal["callcost", "asterisk-csv", "asterisk-custom-csv", "kamailio", "twilio"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone {name!r}; expected a name such as Europe/Athens") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HomeSection(_Section):
    """Where what came in and what it cost is kept."""

    path: Path = Field(default=Path("callcost.db"), description="the one file of the journal and the checkpoints")
    journal_h: int = Field(
        default=48, ge=0, description="hours that records are kept at least; longer as long as they are needed"
    )
    checkpoint_s: float = Field(default=2.0, gt=0, le=600, description="seconds between two checkpoints")
    most_dead_letters: int = Field(default=100_000, ge=1, description="rejected events that are kept; the newest")
    most_dead_letters_mb: int = Field(default=256, ge=1, description="and how much of them")


class IngestSection(_Section):
    """Who may post calls to /ingest/{platform}."""

    token: SecretStr | None = Field(default=None, description="for Authorization: Bearer; better in token_file")
    token_file: Path | None = Field(default=None, description="a file of such tokens, one a line; any of them will do")
    twilio_auth_token: SecretStr | None = Field(default=None, description="for Twilio's signature; better in a file")
    twilio_auth_token_file: Path | None = Field(default=None, description="a file of such tokens, one a line")
    public_url: str | None = Field(
        default=None, pattern="^https?://[^/?#]+/?$", description="as Twilio calls this server, without the path"
    )
    open: bool = Field(default=False, description="let everybody post who can connect, also from other machines")
    most_body_bytes: int = Field(default=1 << 20, ge=1 << 10, le=64 << 20, description="a larger body is refused (413)")
    most_records: int = Field(default=10_000, ge=1, description="calls in one body; one with more is refused (413)")
    body_s: float = Field(default=10.0, gt=0, le=600, description="a body that takes longer is refused (408)")


class AsteriskSection(_Section):
    """What Asterisk's records do not say."""

    zone: ZoneName | None = Field(default=None, description="time zone of local times; default the rate table's")
    host: str = Field(default="", description="name of the PBX, part of its call ids where there are several")


class SourceSettings(_Section):
    """A file that is followed."""

    path: Path = Field(description="a file of calls that is being written, and rotated")
    platform: Platform = Field(default="callcost", description="format of its records")
    poll_s: float = Field(default=0.25, gt=0, le=60, description="seconds between two looks at the file")


class FoldSection(_Section):
    """What is remembered, for how long, and by which dimensions it is summed."""

    dimensions: tuple[str, ...] = Field(
        default=("direction", "queue", "site"), description="what a segment is made of; begins with direction"
    )
    most_values: int = Field(default=1000, ge=1, description="values of each dimension; further ones are __other__")
    out_of_orderness_s: int = Field(default=60, ge=0, description="how far behind the newest call others may come")
    horizon_s: int = Field(
        default=86_400, ge=60, description="how long calls are remembered for duplicates and amendments"
    )
    allowed_lateness_s: int | None = Field(
        default=None, ge=0, description="later calls count in no window; default horizon_s"
    )
    most_calls: int = Field(default=2_000_000, ge=1_000, description="calls remembered at the most")

    @model_validator(mode="after")
    def _consistent(self) -> "FoldSection":
        unknown = [name for name in self.dimensions if name not in DIMENSIONS]
        if unknown:
            raise ValueError(f"dimensions: found {', '.join(unknown)}; expected any of {', '.join(DIMENSIONS)}")
        if not self.dimensions or self.dimensions[0] != "direction" or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("dimensions: expected different names that begin with direction")
        if self.allowed_lateness_s is not None and self.allowed_lateness_s > self.horizon_s:
            raise ValueError("allowed_lateness_s: beyond horizon_s calls would be counted twice")
        return self

    def for_fold(self) -> FoldSettings:
        """The settings of a live fold."""
        lateness_s = self.horizon_s if self.allowed_lateness_s is None else self.allowed_lateness_s
        return FoldSettings(
            dimensions=self.dimensions,
            levels=live_levels(self.out_of_orderness_s * 1000),
            out_of_orderness_ms=self.out_of_orderness_s * 1000,
            allowed_lateness_ms=lateness_s * 1000,
            horizon_ms=self.horizon_s * 1000,
            most_entries=self.most_calls,
            most_values=self.most_values,
        )


TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class KafkaSection(_Section):
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


class HttpSection(_Section):
    """Where figures are served; on loopback unless told otherwise."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="port; 0 takes a free one")
    idle_s: float = Field(
        default=75.0, gt=0, le=3600, description="a connection without a whole request for so long is closed"
    )
    most_series: int = Field(
        default=20_000, ge=2_000, description="series in /metrics; segments over it are one, __other__"
    )


class Settings(BaseSettings):
    """callcost.toml; CALLCOST_HTTP__PORT=9000 in the environment overrides [http] port."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="CALLCOST_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    rates: Path | None = Field(
        default=None, description="the rate table, relative to this file; needed unless [kafka] rates names a topic"
    )
    rates_poll_s: float = Field(default=2.0, gt=0, le=3600, description="seconds between two looks at the rate table")
    home: HomeSection = HomeSection()
    ingest: IngestSection = IngestSection()
    source: SourceSettings | None = None
    asterisk: AsteriskSection = AsteriskSection()
    fold: FoldSection = FoldSection()
    http: HttpSection = HttpSection()
    kafka: KafkaSection | None = None

    @model_validator(mode="after")
    def _one_rate_table(self) -> "Settings":
        topic = self.kafka and self.kafka.rates
        if self.rates is None and topic is None:
            raise ValueError("rates: field required")
        if self.rates is not None and topic is not None:
            raise ValueError("rates: found a file and the topic of [kafka] rates, expected one of the two")
        if self.kafka is not None and self.source is not None:
            raise ValueError(
                "source: a file is followed by the worker that has its own journal; with [kafka], have its lines "
                "posted to /ingest or written to the topic"
            )
        return self

    @model_validator(mode="after")
    def _not_open_by_mistake(self) -> "Settings":
        ingest = self.ingest
        if self.http.host not in LOOPBACK and not (ingest.token or ingest.token_file or ingest.open):
            raise ValueError(
                f"ingest: other machines can reach http.host {self.http.host}, and anybody could post calls; "
                "set token_file, or open = true where something in front of it checks who posts"
            )
        if (ingest.twilio_auth_token or ingest.twilio_auth_token_file) and ingest.public_url is None:
            raise ValueError("ingest: Twilio signs the URL that it calls; set public_url to https:// and its host")
        return self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """The environment before the file, which `load_settings` hands in."""
        return env_settings, init_settings


class SettingsInvalid(Exception):
    """All mistakes of the settings, a line each."""


_LEAST_SECRET = 16  # characters


def secrets_of(name: str, value: SecretStr | None, path: Path | None) -> list[bytes]:
    """The secrets of a setting: the one that stands in it, and every line of its file. Raises SettingsInvalid."""
    found = [] if value is None else [value.get_secret_value().strip()]
    if path is not None:
        try:
            found += [line.strip() for line in path.read_text().splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SettingsInvalid(f"{name}_file: {path}: {reason}; expected a file with a secret a line") from None
        if not found:
            raise SettingsInvalid(f"{name}_file: {path}: found nothing, expected a secret a line")
    if any(len(secret) < _LEAST_SECRET for secret in found):
        raise SettingsInvalid(f"{name}: found one that is too short, expected {_LEAST_SECRET} characters or more")
    return [secret.encode() for secret in found]


def load_settings(path: Path) -> Settings:
    """Settings of a file; its relative paths are relative to it. Raises SettingsInvalid with every mistake."""
    try:
        written = _written(path)
        found = Settings(**written)
    except SettingsError as error:
        raise SettingsInvalid(f"the environment: {error}") from None
    except ValidationError as error:
        raise SettingsInvalid("\n".join(_mistakes(path, error))) from None
    return _placed(found, path.parent)


def _placed(found: Settings, folder: Path) -> Settings:
    """With every relative path made one from where the process runs."""
    ingest = found.ingest.model_copy(
        update={
            name: folder / value
            for name in ("token_file", "twilio_auth_token_file")
            if (value := getattr(found.ingest, name)) is not None
        }
    )
    files = ("ca_file", "certificate_file", "key_file", "key_password_file", "password_file", "token_file")
    kafka = found.kafka and found.kafka.model_copy(
        update={name: folder / value for name in files if (value := getattr(found.kafka, name)) is not None}
    )
    source = found.source and found.source.model_copy(update={"path": folder / found.source.path})
    home = found.home.model_copy(update={"path": folder / found.home.path})
    rates = found.rates and folder / found.rates
    return found.model_copy(update={"rates": rates, "home": home, "ingest": ingest, "source": source, "kafka": kafka})


def _written(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise SettingsInvalid(f"{path}: no such file; write one, or name it with -c")
    try:
        return TomlConfigSettingsSource(Settings, path)()
    except ValueError as error:  # tomllib.TOMLDecodeError, UnicodeDecodeError
        raise SettingsInvalid(f"{path}: {error}") from None
    except OSError as error:
        raise SettingsInvalid(f"{path}: {error.strerror}") from None


def _mistakes(path: Path, error: ValidationError) -> list[str]:
    mistakes = []
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        is_secret = bool(fault["loc"]) and str(fault["loc"][-1]).endswith(("token", "password"))
        variable = "CALLCOST_" + "__".join(str(part) for part in fault["loc"]).upper()
        where = f"environment {variable}" if variable in os.environ else str(path)
        message = fault["msg"].removeprefix("Value error, ")
        says_it_all = fault["type"] in ("missing", "value_error") or is_secret
        found = "" if says_it_all else f"found {fault['input']!r}, "
        mistakes.append(f"{where}: {place and place + ': '}{found}{message[0].lower()}{message[1:]}")
    return sorted(mistakes)
