"""The elements of rates.toml one by one: each that is well made as its model, each that is not as problems.

Elements keep their path, so that later checks know where they stand although others are broken.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from consumer.toml.faults import problem_of
from consumer.toml.places import Path, Places
from consumer.toml.problem import Problem
from schemas import rates as wire

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Model]):
    """A well-made element and its path."""

    path: Path
    element: Model


@dataclass(frozen=True, slots=True)
class PlacedVersion:
    """A version's well-made parts. `head` is its own keys, without pools, fees and tariffs; None if they are broken."""

    path: Path
    head: wire.Version | None
    pools: tuple[Placed[wire.Pool], ...]
    fees: tuple[Placed[wire.Fee], ...]
    tariffs: tuple[Placed[wire.Tariff], ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """All well-made elements of a file."""

    currency: str | None
    time_zone: str | None
    versions: tuple[PlacedVersion, ...]
    calendars: tuple[Placed[wire.Calendar], ...]
    fx: tuple[Placed[wire.ExchangeRate], ...]
    budgets: tuple[Placed[wire.Budget], ...]


def elements_of(found: dict[str, Any]) -> Elements:
    """What is well made of a parsed file."""
    versions = tuple(
        PlacedVersion(
            ("version", number),
            _made(wire.Version, {key: raw[key] for key in raw.keys() - {"pool", "fee", "tariff"}}),
            _placed(wire.Pool, raw, ("version", number), "pool"),
            _placed(wire.Fee, raw, ("version", number), "fee"),
            _placed(wire.Tariff, raw, ("version", number), "tariff"),
        )
        for number, raw in enumerate(_tables(found, "version"))
    )
    return Elements(
        _text(found, "currency"), _text(found, "time_zone"), versions, _placed(wire.Calendar, found, (), "calendar"),
        _placed(wire.ExchangeRate, found, (), "fx"), _placed(wire.Budget, found, (), "budget"),
    )  # fmt: skip


def _tables(found: dict[str, Any], key: str) -> list[dict[str, Any]]:
    listed = found.get(key, [])
    return [raw if isinstance(raw, dict) else {} for raw in listed] if isinstance(listed, list) else []


def _text(found: dict[str, Any], key: str) -> str | None:
    return found[key] if isinstance(found.get(key), str) else None


def _placed(model: type[Model], raw: dict[str, Any], path: Path, key: str) -> tuple[Placed[Model], ...]:
    made = ((number, _made(model, element)) for number, element in enumerate(_tables(raw, key)))
    return tuple(Placed((*path, key, number), element) for number, element in made if element is not None)


def _made(model: type[Model], raw: dict[str, Any]) -> Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def element_problems(name: str, found: dict[str, Any], places: Places) -> list[Problem]:
    """What is wrong with elements by themselves."""
    try:
        wire.RateFile.model_validate(found)
    except ValidationError as error:
        return [problem_of(name, fault, wire.RateFile, places) for fault in error.errors(include_url=False)]
    return []
