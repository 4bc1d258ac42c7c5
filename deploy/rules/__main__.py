"""`python -m deploy.rules`: write the rule files for a currency, dimensions and addresses."""

import argparse
from pathlib import Path

from deploy.rules.deployment import Deployment
from deploy.rules.files import DIRECTORY, write


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line, write, and say where.

    Exit code 2 for an option that cannot be, 1 where nothing can be written.
    """
    usual = Deployment()
    asked = argparse.ArgumentParser(prog="python -m deploy.rules", description=__doc__)
    asked.add_argument("--currency", default=usual.currency, help="of the rate table (default: %(default)s)")
    asked.add_argument(
        "--dimensions",
        default=",".join(usual.dimensions),
        help="of [fold], direction first, with commas between (default: %(default)s)",
    )
    asked.add_argument("--job", default=usual.job, help="of the scrape configuration (default: %(default)s)")
    asked.add_argument("--runbooks", default=usual.runbooks, help="where docs/runbooks is (default: %(default)s)")
    asked.add_argument("--grafana", default=usual.grafana, help="address of Grafana (default: %(default)s)")
    asked.add_argument("--into", type=Path, default=DIRECTORY, help="directory (default: deploy/prometheus/rules)")
    given = vars(asked.parse_args(arguments))
    into, dimensions = given.pop("into"), tuple(given.pop("dimensions").split(","))
    try:
        deployment = Deployment(dimensions=dimensions, **given)
    except ValueError as error:
        asked.error(str(error))
    try:
        for path in write(deployment, into):
            print(path)
    except OSError as error:
        asked.exit(
            1, f"{asked.prog}: {error.filename}: {error.strerror}; give --into a directory that can be written\n"
        )


if __name__ == "__main__":
    main()
