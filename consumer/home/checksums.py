"""A checksum over a row, so that a byte that the disk changed is noticed."""

import zlib


def checksum(*parts: object) -> int:
    """CRC-32 of all parts; those that are not bytes by how they are written."""
    crc = 0
    for part in parts:
        crc = zlib.crc32(part if isinstance(part, bytes) else repr(part).encode(), crc)
    return crc
