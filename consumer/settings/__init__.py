"""Settings: callcost.toml and the environment."""

from consumer.settings.at_hand import check_at_hand
from consumer.settings.kafka import KafkaSection
from consumer.settings.mistakes import SettingsInvalid
from consumer.settings.secrets import ingest_secrets
from consumer.settings.sections import FoldSection, HomeSection, HttpSection, SourceSettings
from consumer.settings.settings import Settings, load_settings
from consumer.settings.written import WrittenSettings

__all__ = [
    "FoldSection",
    "HomeSection",
    "HttpSection",
    "KafkaSection",
    "Settings",
    "SettingsInvalid",
    "SourceSettings",
    "WrittenSettings",
    "check_at_hand",
    "ingest_secrets",
    "load_settings",
]
