"""Runs a command under the system call filters of the unit, as systemd would: python -m tests.deploy.shut_in COMMAND…

Owns what SystemCallFilter=, MemoryDenyWriteExecute= and RestrictAddressFamilies= come to, by libseccomp, which systemd
uses as well. Nothing of mounts, users and limits is done here: for those it takes systemd.
"""

import ctypes
import mmap
import os
import socket
import sys
from collections.abc import Sequence

from tests.deploy.commands import ask
from tests.deploy.unit import value, values

# seccomp.h
_ALLOW, _ERRNO, _EPERM = 0x7FFF0000, 0x00050000, 1
_EQUAL, _MASKED = 4, 7
_UNKNOWN_CALL = -1
_SHM_EXEC = 0o100000  # sys/shm.h


class _Argument(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One filter: what happens to calls without a rule, and the rules."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(otherwise))

    def add(self, action: int, call: str, *arguments: _Argument) -> None:
        """What happens to a call, if its arguments are such. Calls that this processor does not have are left out."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number == _UNKNOWN_CALL:
            return
        given = (_Argument * len(arguments))(*arguments)
        code = self._library.seccomp_rule_add_array(self._context, action, number, len(arguments), given)
        if code and number >= 0:
            raise OSError(-code, f"{call}: {os.strerror(-code)}")

    def load(self) -> None:
        """From now on, for this process and all that it starts. Privileges cannot be gained any more."""
        if code := self._library.seccomp_load(self._context):
            raise OSError(-code, os.strerror(-code))


def calls_of(filters: Sequence[str]) -> set[str]:
    """The calls that SystemCallFilter= leaves: the first line allows, those that begin with ~ take away."""
    allowed: set[str] = set()
    for line in filters:
        named = {call for name in line.lstrip("~").split() for call in _members(name)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed | _members("@default")


def _members(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    lines = ask("systemd-analyze", "--no-pager", "syscall-filter", name).stdout.splitlines()[1:]
    inner = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return {call for one in inner for call in _members(one)}


def shut_in() -> None:
    """Apply what the unit says to this process. The filter of calls is last: under it no further one can be loaded."""
    if value("MemoryDenyWriteExecute") == "yes":
        _without_code_that_is_written().load()
    _only_families(value("RestrictAddressFamilies").split()).load()
    only = Filter(_ERRNO | _EPERM)
    for call in sorted(calls_of(values("SystemCallFilter"))):
        only.add(_ALLOW, call)
    only.load()


def _without_code_that_is_written() -> Filter:
    """As systemd's seccomp_memory_deny_write_execute()."""
    found, both = Filter(_ALLOW), mmap.PROT_WRITE | mmap.PROT_EXEC
    found.add(_ERRNO | _EPERM, "mmap", _Argument(2, _MASKED, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        found.add(_ERRNO | _EPERM, call, _Argument(2, _MASKED, mmap.PROT_EXEC, mmap.PROT_EXEC))
    found.add(_ERRNO | _EPERM, "shmat", _Argument(2, _MASKED, _SHM_EXEC, _SHM_EXEC))
    return found


def _only_families(names: Sequence[str]) -> Filter:
    """As systemd's seccomp_restrict_address_families(): of socket(), and not of socketpair()."""
    found, allowed = Filter(_ALLOW), {int(getattr(socket, name)) for name in names}
    for family in range(1, 64):
        if family not in allowed:
            found.add(_ERRNO | _EPERM, "socket", _Argument(0, _EQUAL, family, 0))
    return found


if __name__ == "__main__":
    shut_in()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - a program of the tests
