"""Settings: callcost.toml and the environment, read once and validated together.

Owns what tables there are and what must fit between them. Every mistake is reported, all at once; unknown keys fail.
"""

from pathlib import Path

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)  # fmt: skip

from consumer.settings.kafka import KafkaSection
from consumer.settings.mistakes import SettingsInvalid
from consumer.settings.sections import (
    AsteriskSection,
    FoldSection,
    HomeSection,
    HttpSection,
    IngestSection,
    SourceSettings,
)  # fmt: skip
from consumer.settings.written import WrittenSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


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
            raise ValueError("rates: found nothing, expected the file of the rate table")
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


def load_settings(path: Path) -> Settings:
    """Settings of a file; its relative paths are relative to it. Raises SettingsInvalid with every mistake."""
    written = WrittenSettings.read(path)
    try:
        found = Settings(**written.values)
    except SettingsError as error:
        raise SettingsInvalid(f"the environment: {error}") from None
    except ValidationError as error:
        raise SettingsInvalid("\n".join(written.mistakes(error, Settings))) from None
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
