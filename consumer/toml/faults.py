"""What pydantic found wrong with a file, in words for whoever wrote it.

Owns these words: which key, what was found, what was expected, and which key was meant by one that is unknown.
"""

import re
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from consumer.toml.places import Path, Places
from consumer.toml.problem import Problem

_PATTERNS = {
    r"^[A-Z]{3}$": "a currency of three capital letters, such as USD",
    r"^[0-9]*$": "digits",
    r"^[a-zA-Z0-9._-]{1,249}$": "a topic's name of letters, digits, dots, _ and -",
    r"^https?://[^/?#]+/?$": "https:// and a host, without a path",
}
_KINDS = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "path_type": "a path in quotes",
    "string_type": "text in quotes",
    "tuple_type": "a list",
}
_ABOUT_PYDANTIC = re.compile(r"^(Value error, |\w+ should (be|have) )| after validation, not \d+$")


def problem_of(name: str, fault: ErrorDetails, model: type[BaseModel], places: Places) -> Problem:
    """One fault of a file that `model` describes."""
    path = path_of(fault)
    kind, problem = fault["type"], Problem(name, places.line(path), written(path), _shown(fault["input"]), "")
    if kind == "missing":
        return replace(problem, line=places.line(path[:-1]), found="nothing", expected="a value")
    if kind == "extra_forbidden":
        return replace(problem, found="an unknown key", expected=f"a key of this table{_meant(model, path)}")
    if kind == "string_pattern_mismatch":
        pattern = fault["ctx"]["pattern"]
        return replace(problem, expected=_PATTERNS.get(pattern, f"text of the pattern {pattern}"))
    if kind in _KINDS:
        return replace(problem, expected=_KINDS[kind])
    message = _ABOUT_PYDANTIC.sub("", fault["msg"])
    return replace(problem, expected=message[0].lower() + message[1:])


def path_of(fault: ErrorDetails) -> Path:
    """The key that a fault is about."""
    return tuple(part for part in fault["loc"] if not (isinstance(part, str) and part.startswith("function-")))


def written(path: Path) -> str:
    """version[0].pool[1].amount."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _meant(model: type[BaseModel], path: Path) -> str:
    table = _table_at(model, path[:-1])
    keys = [] if table is None else [field.alias or name for name, field in table.model_fields.items()]
    near = get_close_matches(str(path[-1]), keys, 1)
    return f" (did you mean {near[0]}?)" if near else ", spelled right"


def _table_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of the table at a path; None where a table has no keys of its own."""
    table: type[BaseModel] | None = model
    for key in path:
        if isinstance(key, str) and table is not None:
            fields = table.model_fields.items()
            table = next((_table_in(field.annotation) for name, field in fields if key in (name, field.alias)), None)
    return table


def _table_in(annotation: Any) -> type[BaseModel] | None:
    """The model in a type such as `Model | None` or `list[Model]`."""
    if parts := get_args(annotation):
        return next((found for part in parts if (found := _table_in(part)) is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, datetime):
        return f"{value.isoformat()}, a date-time{'' if value.tzinfo else ' without offset'}"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    return f"{value!r}{' (a float)' if isinstance(value, float) else ''}"
