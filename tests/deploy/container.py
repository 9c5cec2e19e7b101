"""Runs an image the way that container runtimes run compose.yaml, with `runc`."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.processes import free_port, wait_until_answering
from tests.deploy.image import ROOT, Image

PROFILE = Path("/usr/share/containers/seccomp.json")
"""The system calls that podman and its relatives permit by default (Debian:
golang-github-containers-common)."""
SERVICE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))[
    "services"
]["perilune"]
TMPFS_OPTIONS = ["noexec", "nosuid", "nodev", "mode=1777"]
"""Those of container runtimes, unless one says otherwise."""


class Container:
    """A running container and its server."""

    def __init__(self, identifier: str, state: Path, process: subprocess.Popen[bytes], url: str):
        self._identifier = identifier
        self._state = state
        self.process = process
        self.url = url

    def exec(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside the server, as the same user and as confined."""
        return self._runc("exec", self._identifier, *command)

    def stop(self) -> int:
        self._runc("kill", self._identifier, "TERM")
        return self.process.wait(60)

    def remove(self) -> None:
        self._runc("delete", "--force", self._identifier)
        self.process.wait(60)

    def _runc(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["runc", "--root", self._state, *words], capture_output=True, text=True, timeout=60
        )


@contextmanager
def running(image: Image, folder: Path, data: Path) -> Iterator[Container]:
    """Run the image's program: no capabilities, a root that is read-only, a usual profile."""
    port = free_port()
    bundle, state = folder / "bundle", folder / "state"
    spec = _spec(bundle)
    _confine(spec, image, data, port)
    (bundle / "config.json").write_text(json.dumps(spec))
    identifier = f"perilune-{port}"
    process = subprocess.Popen(
        ["runc", "--root", state, "run", "--bundle", bundle, identifier],
        stdin=subprocess.DEVNULL,
    )
    container = Container(identifier, state, process, f"http://127.0.0.1:{port}")
    try:
        wait_until_answering(container.url + "/readyz", process)
        yield container
    finally:
        container.remove()


def why_not(root: Path, folder: Path) -> str:
    """Return why `runc` can't start any program here; nothing if it can."""
    spec = _spec(folder)
    spec["process"] |= {"terminal": False, "args": ["true"]}
    spec["root"]["path"] = str(root)
    (folder / "config.json").write_text(json.dumps(spec))
    state = str(folder / "state")
    command = ["runc", "--root", state, "run", "--bundle", str(folder), "perilune-true"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return tried.stderr if tried.returncode else ""


def _spec(bundle: Path) -> dict[str, Any]:
    bundle.mkdir()
    subprocess.run(["runc", "spec", "--bundle", bundle], check=True)
    spec: dict[str, Any] = json.loads((bundle / "config.json").read_text())
    return spec


def _confine(spec: dict[str, Any], image: Image, data: Path, port: int) -> None:
    """Give the container what the image and compose.yaml say, but the network of this machine."""
    user, group = map(int, image.user.split(":"))
    environment = image.environment | SERVICE["environment"] | {"PORT": port, "HOST": "127.0.0.1"}
    assert SERVICE["cap_drop"] == ["ALL"] and SERVICE["volumes"] == ["data:/data"]
    process = spec["process"]
    process["terminal"] = False
    process["user"] = {"uid": user, "gid": group}
    process["args"] = image.entrypoint + image.command
    process["env"] = [f"{name}={value}" for name, value in environment.items()]
    process["capabilities"] = {kind: [] for kind in process["capabilities"]}
    process["noNewPrivileges"] = "no-new-privileges:true" in SERVICE["security_opt"]
    del process["rlimits"]
    spec["root"] = {"path": str(image.root), "readonly": SERVICE["read_only"]}
    for path in SERVICE["tmpfs"]:
        mount = {"destination": path, "type": "tmpfs", "source": path, "options": TMPFS_OPTIONS}
        spec["mounts"].append(mount)
    bound = {"destination": "/data", "type": "bind", "source": str(data), "options": ["rbind"]}
    spec["mounts"].append(bound)
    spec["linux"]["seccomp"] = seccomp(json.loads(PROFILE.read_text()))
    kinds = [one for one in spec["linux"]["namespaces"] if one["type"] != "network"]
    spec["linux"]["namespaces"] = kinds


def seccomp(profile: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a profile that holds for x86-64 without any capability."""
    calls = []
    for rule in profile["syscalls"]:
        needs = rule["includes"]
        if needs.get("caps") or "amd64" not in needs.get("arches", ["amd64"]):
            continue
        call = {"names": rule["names"], "action": rule["action"], "args": rule["args"] or []}
        if "errnoRet" in rule:
            call["errnoRet"] = rule["errnoRet"]
        calls.append(call)
    architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": architectures,
        "syscalls": calls,
    }
