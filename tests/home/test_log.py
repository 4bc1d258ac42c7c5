"""What the embedded home says of a state that it begins or goes on with."""

import logging
import time
from pathlib import Path

import pytest

from tests.home.at_rest import opened
from tests.home.contract import call
from tests.home.test_embedded_home import RATES

NOW_MS = time.time_ns() // 1_000_000


async def test_a_new_state_is_told_as_such_and_one_that_was_killed_by_what_came_since(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No checkpoint is written here: the record of the rate table and three calls are 4."""
    (tmp_path / "rates.toml").write_text(RATES)
    (tmp_path / "callcost.toml").write_text('rates = "rates.toml"\n')
    caplog.set_level(logging.INFO, "callcost")
    async with opened(tmp_path, lambda: NOW_MS) as worker:
        assert caplog.messages == [f"a new state begins in {tmp_path}/callcost.db"]
        await worker.home.append("callcost", [call("a"), call("b"), call("c")])
    caplog.clear()
    async with opened(tmp_path, lambda: NOW_MS):
        assert caplog.messages == ["records that came after the last checkpoint are folded: 4"]
