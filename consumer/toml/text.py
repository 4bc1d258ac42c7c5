"""The bytes of a TOML file to its values and their lines."""

import re
import tomllib
from typing import Any

from consumer.toml.places import Places
from consumer.toml.problem import Problem

_AT_LINE = re.compile(r"at line (\d+)")


class NoToml(Exception):
    """Bytes that are no TOML."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def parsed(name: str, text: bytes) -> tuple[dict[str, Any], Places]:
    """What stands in a file and where; `name` is the file's, for messages. Raises NoToml."""
    try:
        decoded = text.decode()
        return tomllib.loads(decoded), Places.of(decoded)
    except UnicodeDecodeError as error:
        raise NoToml(Problem(name, 0, "", f"bytes that are no UTF-8 ({error.reason})", "TOML")) from None
    except tomllib.TOMLDecodeError as error:
        line = _AT_LINE.search(str(error))
        raise NoToml(Problem(name, int(line[1]) if line else 0, "", f"no TOML ({error})", "TOML")) from None
