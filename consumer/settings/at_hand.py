"""What settings name on this machine: whether it is there, and may be read or written by whoever asks.

Owns looking at it before a worker needs it. Makes nothing, and opens no state.
"""

import os
from pathlib import Path

from consumer.settings.mistakes import SettingsInvalid
from consumer.settings.secrets import ingest_secrets
from consumer.settings.settings import Settings


def check_at_hand(settings: Settings) -> None:
    """The files of secrets, and the place of the state where [home] keeps it. Raises SettingsInvalid with all."""
    mistakes = []
    try:
        ingest_secrets(settings.ingest)
    except SettingsInvalid as error:
        mistakes.append(str(error))
    path = settings.home.path
    fault = None if settings.kafka is not None else _fault_of(path)
    if fault is not None:
        mistakes.append(f"home.path: {path}: {fault}; expected a file that can be written")
    if mistakes:
        raise SettingsInvalid("\n".join(mistakes))


def _fault_of(path: Path) -> str | None:
    """Why no state can be kept in a file: it is made if there is none, and so are others beside it."""
    folder = path.parent
    try:
        if not folder.is_dir():
            return f"there is no folder {folder}"
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"no file can be made in {folder}"
        if path.exists() and not path.is_file():
            return "it is no file"
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            return "it cannot be read and written"
    except OSError as error:  # a folder on the way that may not be looked into
        return error.strerror or str(error)
    return None
