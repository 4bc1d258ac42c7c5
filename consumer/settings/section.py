"""What every table of callcost.toml has in common: nothing unknown is taken, and nothing is changed afterwards."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Platform = Literal["callcost", "asterisk-csv", "asterisk-custom-csv", "kamailio", "twilio"]


class Section(BaseModel):
    """One table."""

    model_config = ConfigDict(extra="forbid", frozen=True)
