"""Secrets that settings name: in themselves, or better in files. They are never shown."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from consumer.settings.mistakes import SettingsInvalid
from consumer.settings.sections import IngestSection

_LEAST_SECRET = 16  # characters


@dataclass(frozen=True, slots=True, repr=False)
class IngestSecrets:
    """Of those who post calls."""

    tokens: list[bytes]  # for Authorization: Bearer
    of_twilio: list[bytes]  # that Twilio signs with


def ingest_secrets(ingest: IngestSection) -> IngestSecrets:
    """All of them, as they stand in settings and files. Raises SettingsInvalid with what is wrong with any."""
    found, mistakes = [], []
    for name, value, path in (
        ("ingest.token", ingest.token, ingest.token_file),
        ("ingest.twilio_auth_token", ingest.twilio_auth_token, ingest.twilio_auth_token_file),
    ):
        try:
            found.append(_secrets_of(name, value, path))
        except SettingsInvalid as error:
            mistakes.append(str(error))
    if mistakes:
        raise SettingsInvalid("\n".join(mistakes))
    return IngestSecrets(*found)


def _secrets_of(name: str, value: SecretStr | None, path: Path | None) -> list[bytes]:
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
