"""Namespaces: what workers see of processes, networks, System V objects and host names.

The zygote makes one set for all its workers, since a network namespace costs more than a whole
worker.  See namespaces(7) and pid_namespaces(7).
"""

import contextlib
import os
import signal
import socket

from perilune.worker import kernel

HOST_NAME = "localhost"
"""What workers are told, whatever the machine is called."""

_CLONE_NEWUTS, _CLONE_NEWIPC, _CLONE_NEWUSER = 0x04000000, 0x08000000, 0x10000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000
_ALL = _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS
_MAX_DESCRIPTOR = 2**31 - 1


class NamespacesUnavailable(Exception):
    """This process can't make namespaces; the message says why."""


def enter() -> int:
    """Put this process into new namespaces, and its future children into a new one of processes.

    Root needs CAP_SYS_ADMIN; other users get a user namespace in which they stay who they are.
    This process itself remains where it is among processes, so it sees its children by the
    same numbers as the host does.

    Returns:
        The pidfd of process 1 of the new namespace.  All other processes in it end with this one,
        which ends with the calling process.

    Raises:
        NamespacesUnavailable: nothing has changed.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        kernel.unshare(_ALL)
    except OSError as error:
        if user == 0:  # in a user namespace workers could not be given another user
            raise NamespacesUnavailable(f"{error.strerror}, root needs CAP_SYS_ADMIN") from error
        try:
            kernel.unshare(_CLONE_NEWUSER | _ALL)
        except OSError as second:
            reason = f"{second.strerror}, ordinary users need unprivileged user namespaces"
            raise NamespacesUnavailable(reason) from second
        # Where /proc can't be written, it is nobody inside, and can't remove its own files.
        with contextlib.suppress(OSError):
            _map_to_itself(user, group)
    with contextlib.suppress(PermissionError):  # podman's filter of system calls denies this one
        socket.sethostname(HOST_NAME)
    return _start_process_1()


def _map_to_itself(user: int, group: int) -> None:
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def _start_process_1() -> int:
    """Fork what only waits: if a worker were process 1, all others would end with it."""
    waiting, _ = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans that end leave no zombies
            os.dup2(waiting, 0)
            os.closerange(1, _MAX_DESCRIPTOR)
            os.read(0, 1)  # nobody ever writes: it ends when the last end to write is closed
        finally:
            os._exit(0)
    os.close(waiting)  # the other end stays open for as long as this process lives
    return os.pidfd_open(pid)
