"""A source that cannot be read: an exception, since no event is at fault.

Owns the sentences that tell the operator what to do.
"""


class SourceBroken(Exception):
    """Names the source, what happened, and what to do about it."""

    @classmethod
    def by(cls, name: str, error: OSError) -> "SourceBroken":
        """The system's refusal to open or read a file, in words."""
        reason = error.strerror or str(error)
        return cls(f"{name}: {reason}; {_REMEDIES.get(type(error), 'check the disk, or copy the file anew')}")


_REMEDIES: dict[type[OSError], str] = {
    FileNotFoundError: "check the path",
    NotADirectoryError: "check the path",
    IsADirectoryError: "name the files in it",
    PermissionError: "let this user read it (chmod, or the group that owns it)",
}
