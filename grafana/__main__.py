"""Writes the dashboards: `python -m grafana`, for another currency or other dimensions with options."""

import argparse
from pathlib import Path

from grafana.dashboards import dashboards, text
from grafana.reporting import Reporting

HERE = Path(__file__).parent / "dashboards"


def main(arguments: list[str] | None = None) -> None:
    """Write each dashboard to its file; one that is as it should be stays untouched.

    Exit code 2 for an option that cannot be, 1 where nothing can be written.
    """
    parser = argparse.ArgumentParser(prog="python -m grafana", description="Writes the dashboards of callcost.")
    parser.add_argument("--currency", default="usd", help="of the rate table (default: %(default)s)")
    parser.add_argument("--dimensions", default="direction,queue,site", help="[fold] dimensions (default: %(default)s)")
    parser.add_argument("--to", type=Path, default=HERE, help="folder (default: %(default)s)")
    given = parser.parse_args(arguments)
    try:
        reporting = Reporting(given.currency.lower(), tuple(given.dimensions.split(",")))
    except ValueError as error:
        parser.error(str(error))
    try:
        _write(reporting, given.to)
    except OSError as error:
        parser.exit(1, f"{parser.prog}: {error.filename}: {error.strerror}; give --to a folder that can be written\n")


def _write(reporting: Reporting, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, dashboard in dashboards(reporting).items():
        file, wanted = folder / name, text(dashboard)
        if not file.exists() or file.read_text(encoding="utf-8") != wanted:
            file.write_text(wanted, encoding="utf-8")
            print(f"wrote {file}")


if __name__ == "__main__":
    main()
