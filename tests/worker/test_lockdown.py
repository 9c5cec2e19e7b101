"""What guest code can do once it has the whole worker process in its hands."""

import os
import struct
from typing import Any

import pytest

from perilune.worker import kernel, landlock, seccomp
from perilune.worker.lockdown import REQUIRED_LAYERS, grade
from tests.worker.conftest import READING, SpawnWorker
from tests.worker.hostile_interpreter import RAW_CALLS

on_module_loop = pytest.mark.asyncio(loop_scope="module")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has none of this to lose")
on_x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="a call of x86 only")

DENIED = [
    # files
    ("read_passwd", "EPERM"),
    ("list_data", "EPERM"),
    ("read_data", "EPERM"),
    ("read_private", "EPERM"),
    ("stat_data", "EPERM"),
    ("overwrite_data", "EPERM"),
    ("truncate_data", "EPERM"),
    ("delete_data", "EPERM"),
    ("rename_data", "EPERM"),
    ("make_directory", "EPERM"),
    ("make_symlink", "EPERM"),
    ("change_mode", "EPERM"),
    ("fill_disk", "EPERM"),
    ("open_many_files", "EPERM"),
    ("duplicate_many", "EPERM"),
    # the server
    ("read_own_environ", "EPERM"),
    ("read_server_environ", "EPERM"),
    ("open_server_memory", "EPERM"),
    ("read_server_memory", "EPERM"),
    ("ptrace_attach", "EPERM"),
    ("ptrace_seize", "EPERM"),
    ("kill_server", "EPERM"),
    ("kill_everybody", "EPERM"),
    ("kill_group", "EPERM"),
    ("tgkill_server", "EPERM"),
    ("queue_signal", "EPERM"),
    ("pidfd_open_server", "EPERM"),
    ("pidfd_send_signal", "EPERM"),
    ("own_descriptor_signals", "EPERM"),
    # sockets
    ("tcp_connect", "EPERM"),
    ("tcp_listen", "EPERM"),
    ("udp_send", "EPERM"),
    ("unix_connect", "EPERM"),
    ("abstract_connect", "EPERM"),
    ("raw_socket", "EPERM"),
    ("netlink_socket", "EPERM"),
    ("socket_pair", "EPERM"),
    ("send_with_address", "EPERM"),
    ("send_descriptor", "EPERM"),
    # processes
    ("fork", "EPERM"),
    pytest.param("raw_fork", "EPERM", marks=on_x86_64, id="raw_fork"),
    ("raw_clone", "EPERM"),
    ("raw_clone3", "ENOSYS"),
    ("start_thread", "RuntimeError: can't start new thread"),
    ("execve", "EPERM"),
    ("execveat", "EPERM"),
    # memory
    ("one_large_allocation", "MemoryError"),
    ("many_small_allocations", "MemoryError"),
    ("shared_mapping", "ENOMEM"),
    ("memfd_create", "EPERM"),
    ("lock_memory", "EPERM"),
    # more rights
    ("chroot", "EPERM"),
    ("raise_limits", "EPERM"),
    ("become_dumpable", "EPERM"),
    ("push_terminal_input", "EPERM"),
    pytest.param("call_by_int80", "killed by SIGSYS", marks=on_x86_64, id="call_by_int80"),
    pytest.param("call_by_x32", "killed by SIGSYS", marks=on_x86_64, id="call_by_x32"),
    *(
        pytest.param(name, "EPERM", marks=on_x86_64 if numbers[1] is None else (), id=name)
        for name, numbers in RAW_CALLS.items()
    ),
]


@on_module_loop
@pytest.mark.parametrize(("probe", "outcome"), DENIED)
async def test_hostile_native_call_is_denied(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    worker, report = await spawn_worker()

    assert grade(report).name == "full"
    assert await worker.attempt(probe, targets) == outcome


@on_module_loop
@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        pytest.param("compute", "done: [32, 16, True, True, True, (0, 0)]", id="compute"),
        pytest.param("run_machine_code", "done: 42", id="machine code"),
        pytest.param("recurse_deeply", "done: True", id="deep recursion in C"),
        pytest.param("signal_itself", "done: None", id="signal to itself"),
        pytest.param("environment", "done: {}", id="empty environment"),
        pytest.param("descriptors", "done: [0, 1, 2]", id="no descriptor but its socket"),
    ],
)
async def test_honest_code_works(spawn_worker: SpawnWorker, probe: str, outcome: str):
    worker, _ = await spawn_worker()

    assert await worker.attempt(probe, {}) == outcome


@on_module_loop
async def test_worker_survives_what_it_was_denied(
    spawn_worker: SpawnWorker, targets: dict[str, Any]
):
    """Denials are ordinary errors: the same worker answers the next invocation."""
    worker, _ = await spawn_worker()

    for probe in ("one_large_allocation", "fork", "read_passwd"):
        assert not (await worker.attempt(probe, targets)).startswith("done")
    assert await worker.attempt("run_machine_code", {}) == "done: 42"


@on_module_loop
@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        pytest.param("read_passwd", "done: ", id="read /etc/passwd"),
        pytest.param("list_data", "done: ['perilune.db', 'private', 'socket']", id="list data"),
        pytest.param("overwrite_data", "done: 11", id="overwrite data"),
        pytest.param("fill_disk", "done: 1048576", id="fill the disk"),
        pytest.param("read_server_environ", "done: b'SECRET=s3cret", id="secrets of the server"),
        pytest.param("tcp_connect", "done: connected", id="TCP"),
        pytest.param("udp_send", "done: 1", id="UDP"),
        pytest.param("unix_connect", "done: None", id="socket with a path"),
        pytest.param("abstract_connect", "done: None", id="abstract socket"),
        pytest.param("socket_pair", "done: ", id="socket pair"),
        pytest.param("fork", "done: 0", id="fork"),
        pytest.param("raw_clone", "done: 0", id="clone"),
        pytest.param("raw_clone3", "done: 0", id="clone3"),
        pytest.param("start_thread", "done: None", id="thread"),
        pytest.param("execve", "exited 0", id="execve"),
        pytest.param("execveat", "exited 0", id="execveat"),
        pytest.param("kill_server", "done: None", id="signal the server"),
        pytest.param("pidfd_open_server", "done: ", id="pidfd of the server"),
        pytest.param("memfd_create", "done: ", id="memfd"),
        pytest.param("shared_mapping", "done: mapped", id="1 GiB of shared memory"),
        pytest.param("open_many_files", "done: 5000", id="5000 files"),
        pytest.param("become_dumpable", "done: 0", id="dumpable"),
        pytest.param("is_dumpable", "done: 1", id="is dumpable"),
    ],
)
async def test_control_same_probe_succeeds_without_lock_down(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    """The table of denials proves something: nothing else stops these probes."""
    worker, _ = await spawn_worker(relaxed=True, without=REQUIRED_LAYERS)

    result = await worker.attempt(probe, {**targets, "signal": 0})

    assert result.startswith(outcome)


ALONE = [
    # layer, probe, what that layer makes of it when it is the only one
    ("landlock", "read_passwd", "EACCES"),
    ("landlock", "list_data", "EACCES"),
    ("landlock", "overwrite_data", "EACCES"),
    ("landlock", "truncate_data", "EACCES"),
    ("landlock", "delete_data", "EACCES"),
    ("landlock", "rename_data", "EACCES"),
    ("landlock", "make_directory", "EACCES"),
    ("landlock", "make_symlink", "EACCES"),
    ("landlock", "fill_disk", "EACCES"),
    ("landlock", "read_own_environ", "EACCES"),
    ("landlock", "read_server_environ", "EACCES"),
    ("landlock", "tcp_connect", "EACCES"),
    ("landlock", "tcp_listen", "EACCES"),
    ("landlock", "abstract_connect", "EPERM"),
    ("landlock", "kill_server", "EPERM"),
    ("landlock", "ptrace_attach", "EPERM"),
    ("landlock", "execve", "EACCES"),
    ("rlimits", "one_large_allocation", "MemoryError"),
    ("rlimits", "shared_mapping", "ENOMEM"),
    ("rlimits", "fill_disk", "EFBIG"),
    ("rlimits", "open_many_files", "EMFILE"),
    ("rlimits", "duplicate_many", "EMFILE"),
    ("undumpable", "is_dumpable", "done: 0"),
    ("environment", "environment", "done: {}"),
    ("descriptors", "descriptors", "done: [0, 1, 2]"),
    pytest.param("user", "read_private", "EACCES", marks=as_root),
    pytest.param("user", "read_server_environ", "EACCES", marks=as_root),
    pytest.param("user", "kill_server", "EPERM", marks=as_root),
    pytest.param("user", "ptrace_attach", "EPERM", marks=as_root),
    pytest.param("user", "chroot", "EPERM", marks=as_root),
    pytest.param("user", "setuid", "EPERM", marks=as_root),
    pytest.param("user", "raw_socket", "EPERM", marks=as_root),
    pytest.param("user", "identity", "done: [65534, 65534, 65534, 65534]", marks=as_root),
    ("seccomp", "read_passwd", "EPERM"),
    ("seccomp", "udp_send", "EPERM"),
    ("seccomp", "unix_connect", "EPERM"),
    ("seccomp", "fork", "EPERM"),
    ("seccomp", "raw_clone3", "ENOSYS"),
    ("seccomp", "kill_server", "EPERM"),
]


@on_module_loop
@pytest.mark.parametrize(("layer", "probe", "outcome"), ALONE)
async def test_layer_alone_denies_its_part(
    spawn_worker: SpawnWorker, targets: dict[str, Any], layer: str, probe: str, outcome: str
):
    """No layer stands in for another unnoticed: each works by itself."""
    without = set(REQUIRED_LAYERS) - {layer, "no_new_privs"}
    worker, report = await spawn_worker(relaxed=True, without=without)

    assert set(grade(report).in_force) == {layer, "no_new_privs"}
    assert await worker.attempt(probe, targets) == outcome


@on_module_loop
@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        pytest.param("read_granted", "done: True", id="reads what it was granted"),
        pytest.param("write_granted", "EACCES", id="does not write it"),
        pytest.param("read_passwd", "EACCES", id="reads nothing else"),
        pytest.param("read_data", "EACCES", id="no data"),
        pytest.param("fill_disk", "EACCES", id="no new files"),
        pytest.param("read_server_environ", "EACCES", id="no secrets"),
        pytest.param("start_thread", "done: None", id="starts threads"),
        pytest.param("fork", "EPERM", id="but no processes"),
        pytest.param("raw_clone", "EPERM", id="not by clone"),
        pytest.param("raw_clone3", "ENOSYS", id="not by clone3"),
        pytest.param("tcp_connect", "EPERM", id="no sockets"),
    ],
)
async def test_wider_profile_gets_what_it_asks_for_and_no_more(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    worker, report = await spawn_worker(READING)

    assert grade(report).name == "full"
    assert await worker.attempt(probe, targets) == outcome


def test_grade_is_full_with_every_layer():
    assert grade(REQUIRED_LAYERS).name == "full"
    assert grade(REQUIRED_LAYERS).missing == ()


@pytest.mark.parametrize(
    ("report", "missing"),
    [
        pytest.param(
            [*REQUIRED_LAYERS[:-2], "landlock: not supported by this kernel", "seccomp"],
            ("landlock: not supported by this kernel",),
            id="with the worker's reason",
        ),
        pytest.param(REQUIRED_LAYERS[:-1], ("seccomp: not reported",), id="without a reason"),
        pytest.param(
            [*REQUIRED_LAYERS[:-1], "seccomp-ish"], ("seccomp: not reported",), id="other name"
        ),
        pytest.param([], tuple(f"{each}: not reported" for each in REQUIRED_LAYERS), id="nothing"),
    ],
)
def test_grade_names_what_is_missing(report: list[str], missing: tuple[str, ...]):
    assert grade(report).name == "relaxed"
    assert grade(report).missing == missing


@pytest.mark.parametrize(
    ("abi", "words"),
    [
        pytest.param(1, [(1 << 13) - 1], id="files"),
        pytest.param(3, [(1 << 15) - 1], id="truncate"),
        pytest.param(4, [(1 << 15) - 1, 3], id="TCP"),
        pytest.param(5, [(1 << 16) - 1, 3], id="devices"),
        pytest.param(6, [(1 << 16) - 1, 3, 3], id="signals and abstract sockets"),
        pytest.param(99, [(1 << 16) - 1, 3, 3], id="later than this code"),
    ],
)
def test_landlock_handles_all_that_an_abi_knows(abi: int, words: list[int]):
    assert landlock.handled_rights(abi) == struct.pack(f"={len(words)}Q", *words)


def test_landlock_says_why_it_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(kernel, "syscall", refuse)

    with pytest.raises(landlock.LandlockUnavailable, match="not supported by this kernel"):
        landlock.restrict()


PID = 4711
X86_64, AARCH64 = "x86_64", "aarch64"
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


def test_filter_kills_calls_of_another_architecture():
    x86_64 = seccomp.build_filter(X86_64, PID)
    aarch64 = seccomp.build_filter(AARCH64, PID)

    assert decide(x86_64, AARCH64, 63, []) == seccomp.KILL_PROCESS
    assert decide(aarch64, X86_64, 0, []) == seccomp.KILL_PROCESS
    assert decide(x86_64, X86_64, 0x40000000 | 39, []) == seccomp.KILL_PROCESS


def test_filter_says_which_architecture_it_does_not_know():
    with pytest.raises(seccomp.SeccompUnavailable, match="riscv64"):
        seccomp.build_filter("riscv64", PID)


def decide(program: bytes, machine: str, number: int, arguments: list[int]) -> int:
    """Run *program* as the kernel does, for one system call."""
    words = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=iIQ6Q", number, seccomp.AUDIT_ARCHITECTURES[machine], 0, *words)
    accumulator = position = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("HBBI", program, 8 * position)
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
            continue
        holds = {
            0x15: accumulator == value,
            0x35: accumulator >= value,
            0x45: bool(accumulator & value),
        }[code]
        position += if_true if holds else if_false
