"""callcost.toml as it was written: where each key stands, in the file or in the environment over it.

Owns the place of a mistake. What a key may be is the sections' business.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from consumer.settings.mistakes import SettingsInvalid
from consumer.toml import places as toml
from consumer.toml.faults import path_of, problem_of, written
from consumer.toml.text import NoToml, parsed

_KEY = re.compile(r"([a-z_]+(?:\.[a-z_]+)*): ")
_SECRETS = ("token", "password")


@dataclass(frozen=True, slots=True)
class WrittenSettings:
    """A file's values and their lines."""

    path: Path
    values: Mapping[str, Any]
    _places: toml.Places

    @classmethod
    def read(cls, path: Path) -> "WrittenSettings":
        """What stands in a file. Raises SettingsInvalid where that is no TOML, or nothing."""
        if not path.is_file():
            raise SettingsInvalid(f"{path}: no such file; write one, or name it with -c")
        try:
            return cls(path, *parsed(str(path), path.read_bytes()))
        except NoToml as error:
            raise SettingsInvalid(str(error)) from None
        except OSError as error:
            raise SettingsInvalid(f"{path}: {error.strerror}") from None

    def placed(self, mistake: str, within: toml.Path = ()) -> str:
        """A mistake of a table that begins with its key, or is of the whole table, with its place in front."""
        key = _KEY.match(mistake)
        parts = (*within, *key[1].split(".")) if key else within
        return f"{self._place(parts)}: {written(within)}{': ' if within else ''}{mistake}"

    def mistakes(self, error: ValidationError, model: type[BaseModel]) -> list[str]:
        """What pydantic found, in the order of the lines; what is wrong in the environment comes first."""
        faults = sorted(error.errors(include_url=False), key=lambda fault: (self._line(path_of(fault)), fault["loc"]))
        return [self._said(fault, model) for fault in faults]

    def _said(self, fault: ErrorDetails, model: type[BaseModel]) -> str:
        path = path_of(fault)
        if fault["type"] == "value_error":  # in words of the sections, which say what was found
            return self.placed(fault["msg"].removeprefix("Value error, "), path)
        problem = replace(problem_of("", fault, model, self._places), file=self._place(path), line=0)
        if path and str(path[-1]).endswith(_SECRETS):
            problem = replace(problem, found="a value that is not shown")
        elif isinstance(fault["input"], str) and problem.expected == "a table":
            problem = replace(problem, found="text")
        return str(problem)

    def _place(self, path: toml.Path) -> str:
        if (variable := self._variable(path)) is not None:
            return f"environment {variable}"
        line = self._line(path)
        return f"{self.path}:{line}" if line else str(self.path)

    def _line(self, path: toml.Path) -> int:
        """Of a key or of its table; 0 for what stands in no line of the file."""
        known = path and path[0] in self.values and self._variable(path) is None
        return self._places.line(path) if known else 0

    def _variable(self, path: toml.Path) -> str | None:
        """The variable that a key comes from: its own, or that of a table around it which the file has not."""
        for end in range(len(path), 0, -1):
            variable = "CALLCOST_" + "__".join(map(str, path[:end])).upper()
            if variable in os.environ and (end == len(path) or not self._holds(path)):
                return variable
        return None

    def _holds(self, path: toml.Path) -> bool:
        table: Any = self.values
        for key in path:
            if not isinstance(table, Mapping) or key not in table:
                return False
            table = table[key]
        return True
