"""Settings of all tests."""

from hypothesis import settings

# Machines are shared: how long an example takes says nothing about the code.
settings.register_profile("callcost", deadline=None, print_blob=True)
settings.load_profile("callcost")
