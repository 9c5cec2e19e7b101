"""What functions are told of the machine: constants instead of what the kernel would answer.

It denies workers most questions about the machine, also some that programs ask without expecting
an error.  Some of its calls can't even report one: what the library makes of these raises here.
"""

import _socket
import errno
import operator
import os
import platform
import posix
import signal
import socket
from collections.abc import Callable
from typing import Any

from perilune.worker.namespaces import HOST_NAME

WORKING_DIRECTORY = "/"
SYSTEM = os.uname_result(("Linux", HOST_NAME, "5.13.0", "#1", os.uname().machine))
"""The oldest release of Linux that workers run on, under a name that every machine has."""


def tell_constants() -> None:
    """Replace what asks about the machine, and what would be denied in silence."""
    for module in (os, posix):
        for name, value in (
            ("getcwd", WORKING_DIRECTORY),
            ("getcwdb", WORKING_DIRECTORY.encode()),
            ("uname", SYSTEM),
        ):
            setattr(module, name, _constant(name, value))
        for name in ("getpgrp", "sync"):
            setattr(module, name, _denied(name))
    for sockets in (socket, _socket):
        vars(sockets)["gethostname"] = _constant("gethostname", HOST_NAME)
    vars(signal)["alarm"] = _alarm
    vars(signal)["pause"] = _denied("pause")
    # It remembers what it was told when the library was imported.
    vars(platform)["_uname_cache"] = None
    platform.uname()


def _constant(name: str, value: Any) -> Callable[[], Any]:
    def answer() -> Any:
        return value

    answer.__name__ = answer.__qualname__ = name
    return answer


def _denied(name: str) -> Callable[[], Any]:
    def refuse() -> Any:
        raise PermissionError(errno.EPERM, f"{os.strerror(errno.EPERM)}: {name}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def _alarm(seconds: int, /) -> int:
    """Refuse to set an alarm; there is none to cancel."""
    if operator.index(seconds):
        raise PermissionError(
            errno.EPERM,
            f"{os.strerror(errno.EPERM)}: alarm; only the function's time limit ends it",
        )
    return 0


_alarm.__name__ = _alarm.__qualname__ = "alarm"
