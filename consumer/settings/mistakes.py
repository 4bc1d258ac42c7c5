"""What is wrong with settings, for whoever wrote them: a line for each mistake, and no secret in any."""

import os
from pathlib import Path

from pydantic import ValidationError


class SettingsInvalid(Exception):
    """All mistakes of the settings, a line each."""


def mistakes_of(path: Path, error: ValidationError) -> list[str]:
    """What pydantic found, as lines that name file or variable, key, what was found and what was expected."""
    mistakes = []
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        is_secret = bool(fault["loc"]) and str(fault["loc"][-1]).endswith(("token", "password"))
        variable = "CALLCOST_" + "__".join(str(part) for part in fault["loc"]).upper()
        where = f"environment {variable}" if variable in os.environ else str(path)
        message = fault["msg"].removeprefix("Value error, ")
        says_it_all = fault["type"] in ("missing", "value_error") or is_secret
        found = "" if says_it_all else f"found {fault['input']!r}, "
        mistakes.append(f"{where}: {place and place + ': '}{found}{message[0].lower()}{message[1:]}")
    return sorted(mistakes)
