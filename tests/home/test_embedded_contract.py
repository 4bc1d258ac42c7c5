"""The contract of every home, on the embedded one."""

import pytest

from tests.home.contract import HomeContract


class TestEmbedded(HomeContract):
    """One file beside the settings."""

    @pytest.fixture
    def home_settings(self) -> str:
        return "[home]\ncheckpoint_s = 0.1"
