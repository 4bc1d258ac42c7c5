"""The tables of callcost.toml that any worker has: names, units, defaults and limits."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, model_validator

from consumer.core.calls import DIMENSIONS
from consumer.core.pipeline import FoldSettings
from consumer.core.slices import live_levels
from consumer.settings.section import Platform, Section


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone {name!r}; expected a name such as Europe/Athens") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class HomeSection(Section):
    """Where what came in and what it cost is kept."""

    path: Path = Field(default=Path("callcost.db"), description="the one file of the journal and the checkpoints")
    journal_h: int = Field(
        default=48, ge=0, description="hours that records are kept at least; longer as long as they are needed"
    )
    checkpoint_s: float = Field(default=2.0, gt=0, le=600, description="seconds between two checkpoints")
    most_dead_letters: int = Field(default=100_000, ge=1, description="rejected events that are kept; the newest")
    most_dead_letters_mb: int = Field(default=256, ge=1, description="and how much of them")


class IngestSection(Section):
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


class AsteriskSection(Section):
    """What Asterisk's records do not say."""

    zone: ZoneName | None = Field(default=None, description="time zone of local times; default the rate table's")
    host: str = Field(default="", description="name of the PBX, part of its call ids where there are several")


class SourceSettings(Section):
    """A file that is followed."""

    path: Path = Field(description="a file of calls that is being written, and rotated")
    platform: Platform = Field(default="callcost", description="format of its records")
    poll_s: float = Field(default=0.25, gt=0, le=60, description="seconds between two looks at the file")


class FoldSection(Section):
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


class HttpSection(Section):
    """Where figures are served; on loopback unless told otherwise."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="port; 0 takes a free one")
    idle_s: float = Field(
        default=75.0, gt=0, le=3600, description="a connection without a whole request for so long is closed"
    )
    most_series: int = Field(
        default=20_000, ge=2_000, description="series in /metrics; segments over it are one, __other__"
    )
