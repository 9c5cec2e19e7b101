"""The zygote: a small process that has the interpreters imported and forks workers.

The host starts it with an empty environment and one end of a `SOCK_SEQPACKET`
socket pair, where each packet is one message.  It has one thread, so forking
is safe, and it holds nothing worth stealing.  When the host goes away the
socket ends, and with it the zygote and every worker.
"""

import dataclasses
import gc
import importlib
import os
import resource
import select
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import NoReturn

import msgspec

from perilune.worker import frames, namespaces
from perilune.worker.lockdown import STACK_BYTES, grade, lock_down
from perilune.worker.shared_values import map_values

MAX_MESSAGE_BYTES = 4096
OOM_SCORE = 900
"""Added to a worker's score, of 1,000 at most; the server's own is usually 0."""
EXIT_FAILED = 1
"""The worker's own code failed; it sent a `Failure` frame if it could."""
EXIT_NOT_LOCKED_DOWN = 3
"""A layer was missing and the host had not asked for a relaxed worker."""


class Spawn(msgspec.Struct, frozen=True, array_like=True, tag="spawn"):
    """Host → zygote, with one descriptor: fork a worker that serves it.

    A second one is memory for `shared_values`; `serve` is given its contents as another argument.
    """

    module: str
    """A preloaded interpreter module: it has `PROFILE` and `serve(connection)`."""
    memory_bytes: int
    """Memory for guest code, in bytes; see `Profile.memory_bytes`."""
    relaxed: bool = False
    """Serve although a layer is missing."""
    without: tuple[str, ...] = ()
    """Layers to leave out, for tests and diagnosis."""
    time_zone: str | None = None
    """The host's variable `TZ`, which an empty environment does not have; None if it is unset."""
    packages: str | None = None
    """A file that the module's `open_packages` is given before the lock-down."""


class Started(msgspec.Struct, frozen=True, array_like=True, tag="started"):
    """Zygote → host, once: every module is imported."""


class Forked(msgspec.Struct, frozen=True, array_like=True, tag="forked"):
    """Zygote → host, with the worker's pidfd: the answer to `Spawn`."""

    pid: int


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Zygote → host: the answer to `Spawn` that failed, or instead of `Started`."""

    reason: str


class Exited(msgspec.Struct, frozen=True, array_like=True, tag="exited"):
    """Zygote → host: a worker has ended."""

    pid: int
    status: int
    """Exit status, or the negative number of the signal that killed it."""


FromZygote = Started | Forked | Refused | Exited

_encode = msgspec.msgpack.Encoder().encode
_decode_spawn = msgspec.msgpack.Decoder(Spawn).decode


def run_zygote(control: socket.socket, preload: Sequence[str], without: Sequence[str] = ()) -> None:
    """Import the *preload* modules, then fork workers until the host goes away.

    Args:
        control: this end of the socket pair.
        preload: interpreter modules.
        without: layers that every worker leaves out, for tests and diagnosis.
    """
    # Not at the top: the host imports this module for its messages and has no use for zone files.
    from perilune.worker.library.zones import SERVER

    try:
        modules = {name: importlib.import_module(name) for name in preload}
    except Exception as error:
        control.send(_encode(Refused(f"can't import: {type(error).__name__}: {error}")))
        raise
    _settle()
    try:
        zygote = _Zygote(control, modules, SERVER.follow, without)
        control.send(_encode(Started()))
        zygote.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the host went away while it was being told something


def _settle() -> None:
    """Make this process ready to be forked many times."""
    # A service manager and a terminal signal the whole group when the server
    # should stop, but the server decides how long its workers may finish.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    soft = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    # Collecting would write to pages that zygote and workers share.
    gc.collect()
    gc.disable()
    gc.freeze()


class _Zygote:
    def __init__(
        self,
        control: socket.socket,
        modules: Mapping[str, ModuleType],
        follow_time_zone: Callable[[str | None], None],
        without: Sequence[str],
    ) -> None:
        self._control = control
        self._modules = modules
        self._follow_time_zone = follow_time_zone
        self._pids: dict[int, int] = {}  # by pidfd, which is readable once the worker has ended
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._without = tuple(without)
        self._process_1: int | None = None  # the pidfd of that of the workers' namespace
        self._namespaces = self._enter_namespaces()

    def _enter_namespaces(self) -> str:
        """Return the layer for the report of every worker."""
        if "namespaces" in self._without:
            return "namespaces: left out on request"
        try:
            self._process_1 = namespaces.enter()
        except namespaces.NamespacesUnavailable as error:
            return f"namespaces: {error}"
        self._poll.register(self._process_1, select.POLLIN)
        return "namespaces"

    def serve(self) -> None:
        """Answer requests until the host closes its end, then kill every worker.

        Ends, too, when no more workers can be had, because process 1 of their namespace has ended.
        """
        try:
            while True:
                ready = [descriptor for descriptor, _ in self._poll.poll()]
                if self._process_1 in ready:
                    return
                for descriptor in ready:
                    if descriptor in self._pids:
                        self._reap(descriptor)
                    elif not self._answer():
                        return
        finally:
            for pidfd in self._pids:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    def _answer(self) -> bool:
        """Handle one request; False when the host has gone away."""
        packet, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 2)
        if not packet:
            return False
        request = _decode_spawn(packet)
        try:
            pid, pidfd = self._fork(request, *descriptors)
        except (KeyError, OSError) as error:
            reason = f"no module {error}" if isinstance(error, KeyError) else f"fork: {error}"
            self._control.send(_encode(Refused(reason)))
        else:
            self._pids[pidfd] = pid
            self._poll.register(pidfd, select.POLLIN)
            socket.send_fds(self._control, [_encode(Forked(pid))], [pidfd])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, request: Spawn, connection: int, memory: int | None = None) -> tuple[int, int]:
        module = self._modules[request.module]
        self._follow_time_zone(request.time_zone)  # while its file can be opened
        # Seen from another namespace, this process has no number.
        zygote = os.getpid() if self._process_1 is None else 0
        without = (*self._without, *request.without)
        pid = os.fork()
        if pid == 0:
            _be_worker(request, module, connection, memory, [self._namespaces], zygote, without)
        return pid, os.pidfd_open(pid)

    def _reap(self, pidfd: int) -> None:
        pid = self._pids.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        # A relaxed worker may have left processes in its group.  Nobody else
        # can have that number as long as the worker itself is not reaped.
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        _, status = os.waitpid(pid, 0)
        self._control.send(_encode(Exited(pid, os.waitstatus_to_exitcode(status))))


def _be_killed_first() -> None:
    """Have the kernel end this process, and not the server, when memory is short."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(OOM_SCORE))
    except OSError:
        pass  # where /proc is read-only, the server keeps its own watch over memory


def _be_worker(
    request: Spawn,
    module: ModuleType,
    connection: int,
    memory: int | None,
    report: list[str],
    zygote: int,
    without: tuple[str, ...],
) -> NoReturn:
    """Lock this process down and serve *connection* until it ends; never return."""
    status = EXIT_FAILED
    try:
        _be_killed_first()
        gc.enable()
        # Family and type are given, since asking the kernel takes a system call each.
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, connection)
        try:
            if request.packages is not None:
                module.open_packages(request.packages)
            # The lock-down closes the descriptor, so that nothing but this mapping is left.
            shared = () if memory is None else (map_values(memory),)
            profile = dataclasses.replace(module.PROFILE, memory_bytes=request.memory_bytes)
            report += lock_down(profile, connection, zygote, without)
            peer.sendall(frames.encode(frames.Ready(report)))
            if grade(report).missing and not request.relaxed:
                status = EXIT_NOT_LOCKED_DOWN
            else:
                module.serve(peer, *shared)
                status = 0
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            peer.sendall(frames.encode(frames.Failure("internal", text, fatal=True)))
    finally:
        # Whatever happened, the zygote's own code must not go on in here.
        os._exit(status)
