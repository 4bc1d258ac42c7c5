"""Settings of all tests, and what becomes of those that need a program which this machine lacks."""

import os

import pytest
from hypothesis import settings

from tests.needs import MARKED, NEEDED, is_here

# Machines are shared: how long an example takes says nothing about the code.
settings.register_profile("callcost", deadline=None, print_blob=True)
settings.load_profile("callcost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, and say so, what cannot run here; with CI=true it runs all the same, and fails."""
    if os.environ.get("CI") == "true":
        return
    for item in items:
        for program, why in NEEDED.items():
            needs_it = any(map(item.get_closest_marker, MARKED.get(program, (program,))))
            if needs_it and not is_here(program):
                item.add_marker(pytest.mark.skip(reason=f"{program} is not here; it {why}"))
