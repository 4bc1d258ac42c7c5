"""Turn the UCI "Bank Marketing" data set, one row a client, into canonical calls: JSON lines on standard output.

Owns what the data set does not say: the year, the time of day, and that every call is outbound. Knows no price.
"""

import csv
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

COLUMNS = (
    "age", "job", "marital", "education", "default", "balance", "housing", "loan", "contact", "day", "month",
    "duration", "campaign", "pdays", "previous", "poutcome", "y",
)  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIRST_YEAR = 2008
LISBON = ZoneInfo("Europe/Lisbon")  # the bank is a Portuguese one
OPENS, OPEN_HOURS = time(9, tzinfo=LISBON), 8  # to 17:00

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    """Rows by column, whether commas or semicolons part them. Raises ValueError for other columns."""
    text = path.read_text(encoding="utf-8-sig")
    header = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in header else ",", restval="", strict=True)
    found = tuple(reader.fieldnames or ())
    if found != COLUMNS:
        raise ValueError(f"{path}: found the columns {', '.join(found)}; expected {', '.join(COLUMNS)}")
    return list(reader)


def dated(rows: Iterable[Row]) -> Iterator[tuple[date, Row]]:
    """Add the year: rows are in order of time, so a month that goes back begins another one."""
    year, last = FIRST_YEAR, 0
    for row in rows:
        month = MONTHS.index(row["month"]) + 1
        year += month < last
        last = month
        yield date(year, month, int(row["day"])), row


def calls(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """One call a row; the rows of a day are spread evenly over its open hours."""
    number = 0
    for day, group in itertools.groupby(dated(rows), key=lambda found: found[0]):
        of_day = list(group)
        opens = datetime.combine(day, OPENS)
        for place, (_, row) in enumerate(of_day):
            number += 1
            yield call(number, opens + timedelta(hours=OPEN_HOURS) * place / len(of_day), row)


def call(number: int, started: datetime, row: Row) -> dict[str, Any]:
    """The canonical call of one row; the duration is that of the conversation, ringing is not recorded."""
    duration_s = int(row["duration"])
    made: dict[str, Any] = {
        "call_id": str(number),
        "direction": "outbound",
        "started_at": started.isoformat(timespec="milliseconds"),
        "ended_at": (started + timedelta(seconds=duration_s)).isoformat(timespec="milliseconds"),
        "disposition": "answered" if duration_s > 0 else "no_answer",
        "campaign": "term-deposit",
    }
    if duration_s > 0:
        made["answered_at"] = made["started_at"]
    if row["contact"] != "unknown":
        made["queue"] = row["contact"]
    if row["y"] == "yes":
        made["outcome"] = "sale"
    return made


def main(arguments: list[str]) -> int:
    """Write the calls of one file. 2: it is not the data set."""
    if len(arguments) != 1:
        print("usage: convert.py FILE.csv", file=sys.stderr)
        return 2
    try:
        for made in calls(rows_of(Path(arguments[0]))):
            print(json.dumps(made))
    except (OSError, ValueError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
