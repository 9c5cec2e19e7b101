"""What the filter of system calls decides, without a process that it applies to."""

import pytest

from perilune.worker import seccomp
from tests.worker.filters import AARCH64, PID, X86_64, decide


def clock_of(pid: int) -> int:
    """Return the number of the clock that shows a process's processor time, as a register."""
    return ((~pid << 3) | 2) & (2**64 - 1)


EXPECTED = [
    # id, x86_64 number, aarch64 number, arguments, decision
    ("recvfrom", 45, 207, [], seccomp.ALLOW),
    ("mmap", 9, 222, [], seccomp.ALLOW),
    ("mprotect", 10, 226, [], seccomp.ALLOW),
    ("exit_group", 231, 94, [], seccomp.ALLOW),
    ("openat", 257, 56, [], seccomp.DENY),
    ("execve", 59, 221, [], seccomp.DENY),
    ("socket", 41, 198, [], seccomp.DENY),
    ("io_uring_setup", 425, 425, [], seccomp.DENY),
    ("prctl", 157, 167, [], seccomp.DENY),
    ("unknown", 9999, 9999, [], seccomp.DENY),
    ("clone3", 435, 435, [], seccomp.PRETEND_MISSING),
    ("clone of a thread", 56, 220, [0x3D0F00], seccomp.DENY),
    ("kill itself", 62, 129, [PID], seccomp.ALLOW),
    ("kill another", 62, 129, [PID + 1], seccomp.DENY),
    ("kill all", 62, 129, [2**64 - 1], seccomp.DENY),
    ("kill group", 62, 129, [0], seccomp.DENY),
    ("tgkill itself", 234, 131, [PID], seccomp.ALLOW),
    ("tgkill another", 234, 131, [1], seccomp.DENY),
    ("send", 44, 206, [3, 1, 1, 0, 0, 0], seccomp.ALLOW),
    ("send to an address", 44, 206, [3, 1, 1, 0, 0x1000, 16], seccomp.DENY),
    ("send to a high address", 44, 206, [3, 1, 1, 0, 1 << 32, 16], seccomp.DENY),
    ("read own limits", 302, 261, [0, 7, 0, 1], seccomp.ALLOW),
    ("read limits by number", 302, 261, [PID, 7, 0, 1], seccomp.ALLOW),
    ("read another's limits", 302, 261, [1, 7, 0, 1], seccomp.DENY),
    ("set limits", 302, 261, [0, 7, 0x1000, 0], seccomp.DENY),
    ("set limits, high address", 302, 261, [0, 7, 1 << 32, 0], seccomp.DENY),
    ("fcntl F_SETFL", 72, 25, [0, 4], seccomp.ALLOW),
    ("fcntl F_SETOWN", 72, 25, [0, 8], seccomp.DENY),
    ("fcntl F_DUPFD", 72, 25, [0, 0], seccomp.DENY),
    ("read the wall clock", 228, 113, [0], seccomp.ALLOW),
    ("read own processor time", 228, 113, [2], seccomp.ALLOW),
    ("read another's processor time", 228, 113, [clock_of(1)], seccomp.DENY),
    ("read own processor time by number", 228, 113, [clock_of(PID)], seccomp.DENY),
    ("read another clock of 32 bits", 228, 113, [clock_of(1) & 0xFFFFFFFF], seccomp.DENY),
    ("read a clock that does not exist", 228, 113, [12], seccomp.DENY),
    ("resolution of the monotonic clock", 229, 114, [1], seccomp.ALLOW),
    ("ask whether a process exists", 229, 114, [clock_of(1)], seccomp.DENY),
    ("sleep by the monotonic clock", 230, 115, [1], seccomp.ALLOW),
    ("sleep by another's clock", 230, 115, [clock_of(1)], seccomp.DENY),
    ("ioctl FIONBIO", 16, 29, [0, 0x5421], seccomp.ALLOW),
    ("ioctl TIOCSTI", 16, 29, [0, 0x5412], seccomp.DENY),
]


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
@pytest.mark.parametrize(
    ("x86_64", "aarch64", "arguments", "decision"),
    [pytest.param(*row, id=name) for name, *row in EXPECTED],
)
def test_filter_decides(
    machine: str, x86_64: int, aarch64: int, arguments: list[int], decision: int
):
    program = seccomp.build_filter(machine, PID)
    number = x86_64 if machine == X86_64 else aarch64

    assert decide(program, machine, number, arguments) == decision


@pytest.mark.parametrize(
    ("machine", "clone", "openat"),
    [pytest.param(X86_64, 56, 257, id=X86_64), pytest.param(AARCH64, 220, 56, id=AARCH64)],
)
def test_filter_of_a_wider_profile(machine: str, clone: int, openat: int):
    program = seccomp.build_filter(machine, PID, files=True, threads=True)

    assert decide(program, machine, openat, []) == seccomp.ALLOW
    assert decide(program, machine, clone, [0x3D0F00]) == seccomp.ALLOW
    assert decide(program, machine, clone, [17]) == seccomp.DENY
    for namespace in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000):
        assert decide(program, machine, clone, [0x3D0F00 | namespace]) == seccomp.DENY


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
@pytest.mark.parametrize(
    ("x86_64", "aarch64"),
    [
        pytest.param(204, 123, id="sched_getaffinity"),
        pytest.param(143, 121, id="sched_getparam"),
        pytest.param(145, 120, id="sched_getscheduler"),
    ],
)
def test_only_the_own_scheduling_is_told(machine: str, x86_64: int, aarch64: int):
    number = x86_64 if machine == X86_64 else aarch64
    program = seccomp.build_filter(machine, PID, files=True, threads=True, program=True)

    assert decide(program, machine, number, [0]) == seccomp.ALLOW
    assert decide(program, machine, number, [PID]) == seccomp.ALLOW
    assert decide(program, machine, number, [1]) == seccomp.PRETEND_MISSING


def test_filter_kills_calls_of_another_architecture():
    x86_64 = seccomp.build_filter(X86_64, PID)
    aarch64 = seccomp.build_filter(AARCH64, PID)

    assert decide(x86_64, AARCH64, 63, []) == seccomp.KILL_PROCESS
    assert decide(aarch64, X86_64, 0, []) == seccomp.KILL_PROCESS
    assert decide(x86_64, X86_64, 0x40000000 | 39, []) == seccomp.KILL_PROCESS


def test_filter_says_which_architecture_it_does_not_know():
    with pytest.raises(seccomp.SeccompUnavailable, match="riscv64"):
        seccomp.build_filter("riscv64", PID)
