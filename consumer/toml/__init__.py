"""TOML that people write: on which line each key stands, and the words for what is wrong with it."""
