"""The home that needs nothing else: one SQLite file."""
