"""Builds what the Dockerfile describes, with Debian's Python as the base and without Docker."""

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
INCLUDED = "ca-certificates,netbase,python3,python3-venv,tzdata"
RELEASE = "trixie"
"""What `python:3.13-slim` is made of: Debian with Python 3.13."""
ENTER = """
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind /etc/ssl/certs "$1/etc/ssl/certs"
cp /etc/resolv.conf "$1/etc/resolv.conf"
cd "$1" && exec chroot . /usr/bin/env --chdir="$2" /bin/sh -c "$3"
"""
PASSED_ON = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "HTTPS_PROXY")


@dataclass
class Image:
    """A stage of the Dockerfile: a root file system and how its program is started."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    directory: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def make_base(root: Path) -> None:
    """Make what stands for the image that the Dockerfile begins with."""
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDED}", RELEASE, root],
        check=True,
        timeout=600,
    )


def build(folder: Path, base: Path) -> Image:
    """Carry out the Dockerfile in *folder*; return its last stage."""
    stages: dict[str, Image] = {}
    image = Image(base)
    for keyword, rest in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        if keyword == "FROM":
            image = _begin(folder, base, rest, stages)
        else:
            _carry_out(image, keyword, rest, stages)
    return image


def instructions(text: str) -> list[tuple[str, str]]:
    """Return each instruction of a Dockerfile and what follows its keyword."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "").splitlines()
    return [(keyword, rest) for keyword, _, rest in (line.partition(" ") for line in joined)]


def passed_on() -> dict[str, str]:
    """Return how this machine reaches the package index."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def _begin(folder: Path, base: Path, rest: str, stages: dict[str, Image]) -> Image:
    source, _, name = rest.partition(" AS ")
    assert source.startswith("python:3.13-slim"), "the base stands for this one"
    image = Image(folder / f"stage{len(stages)}", {"PATH": os.defpath + ":/usr/sbin:/sbin"})
    subprocess.run(["cp", "-a", base, image.root], check=True)
    stages[name or "last"] = image
    return image


def _carry_out(image: Image, keyword: str, rest: str, stages: dict[str, Image]) -> None:
    match keyword:
        case "RUN":
            _run(image, rest)
        case "COPY":
            _copy(image, shlex.split(rest), stages)
        case "WORKDIR":
            image.directory = rest
            (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "ENV":
            for one in shlex.split(rest):
                name, _, value = one.partition("=")
                image.environment[name] = value.replace("$PATH", image.environment["PATH"])
        case "USER":
            image.user = rest
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "EXPOSE" | "VOLUME" | "HEALTHCHECK":
            pass  # a container of these tests needs none of them
        case _:
            raise AssertionError(f"what does {keyword} do?")


def _run(image: Image, command: str) -> None:
    subprocess.run(
        ["unshare", "--mount", "sh", "-euc", ENTER, "sh", image.root, image.directory, command],
        env={"PATH": os.environ["PATH"]} | image.environment | passed_on(),
        check=True,
        timeout=600,
    )


def _copy(image: Image, words: list[str], stages: dict[str, Image]) -> None:
    context = ROOT
    if words[0].startswith("--from="):
        context = stages[words.pop(0).removeprefix("--from=")].root
    *sources, target = words
    for source in sources:
        start = context / source.lstrip("/")
        end = image.root / image.directory.lstrip("/") / target.lstrip("/")
        if start.is_dir():
            shutil.copytree(
                start,
                end,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("__pycache__") if context == ROOT else None,
            )
        else:
            shutil.copy(start, end)
