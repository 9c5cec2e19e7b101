"""A Debian machine in a folder, on which somebody follows a guide as root."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.image import ENTER, passed_on

SYSTEMCTL = Path(__file__).with_name("systemctl.py")
PACKAGES = ("curl", "git", "openssl")
"""What the guides use besides Python."""
HOME = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


@dataclass
class Machine:
    """Its root file system; what it starts ends with the script that started it."""

    root: Path

    def prepare(self) -> None:
        """Install what the guides take for granted."""
        self.run(
            f"apt-get -qq update; apt-get -qq install --no-install-recommends {' '.join(PACKAGES)}"
        )
        systemctl = self.root / "usr/local/bin/systemctl"
        systemctl.write_text(SYSTEMCTL.read_text())
        systemctl.chmod(0o755)

    def run(self, script: str, *, is_alone: bool = False) -> str:
        """Run a script in /root to its end; return what it printed.

        Args:
            is_alone: there is no network but a loopback of its own.
        """
        inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        inside += ["--net"] if is_alone else []
        up = "ip link set lo up\n" if is_alone else ""
        done = subprocess.run(
            [*inside, "sh", "-euc", up + ENTER, "sh", self.root, "/root", f"set -eux\n{script}"],
            env=HOME | passed_on(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout
