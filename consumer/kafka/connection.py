"""How clients connect: addresses, TLS, and who we say we are. Secrets are read from files and never shown."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider

from consumer.settings import KafkaSection, SettingsInvalid


@dataclass(frozen=True, slots=True)
class Connection:
    """What every client of the cluster is given."""

    bootstrap: str
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    sasl: str | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tokens: "TokenFile | None" = field(default=None, repr=False)

    @property
    def for_aiokafka(self) -> Mapping[str, Any]:
        """Arguments of its clients."""
        protocol = "SASL_" if self.sasl else ""
        protocol += "SSL" if self.ssl_context else "PLAINTEXT"
        found: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.replace(" ", ""),
            "security_protocol": protocol,
            "ssl_context": self.ssl_context,
        }
        if self.tokens is not None:
            found |= {"sasl_mechanism": self.sasl, "sasl_oauth_token_provider": self.tokens}
        elif self.sasl is not None:
            found |= {
                "sasl_mechanism": self.sasl, "sasl_plain_username": self.username, "sasl_plain_password": self.password,
            }  # fmt: skip
        return found


def connection_of(kafka: KafkaSection) -> Connection:
    """As the settings say. Raises SettingsInvalid where a file cannot be read or is no certificate."""
    password = kafka.password.get_secret_value() if kafka.password else None
    if kafka.password_file is not None:
        password = _secret(kafka.password_file, "kafka.password_file")
    tokens = TokenFile(kafka.token_file) if kafka.token_file is not None else None
    if tokens is not None:
        _secret(tokens.path, "kafka.token_file")  # said now, and not when the first broker asks
    return Connection(kafka.bootstrap, _tls(kafka), kafka.sasl, kafka.username, password, tokens)


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]
    """A token that something else keeps fresh in a file: an agent beside us, or a volume of the cluster."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def token(self) -> str:
        """The token as it stands in the file now."""
        return (await asyncio.to_thread(self.path.read_text)).strip()


def _tls(kafka: KafkaSection) -> ssl.SSLContext | None:
    if not kafka.has_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=kafka.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsInvalid(f"kafka.ca_file: {kafka.ca_file}: {_why(error)}; expected certificates in PEM") from None
    if kafka.certificate_file is not None and kafka.key_file is not None:
        password = kafka.key_password_file and _secret(kafka.key_password_file, "kafka.key_password_file")
        try:
            context.load_cert_chain(kafka.certificate_file, kafka.key_file, password or "")
        except (OSError, ssl.SSLError) as error:
            raise SettingsInvalid(
                f"kafka.certificate_file: {kafka.certificate_file}, {kafka.key_file}: {_why(error)}; "
                "expected a certificate and its key in PEM"
            ) from None
    return context


def _secret(path: Path, name: str) -> str:
    try:
        found = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{name}: {path}: {_why(error)}; expected a file with a secret") from None
    if not found:
        raise SettingsInvalid(f"{name}: {path}: found nothing, expected a secret")
    return found


def _why(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
