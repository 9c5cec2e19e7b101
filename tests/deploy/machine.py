"""A Debian machine in a folder, on which somebody follows a guide as root."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.image import ENTER, passed_on

PACKAGES = "curl git openssl systemd"
"""What the guides use besides Python."""
HOME = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
BOOT = """
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t tmpfs tmpfs "$1/run"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for node in null zero full random urandom tty; do
    touch "$1/dev/$node"
    mount --bind "/dev/$node" "$1/dev/$node"
done
ln -s /proc/self/fd "$1/dev/fd"
mkdir "$1/dev/shm"
ip link set lo up
(
    is_up() { chroot "$1" systemctl is-system-running | grep -Eqx "running|degraded"; }
    tries=0
    until is_up "$1" 2>/dev/null || [ $tries = 300 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
    if [ $tries != 300 ]; then
        code=0
        chroot "$1" /usr/bin/env --chdir="$2" /bin/sh -c "$3" || code=$?
        echo $code >"$1/status"
    fi
    kill -s RTMIN+4 1 # power off
) &
exec chroot "$1" /usr/bin/env -i container=other /usr/lib/systemd/systemd --log-target=null
"""
"""Becomes systemd as process 1, with the script beside it."""


@dataclass
class Machine:
    """Its root file system; what it runs ends with the script that started it."""

    root: Path

    def prepare(self) -> None:
        """Install what the guides take for granted."""
        options = "-qq --no-install-recommends"
        self.run(f"apt-get -qq update; apt-get {options} install {PACKAGES}")

    def run(self, script: str) -> str:
        """Run a script in /root to its end; return what it printed."""
        done = self._start(["--mount", "--pid"], ENTER, script)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def boot(self, script: str) -> str:
        """Do the same beside systemd, on a network of its own that has nothing but loopback."""
        status = self.root / "status"
        status.unlink(missing_ok=True)
        kinds = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"]
        done = self._start(kinds, BOOT, script)
        if not status.exists():
            pytest.skip("systemd can't be started here")
        assert status.read_text() == "0\n", done.stdout
        return done.stdout

    def _start(self, kinds: list[str], enter: str, script: str) -> subprocess.CompletedProcess[str]:
        words = ["sh", str(self.root), "/root", f"set -eux\n{script}"]
        return subprocess.run(
            ["unshare", *kinds, "--fork", "--kill-child", "sh", "-euc", enter, *words],
            env=HOME | passed_on(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
        )
