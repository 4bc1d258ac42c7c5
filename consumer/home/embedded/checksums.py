"""A checksum over a row, so that a byte that the disk changed is noticed."""

import zlib


def checksum(value: bytes, *others: object) -> int:
    """CRC-32 of the bytes of a row and of its other columns as they are written."""
    return zlib.crc32(value, zlib.crc32(repr(others).encode()))
