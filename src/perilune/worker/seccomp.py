"""The system call filter: a short list of what a worker may ask of the kernel.

Everything that is not on the list fails with EPERM.  Calls of another
architecture or ABI (`int 0x80`, x32) end the process, since their numbers mean
something else.  The filter is a classic BPF program, see seccomp(2); it is
built by a pure function, so that it can be examined without being installed.
"""

import ctypes
import errno
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

from perilune.worker import kernel

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
DENY = 0x00050000 | errno.EPERM
PRETEND_MISSING = 0x00050000 | errno.ENOSYS

AUDIT_ARCHITECTURES: Mapping[str, int] = MappingProxyType(
    {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
)
_SECCOMP_NUMBERS = {"x86_64": 317, "aarch64": 277}
_X32_BIT = 0x40000000

_SET_MODE_FILTER = 1
_TSYNC = 1  # every thread of the process, not only the calling one

_FIONBIO = 0x5421  # how Python switches a socket between blocking and not
_FCNTL_COMMANDS = (1, 2, 3, 4)  # get and set the flags of a descriptor
_DUPLICATE = (0, 1030)  # the commands of fcntl that copy a descriptor
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41  # names of threads and of mappings
_AF_UNIX = 1
_MAX_CLOCK = 11  # CLOCK_TAI; negative numbers are the clocks of processes and descriptors
_CLONE_THREAD = 0x10000
_CLONE_NAMESPACES = 0x7E020080

# The numbers of each call: x86_64, aarch64.  Frequent ones first, as the filter tries in order.
_Table = Mapping[str, tuple[int | None, int | None]]

_COMPUTING: _Table = {
    "recvfrom": (45, 207),
    "read": (0, 63),
    "write": (1, 64),
    "futex": (202, 98),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),  # the JIT writes code, then makes it executable
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getrandom": (318, 278),
    "poll": (7, None),
    "ppoll": (271, 73),
    "close": (3, 57),
    "nanosleep": (35, 101),
    "sched_yield": (24, 124),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "times": (100, 153),
    "exit": (60, 93),
    "exit_group": (231, 94),
}

_READING_FILES: _Table = {
    "openat": (257, 56),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "pread64": (17, 67),
    "getdents64": (217, 61),
    "readlinkat": (267, 78),
    "readlink": (89, None),
    "stat": (4, None),
    "lstat": (6, None),
    "open": (2, None),
    "getcwd": (79, 17),
}

_THREADS: _Table = {
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
}

# What a program of its own (Deno) needs in addition: to be loaded, and its event loop.
_PROGRAM: _Table = {
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "epoll_ctl": (233, 21),
    "epoll_create1": (291, 20),
    "eventfd2": (290, 19),
    "readv": (19, 65),
    "writev": (20, 66),
    "execve": (59, 221),  # Landlock leaves nothing else to start
    "dup2": (33, None),
    "dup3": (292, 24),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "arch_prctl": (158, None),
    "set_tid_address": (218, 96),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "membarrier": (324, 283),
    "pkey_alloc": (330, 289),
    "pkey_free": (331, 290),
    "pkey_mprotect": (329, 288),
    "shutdown": (48, 210),
}


class SeccompUnavailable(Exception):
    """No filter can be installed here; the message says why."""


def build_filter(
    machine: str, pid: int, *, files: bool = False, threads: bool = False, program: bool = False
) -> bytes:
    """Return the BPF program for one worker.

    Args:
        machine: the architecture, as `os.uname().machine` names it.
        pid: the worker's own process id, the only one it may signal.
        files: allow opening and reading files; Landlock decides which.
        threads: allow new threads of the process; never new processes.
        program: allow turning into another program, and what one needs that has an event loop
            of its own; Landlock decides which.

    Raises:
        SeccompUnavailable: there is no table for this architecture.
    """
    if machine not in AUDIT_ARCHITECTURES:
        raise SeccompUnavailable(f"no system call table for {machine}")
    column = 0 if machine == "x86_64" else 1
    plain = {
        **_COMPUTING,
        **(_READING_FILES if files else {}),
        **(_THREADS if threads else {}),
        **(_PROGRAM if program else {}),
    }

    filter_ = [_load(4), *_unless_equal(AUDIT_ARCHITECTURES[machine], KILL_PROCESS), _load(0)]
    if machine == "x86_64":
        filter_ += [_jump(_JGE, _X32_BIT, 0, 1), _answer(KILL_PROCESS)]
    for numbers, body in _conditional(pid, threads, program):
        number = numbers[column]
        filter_ += [_jump(_JEQ, number, 0, len(body)), *body]
    for numbers_of_plain in plain.values():
        number_of_plain = numbers_of_plain[column]
        if number_of_plain is not None:
            filter_ += [_jump(_JEQ, number_of_plain, 0, 1), _answer(ALLOW)]
    filter_.append(_answer(DENY))
    return b"".join(filter_)


def install(machine: str, program: bytes) -> None:
    """Put *program* in force for this process.  This can't be undone.

    Raises:
        SeccompUnavailable: the kernel was built without filters.
        OSError: the kernel refused, for example without `no_new_privs`.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    try:
        kernel.syscall(_SECCOMP_NUMBERS[machine], _SET_MODE_FILTER, _TSYNC, header)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EINVAL):
            raise SeccompUnavailable("filters are not supported by this kernel") from error
        raise


_JEQ, _JGE, _JSET = 0x15, 0x35, 0x45


def _load(offset: int) -> bytes:
    """Load the 32-bit word at *offset* of `struct seccomp_data`."""
    return struct.pack("HBBI", 0x20, 0, 0, offset)


def _load_argument(index: int, *, high: bool = False) -> bytes:
    # Both architectures are little endian.
    return _load(16 + 8 * index + (4 if high else 0))


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _answer(action: int) -> bytes:
    return struct.pack("HBBI", 0x06, 0, 0, action)


def _unless_equal(value: int, action: int) -> list[bytes]:
    return [_jump(_JEQ, value, 1, 0), _answer(action)]


def _conditional(
    pid: int, threads: bool, program: bool
) -> list[tuple[tuple[int, int], list[bytes]]]:
    """Return numbers and body of every call that depends on its arguments."""
    rules: list[tuple[tuple[int, int], Callable[[], list[bytes]]]] = [
        ((44, 206), _sendto_without_address),
        ((62, 129), lambda: _argument_is(0, pid)),  # kill
        ((234, 131), lambda: _argument_is(0, pid)),  # tgkill: how abort() ends a process
        ((72, 25), lambda: _argument_is(1, *_FCNTL_COMMANDS, *(_DUPLICATE if program else ()))),
        ((16, 29), lambda: _argument_is(1, _FIONBIO)),  # ioctl
        ((302, 261), lambda: _prlimit_reading(pid)),
        ((435, 435), lambda: [_answer(PRETEND_MISSING)]),  # clone3: its flags are out of reach
        ((228, 113), _fixed_clock),  # clock_gettime
        ((229, 114), _fixed_clock),  # clock_getres
        ((230, 115), _fixed_clock),  # clock_nanosleep
    ]
    if threads:
        rules.append(((56, 220), _clone_thread))
        rules.append(((204, 123), lambda: _own_scheduling(pid)))  # sched_getaffinity
    if program:
        rules.append(((143, 121), lambda: _own_scheduling(pid)))  # sched_getparam
        rules.append(((145, 120), lambda: _own_scheduling(pid)))  # sched_getscheduler
        rules.append(((157, 167), lambda: _argument_is(0, _PR_SET_NAME, _PR_SET_VMA)))
        # A pair of sockets reaches nobody but who has both ends.
        rules.append(((53, 199), lambda: _argument_is(0, _AF_UNIX)))
    return [(numbers, build()) for numbers, build in rules]


def _argument_is(index: int, *values: int, otherwise: int = DENY) -> list[bytes]:
    """Allow when the 32-bit argument is one of *values*."""
    body = [_load_argument(index)]
    for value in values:
        body += [_jump(_JEQ, value, 0, 1), _answer(ALLOW)]
    return [*body, _answer(otherwise)]


def _fixed_clock() -> list[bytes]:
    """Allow the clocks with fixed numbers; others tell the processor time of any process.

    The worker's own clocks are among them.  Most of them are read without a call.
    """
    return [_load_argument(0), _jump(_JGE, _MAX_CLOCK + 1, 0, 1), _answer(DENY), _answer(ALLOW)]


def _own_scheduling(pid: int) -> list[bytes]:
    """Allow asking how the worker is scheduled, but no other process.

    glibc asks about threads by their ids, and does without where the call is missing.
    """
    return _argument_is(0, 0, pid, otherwise=PRETEND_MISSING)


def _sendto_without_address() -> list[bytes]:
    """`send` is `sendto` without an address; with one it could reach other sockets."""
    return [*_require_null(4), _answer(ALLOW)]


def _prlimit_reading(pid: int) -> list[bytes]:
    """Allow asking for the worker's own limits, with no new limits given."""
    return [*_require_null(2), *_argument_is(0, 0, pid)]


def _clone_thread() -> list[bytes]:
    return [
        _load_argument(0),
        _jump(_JSET, _CLONE_NAMESPACES, 2, 0),
        _jump(_JSET, _CLONE_THREAD, 0, 1),
        _answer(ALLOW),
        _answer(DENY),
    ]


def _require_null(index: int) -> list[bytes]:
    """Deny unless both halves of a pointer are zero."""
    return [
        _load_argument(index),
        *_unless_equal(0, DENY),
        _load_argument(index, high=True),
        *_unless_equal(0, DENY),
    ]
