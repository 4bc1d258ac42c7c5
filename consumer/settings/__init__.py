"""Settings: callcost.toml and the environment."""

from consumer.settings.kafka import KafkaSection
from consumer.settings.mistakes import SettingsInvalid
from consumer.settings.secrets import secrets_of
from consumer.settings.sections import FoldSection, HomeSection, HttpSection, SourceSettings
from consumer.settings.settings import Settings, load_settings

__all__ = [
    "FoldSection",
    "HomeSection",
    "HttpSection",
    "KafkaSection",
    "Settings",
    "SettingsInvalid",
    "SourceSettings",
    "load_settings",
    "secrets_of",
]
