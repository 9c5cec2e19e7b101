"""What guest code can do once it has the whole worker process in its hands."""

import os
import struct
from typing import Any

import pytest

from perilune.worker import kernel, landlock
from perilune.worker.lockdown import LAYERS, REQUIRED_LAYERS, grade
from tests.worker.attempts import DENIED
from tests.worker.conftest import READING, SpawnWorker

on_module_loop = pytest.mark.asyncio(loop_scope="module")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has none of this to lose")


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
    spawn_plain: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    """The table of denials proves something: nothing else stops these probes."""
    worker, _ = await spawn_plain(relaxed=True, without=LAYERS)

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
    pytest.param("own_user", "read_private", "EACCES", marks=as_root),
    pytest.param("own_user", "read_server_environ", "EACCES", marks=as_root),
    pytest.param("own_user", "kill_server", "EPERM", marks=as_root),
    pytest.param("own_user", "ptrace_attach", "EPERM", marks=as_root),
    pytest.param("own_user", "setuid", "EPERM", marks=as_root),
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
    spawn_plain: SpawnWorker, targets: dict[str, Any], layer: str, probe: str, outcome: str
):
    """No layer stands in for another unnoticed: each works by itself."""
    without = set(LAYERS) - {layer, "no_new_privs"}
    worker, report = await spawn_plain(relaxed=True, without=without)

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
async def test_a_wider_profile_gets_exactly_its_calls(
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
def test_the_grade_names_missing_layers(report: list[str], missing: tuple[str, ...]):
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
