"""Turns a locked-down process into Deno, which runs JavaScript and TypeScript functions.

The zygote imports this module while it may still read files.  What Deno needs is
put into a folder of its own then, so that workers can be denied everything else:
the program, as a copy that can be started and not read, which keeps the kernel from
letting others look into the memory of whoever runs it; and the modules of `guest/`.
"""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from perilune.worker.frames import HEADER, FrameError, FrameReader, Setup, ToWorker
from perilune.worker.javascript.deno import find_deno
from perilune.worker.library.zones import SERVER
from perilune.worker.lockdown import Profile

MIB = 1024 * 1024
GUEST = Path(__file__).parent / "guest"
HEAP_RESERVE_BYTES = 64 * MIB
"""By how much the limit of V8's own heap lies above the guest's memory.

The host ends workers that hold too much and says so; V8 ends the process
without a word, so it should come second.
"""
OVERHEAD_BYTES = 1024 * MIB
"""V8 reserves more than it uses; what is used the host watches."""
OPEN_FILES = 64

_FLAGS = (
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--no-npm",
    "--no-config",
    "--no-lock",
    "--no-code-cache",
    "--cached-only",
)
# DENO_DIR names a place that does not exist: nothing is kept, nothing can be written.
# Deno would try six times to keep what it makes of TypeScript, sleeping 150 ms between.
_ENVIRONMENT = {
    "DENO_DIR": "/nonexistent",
    "DENO_EMIT_CACHE_MODE": "disable",
    "DENO_NO_UPDATE_CHECK": "1",
    "NO_COLOR": "1",
}


def serve(connection: socket.socket) -> None:
    """Become Deno; it serves *connection*.

    Raises:
        OSError: the program can't be started.
        FrameError: the host broke the protocol.
    """
    setup = _peek_setup(connection)
    if setup is None:
        return
    for standard in (0, 1):
        os.dup2(connection.fileno(), standard)
    heap_mib = (setup.memory_bytes + HEAP_RESERVE_BYTES) // MIB
    arguments = [
        PROGRAM,
        "run",
        *_FLAGS,
        f"--import-map={FOLDER}/imports.json",
        f"--v8-flags=--max-old-space-size={heap_mib}",
        f"{FOLDER}/main.js",
    ]
    os.execve(PROGRAM, arguments, _ENVIRONMENT | {"TZ": SERVER.name})  # noqa: S606 - a shell is what nobody wants


def _peek_setup(connection: socket.socket) -> Setup | None:
    """Return the set-up without taking it: Deno reads it again."""
    wanted = HEADER.size
    while True:
        data = connection.recv(wanted, socket.MSG_PEEK | socket.MSG_WAITALL)
        if len(data) < wanted:
            return None  # the host has gone
        if wanted > HEADER.size:
            break
        length, _ = HEADER.unpack(data)
        wanted += length
    reader: FrameReader[ToWorker] = FrameReader(ToWorker)
    (message,) = reader.feed(data)
    if not isinstance(message, Setup):
        raise FrameError(f"expected setup, got {type(message).__name__}")
    return message


def _libraries(program: str) -> tuple[str, ...]:
    """Return the shared libraries of *program* and their loader, asked of the loader itself."""
    listed = subprocess.run(
        [program],
        env={"LD_TRACE_LOADED_OBJECTS": "1"},
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    ).stdout
    words = {word for line in listed.splitlines() for word in line.split() if word[0] == "/"}
    return tuple(sorted(words))


def _prepare(program: str) -> str:
    """Return a new folder with what Deno needs; it is gone when this process ends."""
    folder = tempfile.mkdtemp(prefix="perilune-deno-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for module in GUEST.iterdir():
        if module.suffix in (".js", ".json"):
            shutil.copyfile(module, Path(folder, module.name))
    copy = Path(folder, "deno")
    shutil.copyfile(program, copy)
    copy.chmod(0o111)
    os.chmod(folder, 0o711)  # noqa: S103 - workers are another user; nobody may list it
    return folder


_DENO = find_deno()
_LIBRARIES = _libraries(_DENO)
FOLDER = _prepare(_DENO)
PROGRAM = f"{FOLDER}/deno"

PROFILE = Profile(
    overhead_bytes=OVERHEAD_BYTES,
    is_address_space_limited=False,
    open_files=OPEN_FILES,
    readable=(
        *(str(one) for one in Path(FOLDER).iterdir() if one.name != "deno"),
        *_LIBRARIES,
        "/etc/ld.so.cache",
        "/dev/null",
        "/dev/urandom",
        # How much memory and how many processors there are; V8 asks for them.
        "/proc/meminfo",
        "/proc/self/cgroup",
        "/sys/fs/cgroup",
        "/etc/localtime",
    ),
    threads=True,
    executable=(PROGRAM, *(one for one in _LIBRARIES if "/ld-" in one)),
)
