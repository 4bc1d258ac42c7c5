"""Makes the secrets of the compose stack, each once, so that no password stands in a file of the repository.

Owns which there are and who may read them. A secret that is there is left alone.
"""

import os
import secrets
from pathlib import Path
from typing import NamedTuple


class Secret(NamedTuple):
    """A file with one random line, for one user alone."""

    path: Path
    owner: int  # user and group


WORKER, GRAFANA = 10001, 472  # users of the images

ALL = (
    Secret(Path("/secrets/callcost/tokens"), WORKER),
    Secret(Path("/secrets/grafana/admin-password"), GRAFANA),
)


def make(secret: Secret) -> bool:
    """Whether it was made now. It appears whole and with its owner, or not at all."""
    if secret.path.exists():
        return False
    unfinished = secret.path.with_name(f".{secret.path.name}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    os.chown(unfinished, secret.owner, secret.owner)
    unfinished.rename(secret.path)
    return True


if __name__ == "__main__":
    for one in ALL:
        print(one.path, "made" if make(one) else "is there", flush=True)
