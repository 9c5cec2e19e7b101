"""Landlock: what this process and its children can reach in the file system and beyond.

See landlock(7).  Landlock restricts opening, not descriptors that are open
already, and it neither covers `stat` nor UDP nor sockets with a path: the
seccomp filter does.
"""

import errno
import os
import struct
from collections.abc import Iterable

from perilune.worker import kernel

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_QUERY = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3

# How many of the file system rights, numbered from bit 0, each ABI knows.
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_RIGHTS = 0b11  # bind, connect
_SCOPES = 0b11  # abstract sockets, signals
_TCP_ABI, _SCOPES_ABI = 4, 6


class LandlockUnavailable(Exception):
    """This kernel can't restrict the process; the message says why."""


def read_abi() -> int:
    """Return the version of Landlock in this kernel, at least 1.

    Raises:
        LandlockUnavailable: the kernel has no Landlock, or it is switched off.
    """
    try:
        return kernel.syscall(_CREATE_RULESET, 0, 0, _VERSION_QUERY)
    except OSError as error:
        reasons = {
            errno.ENOSYS: "not supported by this kernel",
            errno.EOPNOTSUPP: "switched off when this kernel was booted",
        }
        raise LandlockUnavailable(reasons.get(error.errno or 0, str(error))) from error


def handled_rights(abi: int) -> bytes:
    """Return the `landlock_ruleset_attr` that denies everything *abi* can deny."""
    file_system = (1 << _FS_RIGHTS_BY_ABI[min(abi, max(_FS_RIGHTS_BY_ABI))]) - 1
    # A kernel refuses members it does not know, so the structure grows with the ABI.
    words = [file_system]
    if abi >= _TCP_ABI:
        words.append(_TCP_RIGHTS)
    if abi >= _SCOPES_ABI:
        words.append(_SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def restrict(readable: Iterable[str] = (), executable: Iterable[str] = ()) -> None:
    """Deny this process everything Landlock can deny, except reading and starting what is named.

    Files and whole directories may be named to be read, files to be started;
    those that this user can't reach anyway are skipped.  This can't be undone.

    Raises:
        LandlockUnavailable: the kernel has no Landlock, or it is switched off.
        OSError: the kernel refused, for example without `no_new_privs`.
    """
    attributes = handled_rights(read_abi())
    ruleset = kernel.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in executable:
            _allow(ruleset, path, _EXECUTE | _READ_FILE)  # the kernel reads what it starts
        kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not os.path.isdir(path):
            rights &= ~_READ_DIR  # the kernel refuses it for files
        rule = struct.pack("=Qi", rights, descriptor)
        kernel.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
