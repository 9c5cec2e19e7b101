"""Locks a freshly forked worker down, before it sees any guest code.

Each layer has holes that others close (see `docs/explanation/sandbox.md`), so
all of them are required but those that not every machine has.  Nobody decides here whether
a missing layer is tolerable: `lock_down` reports, the host decides with `grade`.
"""

import errno
import os
import resource
import signal
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from perilune.worker import kernel, landlock, seccomp

LAYERS = (
    "namespaces",
    "environment",
    "descriptors",
    "no_new_privs",
    "own_user",
    "user",
    "undumpable",
    "speculation",
    "rlimits",
    "landlock",
    "seccomp",
)
"""Every layer, in the order in which they are applied; the first one by the zygote.

The order matters: landlock and seccomp need no_new_privs, changing the user
resets undumpable, and after seccomp nothing else could be applied.
"""
OPTIONAL_LAYERS = ("namespaces", "own_user", "speculation")
"""What only some machines and users can have; the host goes on without, unless told otherwise."""
REQUIRED_LAYERS = tuple(layer for layer in LAYERS if layer not in OPTIONAL_LAYERS)

STACK_BYTES = 128 * 1024 * 1024
"""Stack of zygote and workers.

LuaJIT allows 8,000 nested C calls, and `string.gsub` takes about 9 KB of stack
in each: 72 MB in all, where the usual 8 MiB would crash the process.  128 MiB
is also the space that Linux keeps free below the stack whatever limit a
program was started with, so the limit can be raised in a running process.
"""

FIRST_OWN_USER = 1_879_048_192
"""With a process's number added: the user of a worker that has one of its own.

Numbers from here to 2,147,352,575 belong to nobody on Linux systems, and process numbers end
at 4,194,304, so no two living workers of a machine share one.
"""
_NOBODY = 65534
_MAX_DESCRIPTOR = 2**31 - 1
# As prctl(2) names them.  A feature that is not enabled is off, or does this processor no harm.
_SPECULATION = {"store bypass": 0, "indirect branches": 1}
_SPEC_BY_PROCESS, _SPEC_ENABLED, _SPEC_FORCE_DISABLE = 1, 2, 8
# Set by Python itself when it is started without a locale.
_HARMLESS_VARIABLES = frozenset({"LC_CTYPE"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What an interpreter needs in spite of the lock-down; the default is the least."""

    memory_bytes: int = 128 * 1024 * 1024
    """Memory for guest code; the zygote puts the host's figure here."""
    overhead_bytes: int = 64 * 1024 * 1024
    """What the interpreter itself needs beyond that, frames included."""
    is_address_space_limited: bool = True
    """False for interpreters that reserve far more address space than they use."""
    open_files: int = 16
    readable: tuple[str, ...] = ()
    """Files and directories that may be read; with none, nothing can be opened at all."""
    threads: bool = False
    executable: tuple[str, ...] = ()
    """The program that this process turns into after its lock-down, and its loader; with none,
    no program can be started."""
    descriptors: tuple[int, ...] = ()
    """What stays open besides the connection, until the process turns into that program."""


@dataclass(frozen=True, slots=True)
class Grade:
    """How well a worker is locked down."""

    name: Literal["full", "relaxed"]
    in_force: tuple[str, ...]
    missing: tuple[str, ...]
    """`layer: reason` of each missing layer that is required."""
    optional_missing: tuple[str, ...] = ()
    """The same of each that is not."""


def grade(report: Sequence[str], required: Collection[str] = ()) -> Grade:
    """Judge what a worker reported in its `Ready` frame.

    Args:
        report: the worker's.
        required: optional layers that are required nevertheless.
    """
    in_force = tuple(layer for layer in LAYERS if layer in report)
    missing = {
        layer: next(
            (entry for entry in report if entry.startswith(f"{layer}: ")), f"{layer}: not reported"
        )
        for layer in LAYERS
        if layer not in in_force
    }
    is_optional = {layer: layer in OPTIONAL_LAYERS and layer not in required for layer in missing}
    refused = tuple(entry for layer, entry in missing.items() if not is_optional[layer])
    tolerated = tuple(entry for layer, entry in missing.items() if is_optional[layer])
    return Grade("relaxed" if refused else "full", in_force, refused, tolerated)


def lock_down(
    profile: Profile, connection: int, parent: int, without: Collection[str] = ()
) -> list[str]:
    """Apply every layer but the zygote's to this process and return a report for `Ready.layers`.

    The report has the bare name of each layer in force, and `name: reason` for
    each that is missing.  `grade` reads it.

    Args:
        profile: what this interpreter needs.
        connection: the descriptor that stays open, besides 0, 1 and 2 on `/dev/null`.
        parent: process id of the zygote, 0 if it is in another namespace; the worker dies with it.
        without: layers to leave out, for tests and diagnosis.
    """
    steps: dict[str, Callable[[], object]] = {
        "environment": _empty_environment,
        "descriptors": lambda: _close_descriptors({connection, *profile.descriptors}),
        "no_new_privs": lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1),
        "own_user": _take_own_user,
        "user": _drop_user,
        "undumpable": lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 0),
        "speculation": stop_speculation,
        "rlimits": lambda: _limit_resources(profile),
        "landlock": lambda: landlock.restrict(profile.readable, profile.executable),
        "seccomp": lambda: _filter_system_calls(profile),
    }
    report = []
    os.setsid()
    for layer, step in steps.items():
        if layer == "rlimits":
            # Changing the user forgets this setting, and seccomp forbids it.
            _die_with(parent)
        if layer in without:
            report.append(f"{layer}: left out on request")
            continue
        try:
            step()
        except OSError as error:
            report.append(f"{layer}: {error.strerror or error}")
        except (ValueError, landlock.LandlockUnavailable, seccomp.SeccompUnavailable) as error:
            report.append(f"{layer}: {error}")
        else:
            report.append(layer)
    return report


def _die_with(parent: int) -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _empty_environment() -> None:
    # Variables that were there when the zygote started stay readable in memory.
    is_inherited = bool(os.environ.keys() - _HARMLESS_VARIABLES)
    os.environ.clear()
    if is_inherited:
        raise ValueError("the zygote was started with an environment")


def _close_descriptors(kept: Collection[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _MAX_DESCRIPTOR)


def _take_own_user() -> None:
    if 0 not in os.getresuid():
        raise ValueError("only a server that is root can give each worker a user")
    # Not os.getpid(), which is this process's number in its namespace.
    number = int(os.readlink("/proc/self"))
    try:
        _become(FIRST_OWN_USER + number)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ValueError(f"users from {FIRST_OWN_USER} on are not mapped here") from error


def _drop_user() -> None:
    if 0 in os.getresuid():
        _become(_NOBODY)
    kernel.drop_capabilities()  # a server that is not root can have some, too


def _become(user: int) -> None:
    """Change to *user*, the group with the same number, and no other group."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def stop_speculation() -> None:
    """Have the processor not speculate past stores and indirect branches in this process.

    This can't be undone.

    Raises:
        ValueError: it does, and the kernel does not let processes decide it.
        OSError: the kernel refused.
    """
    left = []
    for name, feature in _SPECULATION.items():
        state = kernel.prctl(kernel.PR_GET_SPECULATION_CTRL, feature)
        if state & _SPEC_BY_PROCESS:
            kernel.prctl(kernel.PR_SET_SPECULATION_CTRL, feature, _SPEC_FORCE_DISABLE)
        elif state & _SPEC_ENABLED:
            left.append(name)
    if left:
        raise ValueError(f"{' and '.join(left)}: not for processes to decide on this machine")


def _limit_resources(profile: Profile) -> None:
    """Bound what one worker can take.

    No limit on CPU time, since a worker serves many executions and the host
    ends each by the clock; none on processes, since that one counts the whole
    user, and the system call filter denies them anyway.
    """
    with open("/proc/self/statm", "rb") as statm:
        pages = [int(field) for field in statm.read().split()]
    page_bytes = resource.getpagesize()
    growth_bytes = profile.memory_bytes + profile.overhead_bytes
    limits = {
        resource.RLIMIT_DATA: pages[5] * page_bytes + growth_bytes,
        resource.RLIMIT_NOFILE: profile.open_files,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if profile.is_address_space_limited:
        # Shared mappings and the stack count here, but not as data.
        limits[resource.RLIMIT_AS] = pages[0] * page_bytes + growth_bytes + STACK_BYTES
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(kind, (limit, limit))


def _filter_system_calls(profile: Profile) -> None:
    machine = os.uname().machine
    program = seccomp.build_filter(
        machine,
        os.getpid(),
        files=bool(profile.readable),
        threads=profile.threads,
        program=bool(profile.executable),
    )
    seccomp.install(machine, program)
