"""Layers that only some machines and servers have: what they add, and what is said without them."""

import asyncio
import errno
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from bench.processes import descendants, resident_bytes
from perilune.runtimes.workers.zygote_client import Zygote
from perilune.worker import kernel, lockdown, namespaces
from perilune.worker.lockdown import FIRST_OWN_USER, LAYERS, OPTIONAL_LAYERS, REQUIRED_LAYERS, grade
from tests.worker.attempts import DENIED
from tests.worker.conftest import (
    END_TIMEOUT_S,
    SpawnWorker,
    open_hostile,
    run_host,
    spawning,
    wait_until_ended,
)

on_module_loop = pytest.mark.asyncio(loop_scope="module")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can always have namespaces")

HIDDEN = [
    # probe, outcome in namespaces and without any other layer
    ("kill_server", "ESRCH"),
    ("tgkill_server", "ESRCH"),
    ("ptrace_attach", "ESRCH"),
    ("read_server_memory", "ESRCH"),
    ("tcp_connect", "ENETUNREACH"),
    ("udp_send", "ENETUNREACH"),
    ("abstract_connect", "ECONNREFUSED"),
    ("host_name", f"done: {namespaces.HOST_NAME}"),
    ("parent", "done: 0"),
]


@on_module_loop
@as_root
@pytest.mark.parametrize(("probe", "outcome"), HIDDEN)
async def test_namespaces_alone_hide_the_machine(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    worker, report = await spawn_worker(relaxed=True, without=LAYERS)

    assert grade(report).in_force == ("namespaces",)
    assert await worker.attempt(probe, targets) == outcome


@on_module_loop
async def test_control_without_namespaces_the_machine_is_seen(
    spawn_plain: SpawnWorker, plain_zygote: Zygote
):
    worker, _ = await spawn_plain(relaxed=True, without=LAYERS)

    assert await worker.attempt("host_name", {}) == f"done: {os.uname().nodename}"
    assert await worker.attempt("parent", {}) == f"done: {plain_zygote.pid}"


@on_module_loop
@as_root
async def test_the_first_workers_end_is_no_other_workers_end():
    """Process 1 of the namespace is none of them."""
    async with open_hostile() as zygote, spawning(zygote) as spawn:
        first, _ = await spawn()
        second, _ = await spawn()

        first.spawned.kill()

        assert await asyncio.wait_for(first.spawned.exited, END_TIMEOUT_S) == -signal.SIGKILL
        assert await second.attempt("compute", {}) != ""
        third, _ = await spawn()
        assert await third.attempt("run_machine_code", {}) == "done: 42"


@on_module_loop
@as_root
async def test_workers_are_told_by_the_numbers_the_host_sees(
    zygote: Zygote, spawn_worker: SpawnWorker
):
    """Memory and processor time are read by them."""
    worker, _ = await spawn_worker()
    process = Path(f"/proc/{worker.spawned.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())

    assert status["PPid"] == str(zygote.pid)
    assert status["NSpid"].split()[0] == str(worker.spawned.pid)
    assert resident_bytes(worker.spawned.pid) > 0


@on_module_loop
@as_root
async def test_a_zygote_whose_namespace_has_ended_is_replaced():
    async with open_hostile() as zygote, spawning(zygote) as spawn:
        worker, _ = await spawn()
        gone = zygote.pid
        assert gone is not None
        children = Path(f"/proc/{gone}/task/{gone}/children").read_text().split()
        (process_1,) = set(map(int, children)) - {worker.spawned.pid}
        ends = [os.pidfd_open(gone)]

        os.kill(process_1, signal.SIGKILL)

        assert await asyncio.wait_for(worker.spawned.exited, END_TIMEOUT_S) == -signal.SIGKILL
        await asyncio.to_thread(wait_until_ended, ends)
        other, report = await spawn()
        assert "namespaces" in report
        assert zygote.pid != gone
        assert await other.attempt("run_machine_code", {}) == "done: 42"


@pytest.mark.parametrize(
    ("user", "attempts", "reason"),
    [
        pytest.param(0, 1, "No space left on device, root needs CAP_SYS_ADMIN", id="root"),
        pytest.param(
            1000,
            2,
            "No space left on device, ordinary users need unprivileged user namespaces",
            id="ordinary user",
        ),
    ],
)
def test_namespaces_that_cannot_be_made_have_a_reason(
    monkeypatch: pytest.MonkeyPatch, user: int, attempts: int, reason: str
):
    tried = []

    def unshare(flags: int) -> None:
        tried.append(flags)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kernel, "unshare", unshare)
    monkeypatch.setattr(os, "geteuid", lambda: user)

    with pytest.raises(namespaces.NamespacesUnavailable, match=f"^{reason}$"):
        namespaces.enter()

    assert len(tried) == attempts
    assert os.uname().nodename == socket.gethostname() != namespaces.HOST_NAME


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root to lose a capability"
)
def test_root_without_the_capability_goes_on_without_namespaces():
    with run_host(["setpriv", "--bounding-set=-sys_admin"]) as (host, said):
        assert (
            "namespaces: Operation not permitted, root needs CAP_SYS_ADMIN"
            in said["optional_missing"]
        )
        assert said["grade"] == "full"
        ends = [os.pidfd_open(pid) for pid in descendants(said["zygote"])]
        assert len(ends) == 1 + len(said["workers"])  # there is no process 1

        host.kill()

        wait_until_ended(ends)
    allowed = said["outcomes"].pop("compute")
    assert allowed.startswith("done")
    assert set(said["outcomes"].values()) == {"EPERM"}


@on_module_loop
@as_root
async def test_each_worker_has_a_user_of_its_own(spawn_worker: SpawnWorker):
    workers = [(await spawn_worker())[0] for _ in range(3)]

    for worker in workers:
        user = FIRST_OWN_USER + worker.spawned.pid
        assert await worker.attempt("identity", {}) == f"done: {[user] * 4}"


@on_module_loop
@as_root
async def test_without_it_they_share_the_user_nobody(spawn_worker: SpawnWorker):
    worker, report = await spawn_worker(without=["own_user"])

    assert "own_user: left out on request" in grade(report).optional_missing
    assert await worker.attempt("identity", {}) == f"done: {[65534] * 4}"


@on_module_loop
@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        pytest.param(*getattr(each, "values", each), marks=pytest.mark.soak) if index % 8 else each
        for index, each in enumerate(DENIED)
    ],
)
async def test_what_is_denied_is_denied_without_them(
    spawn_plain: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    worker, report = await spawn_plain(without=OPTIONAL_LAYERS)

    assert set(grade(report).in_force) == set(REQUIRED_LAYERS)
    assert grade(report).name == "full"
    assert await worker.attempt(probe, targets) == outcome


def test_a_missing_optional_layer_is_named_and_tolerated_unless_it_is_required():
    report = ["namespaces: Operation not permitted", *LAYERS[1:]]

    assert grade(report).name == "full"
    assert grade(report).missing == ()
    assert grade(report).optional_missing == ("namespaces: Operation not permitted",)
    assert grade(report, ["namespaces"]).name == "relaxed"
    assert grade(report, ["namespaces"]).missing == ("namespaces: Operation not permitted",)
    assert grade(report, ["own_user"]).missing == ()
    assert grade(REQUIRED_LAYERS).optional_missing == tuple(
        f"{layer}: not reported" for layer in OPTIONAL_LAYERS
    )


@pytest.mark.parametrize(
    ("states", "switched_off", "left"),
    [
        pytest.param((3, 3), {0, 1}, "", id="offered"),
        pytest.param((9, 9), {0, 1}, "", id="offered, off for good already"),
        pytest.param((0, 4), set(), "", id="the processor is not affected, or it is off for all"),
        pytest.param((2, 3), {1}, "store bypass", id="one is not offered"),
        pytest.param((2, 2), set(), "store bypass and indirect branches", id="none is"),
    ],
)
def test_speculation_is_switched_off_where_processes_may(
    monkeypatch: pytest.MonkeyPatch, states: tuple[int, int], switched_off: set[int], left: str
):
    found = set()

    def prctl(option: int, feature: int, value: int = 0) -> int:
        if option == kernel.PR_GET_SPECULATION_CTRL:
            return states[feature]
        assert (option, value) == (kernel.PR_SET_SPECULATION_CTRL, 8)  # PR_SPEC_FORCE_DISABLE
        found.add(feature)
        return 0

    monkeypatch.setattr(kernel, "prctl", prctl)

    if left:
        with pytest.raises(ValueError, match=f"^{left}: not for processes to decide"):
            lockdown.stop_speculation()
    else:
        lockdown.stop_speculation()
    assert found == switched_off
