"""Runs a PostgreSQL server of the tests, and ends it with them; a program of its own.

Usage: `supervisor.py FOLDER BINARIES PID`.  The database and the socket are below FOLDER, which
exists and is deleted at the end.  "ready" is printed when the server answers.  It ends when the
process PID does, in whatever way; if this program is killed, the kernel stops the server.
"""

import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=32MB",
    "max_wal_size=64MB",
    "autovacuum=off",  # nothing lives so long
    "jit=off",
    "log_min_messages=panic",  # tests refuse connections
    "logging_collector=off",
)
_PR_SET_PDEATHSIG = 1


def main(folder: Path, binaries: Path, pid: int) -> int:
    """Make a database, serve it until the process *pid* has ended; return an exit code."""
    run = os.pidfd_open(pid)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server = None
    try:
        user = _unprivileged_user()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        _make_database(folder, binaries, user)
        server = _start(folder, binaries, user)
        print("ready", flush=True)
        select.select([run, os.pidfd_open(server.pid)], [], [])
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return who runs the server where the tests run as root, which it refuses."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _make_database(folder: Path, binaries: Path, user: pwd.struct_passwd | None) -> None:
    options = ["--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", "perilune", "--wal-segsize=1", *options],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
        cwd=folder,
    )


def _start(folder: Path, binaries: Path, user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        # Asked for last: another user would not hear of it.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)

    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", folder / "data", "-k", folder, *settings],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=prepare,
    )
    # Its last line becomes "ready" when connections are accepted.
    state = folder / "data" / "postmaster.pid"
    while not (state.exists() and state.read_text().rstrip().endswith("ready")):
        if server.poll() is not None:
            raise SystemExit("the server has ended")
        time.sleep(0.01)
    return server


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
