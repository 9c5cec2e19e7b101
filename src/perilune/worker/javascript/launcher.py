"""Turns a locked-down process into Deno, which runs JavaScript and TypeScript functions.

The zygote imports this module while it may still read files.  The modules of `guest/`
are put into a folder of their own then, so that workers can be denied everything else.
Workers run a program that can be started and not read, so the kernel does not let others
read the memory of a process that runs it.  Deno as it is installed may be such a program, as
in the image; otherwise there is a copy, which has no name, so that it is gone with the last
process that uses it, however that one ends.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from perilune.worker.frames import HEADER, FrameError, FrameReader, Setup, ToWorker
from perilune.worker.javascript.deno import find_deno
from perilune.worker.javascript.folder import make_folder
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
        "deno",
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


def _copy_guest() -> str:
    """Return a new folder with the modules of `guest/`."""
    folder = make_folder()
    for module in GUEST.iterdir():
        if module.suffix in (".js", ".json"):
            shutil.copyfile(module, Path(folder, module.name))
    os.chmod(folder, 0o711)  # noqa: S103 - workers are another user; nobody may list it
    return folder


def _open_program(program: str, folder: str) -> int:
    """Return a descriptor for starting *program*, or a copy in no folder, but not for reading."""
    if not os.access(program, os.R_OK):
        return os.open(program, os.O_PATH | os.O_CLOEXEC)
    descriptor, name = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    try:
        shutil.copyfile(program, name)
        Path(name).chmod(0o111)
        return os.open(name, os.O_PATH | os.O_CLOEXEC)
    finally:
        os.unlink(name)


_DENO = find_deno()
_LIBRARIES = _libraries(_DENO)
FOLDER = _copy_guest()
_OPENED = _open_program(_DENO, FOLDER)
PROGRAM = f"/proc/self/fd/{_OPENED}"

PROFILE = Profile(
    overhead_bytes=OVERHEAD_BYTES,
    is_address_space_limited=False,
    open_files=OPEN_FILES,
    readable=(
        *map(str, Path(FOLDER).iterdir()),
        *_LIBRARIES,
        "/etc/ld.so.cache",
        "/dev/null",
        "/dev/urandom",
        # How much memory there is; V8 asks for it.
        "/proc/meminfo",
        # Where its stack lies; Deno panics without knowing when it looks up a line of TypeScript.
        "/proc/self/maps",
        "/etc/localtime",
    ),
    threads=True,
    executable=(PROGRAM, *(one for one in _LIBRARIES if "/ld-" in one)),
    descriptors=(_OPENED,),
)
