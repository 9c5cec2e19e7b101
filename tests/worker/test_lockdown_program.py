"""What native code can do in the process that has become Deno: more calls, no more reach."""

from typing import Any

import pytest

from perilune.runtimes.workers.zygote_client import open_zygote
from perilune.worker import seccomp
from perilune.worker.lockdown import grade
from tests.worker.attempts import DENIED
from tests.worker.conftest import REPOSITORY, SpawnWorker, spawning
from tests.worker.filters import AARCH64, PID, X86_64, decide

on_module_loop = pytest.mark.asyncio(loop_scope="module")

PROGRAM = "tests.worker.program_interpreter"

DIFFERENT = {
    # What an event loop of its own needs.
    "start_thread": "done: None",
    "socket_pair": "done: None",
    "epoll_create1": "done: 3",
    # Bounded by the number of descriptors, not by the calls.
    "open_many_files": "EMFILE",
    "duplicate_many": "EMFILE",
    # V8 reserves far more than it uses: what is used the host watches, and kills.
    "one_large_allocation": "done: 1073741824",
    "shared_mapping": "done: mapped",
    # Landlock does not cover it; nothing is opened.
    "stat_data": "done: 4",
    # What glibc asks about the threads of its own process; for others the calls do not exist.
    "affinity_of_another": "ENOSYS",
    "priority_of_another": "ENOSYS",
    "scheduler_of_another": "ENOSYS",
}
"""Outcomes that differ from those of the narrow profile; every one needs its reason."""


@on_module_loop
@pytest.mark.parametrize(("probe", "usual"), DENIED)
async def test_hostile_native_call_of_a_program(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, usual: str
):
    worker, report = await spawn_worker(PROGRAM)

    outcome = await worker.attempt(probe, targets)

    assert grade(report).name == "full"
    # Calls that may be made reach nothing: Landlock answers with another error.
    allowed = {DIFFERENT[probe]} if probe in DIFFERENT else {usual, usual.replace("PERM", "ACCES")}
    assert outcome in allowed


@pytest.fixture(scope="module")
def deno_interpreter() -> str:
    pytest.importorskip("deno")
    return "tests.worker.deno_interpreter"


@on_module_loop
async def test_what_the_rights_of_deno_tell_of_the_machine(
    deno_interpreter: str, targets: dict[str, Any]
):
    async with (
        open_zygote([deno_interpreter], search_path=[REPOSITORY]) as zygote,
        spawning(zygote) as spawn,
    ):
        worker, report = await spawn(deno_interpreter)

        assert await worker.attempt("read_meminfo", targets) == "done: MemTotal"
        assert await worker.attempt("working_directory", targets) == "done: /"
        for probe in ("read_passwd", "list_control_groups", "read_control_group", "list_data"):
            assert await worker.attempt(probe, targets) == "EACCES"
        if "namespaces" in report:
            assert await worker.attempt("host_name", targets) == "done: localhost"
            assert await worker.attempt("parent", targets) == "done: 0"


EXPECTED = [
    # id, x86_64 number, aarch64 number, arguments, decision
    ("execve", 59, 221, [], seccomp.ALLOW),
    ("execveat", 322, 281, [], seccomp.DENY),
    ("socket", 41, 198, [2, 1, 0], seccomp.DENY),
    ("connect", 42, 203, [], seccomp.DENY),
    ("pair of unix sockets", 53, 199, [1, 1, 0, 0], seccomp.ALLOW),
    ("pair of others", 53, 199, [2, 1, 0, 0], seccomp.DENY),
    ("prctl PR_SET_NAME", 157, 167, [15], seccomp.ALLOW),
    ("prctl PR_SET_DUMPABLE", 157, 167, [4], seccomp.DENY),
    ("prctl PR_SET_SECCOMP", 157, 167, [22], seccomp.DENY),
    ("prctl PR_SET_PDEATHSIG", 157, 167, [1], seccomp.DENY),
    ("fcntl F_DUPFD_CLOEXEC", 72, 25, [0, 1030], seccomp.ALLOW),
    ("fcntl F_SETOWN", 72, 25, [0, 8], seccomp.DENY),
    ("ioctl TIOCSTI", 16, 29, [0, 0x5412], seccomp.DENY),
    ("kill another", 62, 129, [PID + 1], seccomp.DENY),
    ("memfd_create", 319, 279, [], seccomp.DENY),
    ("ptrace", 101, 117, [], seccomp.DENY),
    ("io_uring_setup", 425, 425, [], seccomp.DENY),
    ("clone of a process", 56, 220, [17], seccomp.DENY),
]


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
@pytest.mark.parametrize(
    ("x86_64", "aarch64", "arguments", "decision"),
    [pytest.param(*row, id=name) for name, *row in EXPECTED],
)
def test_filter_of_a_program(
    machine: str, x86_64: int, aarch64: int, arguments: list[int], decision: int
):
    program = seccomp.build_filter(machine, PID, files=True, threads=True, program=True)
    number = x86_64 if machine == X86_64 else aarch64

    assert decide(program, machine, number, arguments) == decision
