"""Payload to calls, one file a platform; every decoder is a pure function."""
