"""System calls that Python's standard library does not offer.

The C library is opened when this module is imported, which is in the zygote:
a locked-down worker can't open files any more.
"""

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_GET_SPECULATION_CTRL, PR_SET_SPECULATION_CTRL = 52, 53
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def syscall(number: int, *args: int | bytes) -> int:
    """Ask the kernel by system call *number* and return its answer.

    Bytes are passed as a pointer to them, for the kernel to read.

    Raises:
        OSError: the kernel answered with an error.
    """
    words = [ctypes.c_long(arg) if isinstance(arg, int) else ctypes.c_char_p(arg) for arg in args]
    return _checked(_libc.syscall(ctypes.c_long(number), *words))


def prctl(option: int, argument: int, value: int = 0) -> int:
    """Set or get one attribute of this process, as the manual page of the same name says.

    Raises:
        OSError: the kernel answered with an error.
    """
    # All five words are given, since options demand zeros in the unused ones.
    words = (option, argument, value, 0, 0)
    return _checked(_libc.prctl(*(ctypes.c_ulong(word) for word in words)))


def unshare(flags: int) -> None:
    """Leave the namespaces that *flags* name for new ones.

    Raises:
        OSError: the kernel answered with an error.
    """
    _checked(_libc.unshare(ctypes.c_int(flags)))


def drop_capabilities() -> None:
    """Give up every capability of this process, ambient ones included.

    Raises:
        OSError: the kernel answered with an error.
    """
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, nothing))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
