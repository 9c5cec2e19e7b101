#!/usr/bin/python3
"""Does of systemd what a unit without dependencies asks for: `systemctl enable --now NAME`."""

import os
import pwd
import subprocess
import sys
from pathlib import Path


def main(words: list[str]) -> None:
    if words == ["daemon-reload"]:
        return
    assert words[:2] == ["enable", "--now"], words
    unit = Path(f"/etc/systemd/system/{words[2]}.service").read_text(encoding="utf-8")
    lines = [line.partition("=") for line in unit.splitlines() if "=" in line and line[0] != "#"]
    said = {name: value for name, _, value in lines}
    variables = dict(one.split("=", 1) for name, _, one in lines if name == "Environment")
    user = pwd.getpwnam(said["User"])
    state = Path("/var/lib", said["StateDirectory"])
    state.mkdir(mode=int(said["StateDirectoryMode"], 8))
    os.chown(state, user.pw_uid, user.pw_gid)
    subprocess.Popen(
        said["ExecStart"].split(),
        env={"PATH": "/usr/bin:/bin"} | variables,
        cwd="/",
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


main(sys.argv[1:])
