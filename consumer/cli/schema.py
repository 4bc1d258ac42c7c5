"""`callcost schema`: JSON Schema of what callcost reads."""

import json
import sys
from typing import Annotated, Any, Literal

import typer

from consumer.settings import Settings
from schemas.call import call_schema
from schemas.rates import RateFile


def schema(
    what: Annotated[
        Literal["call", "rates", "settings"], typer.Argument(help="call, rates or settings.", show_default=False)
    ],
) -> None:
    """JSON Schema of a canonical call, of rates.toml or of callcost.toml.

    Example: callcost schema call > call.schema.json
    """
    schemas: dict[str, Any] = {
        "call": call_schema, "rates": RateFile.model_json_schema, "settings": Settings.model_json_schema
    }  # fmt: skip
    json.dump(schemas[what](), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
