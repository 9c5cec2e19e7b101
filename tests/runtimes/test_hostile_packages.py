"""Hostile packages: what is in them reaches nothing but the workers of their version."""

import asyncio
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.processes import descendants, resident_bytes
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    Packages,
    PackagesError,
    RuntimeRequest,
    WorkerLimits,
    WorkerRuntime,
)
from perilune.runtimes.packages import sets
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from tests.runtimes.conftest import OVERWRITE
from tests.store.memory import NoRows, store_with

MIB = 1024 * 1024
SIZE_LIMIT_BYTES = 8 * MIB
MAX_FILES = 300
PIP_MEMORY_BYTES = 384 * MIB
"""Smaller than the real limits, so that nothing large has to be made to pass them."""
INFO = "greeter-1.0.dist-info"
PIP_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": "/dev/null",
}

Members = Iterable[tuple[str, bytes]]


def make_wheel(folder: Path, members: Members, *, links: bool = False) -> str:
    """Write a wheel of the package `greeter`; return the line that requires it."""
    path = folder / "greeter-1.0-py3-none-any.whl"
    names = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        for name, content in [
            *members,
            (f"{INFO}/METADATA", b"Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n"),
            (f"{INFO}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        ]:
            names.append(name)
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            if links and not name.startswith(INFO):
                member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            wheel.writestr(member, content)
        record = "".join(f'"{name}",,\n' for name in [*names, f"{INFO}/RECORD"])
        wheel.writestr(f"{INFO}/RECORD", record)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"greeter==1.0 --hash=sha256:{digest}"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


@pytest.fixture
def installed(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """Packages with narrow limits, that come from a folder."""
    monkeypatch.setattr(sets, "SIZE_LIMIT_BYTES", SIZE_LIMIT_BYTES)
    monkeypatch.setattr(sets, "MAX_FILES", MAX_FILES)
    monkeypatch.setattr(sets, "PIP_MEMORY_BYTES", PIP_MEMORY_BYTES)
    return Packages(tmp_path / "packages", PIP_ENVIRONMENT | {"PIP_FIND_LINKS": str(wheels)})


def files_in(folder: Path) -> set[str]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


REFUSED = [
    pytest.param([("big.bin", bytes(SIZE_LIMIT_BYTES + 1))], "File too large", id="a large file"),
    pytest.param(
        [(f"{n}.bin", bytes(SIZE_LIMIT_BYTES // 2)) for n in range(9)],
        "larger than 8 MiB",
        id="many large files",
    ),
    pytest.param(
        [(f"{n}.bin", bytes(SIZE_LIMIT_BYTES // 4)) for n in range(5)],
        "larger than 8 MiB",
        id="files that are large together",
    ),
    pytest.param(
        [(f"d/{n}.txt", b"") for n in range(4000)], "more than 300 files", id="very many files"
    ),
    pytest.param(
        [(f"d/{n}.txt", b"") for n in range(350)], "more than 300 files", id="too many files"
    ),
    pytest.param(
        [
            (f"{INFO}/entry_points.txt", "\n".join(
                ["[console_scripts]", *(f"s{n} = greeter:f" for n in range(3000))]
            ).encode()),
            ("greeter.py", b"f = print"),
        ],
        "more than 300 files",
        id="very many scripts",
    ),
    pytest.param([("/".join("a" * 1200) + "/x.py", b"")], "recursion", id="deep folders"),
    pytest.param([("../../evil.py", b"")], "outside the target", id="a path upwards"),
    pytest.param([("/tmp/evil.py", b"")], "outside the target", id="a path from the root"),
    pytest.param(
        [("greeter-1.0.data/purelib/../../../evil.py", b"")],
        "can't be installed",
        id="data upwards",
    ),
    pytest.param(
        [("greeter-1.0.data/scripts/../../../evil", b"#!python\n")],
        "can't be installed",
        id="scripts upwards",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), REFUSED)
async def test_packages_that_want_too_much_are_refused(
    tmp_path: Path, wheels: Path, installed: Packages, members: Members, message: str
) -> None:
    line = make_wheel(wheels, members)

    with pytest.raises(PackagesError, match=message) as refused:
        await installed.install(line)

    assert not installed.path_of(line).exists()
    assert str(installed.path_of(line).parent) not in str(refused.value)
    left = {path.partition(".")[2] for path in files_in(tmp_path)}
    assert left <= {"0-py3-none-any.whl", "log"}, "nothing of them is left anywhere"


async def test_the_compiler_gets_no_more_memory_than_pip_has(
    wheels: Path, installed: Packages
) -> None:
    """A source takes three hundred times its size to be compiled."""
    line = make_wheel(wheels, [("greeter.py", b"x = 1\n" * 1_300_000)])
    most_bytes = 0
    task = asyncio.create_task(installed.install(line))

    while not task.done():
        for pid in descendants(os.getpid())[1:]:
            most_bytes = max(most_bytes, resident_bytes(pid))
        await asyncio.sleep(0.01)

    await asyncio.wait([task])
    assert MIB < most_bytes < PIP_MEMORY_BYTES


async def test_packages_are_installed_below_a_relative_directory(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default data directory is relative."""
    monkeypatch.chdir(tmp_path)
    relative = Packages(Path("data/packages"), PIP_ENVIRONMENT | {"PIP_FIND_LINKS": str(wheels)})
    Path("data").mkdir()
    line = make_wheel(wheels, [("greeter.py", b"value = 1\n")])

    await relative.install(line)
    monkeypatch.chdir(wheels)

    assert relative.path_of(line).is_file()
    log = relative.path_of(line).with_suffix(".log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert relative.path_of(line).is_relative_to(tmp_path / "data" / "packages")


async def test_links_in_packages_are_stored_as_text(
    tmp_path: Path, wheels: Path, installed: Packages
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret")
    members = [("link.py", str(secret).encode()), ("folder", b"/etc"), ("data.txt", b"/etc/passwd")]
    line = make_wheel(wheels, members, links=True)

    await installed.install(line)

    content = installed.path_of(line).read_bytes()
    assert str(secret).encode() in content
    assert b"s3cret" not in content
    assert b"root:" not in content


def requiring(line: str, code: str) -> RuntimeRequest:
    """Return a request to run *code* with a package."""
    return RuntimeRequest(
        code=code,
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=code,
        runtime="python",
        requirements=line,
    )


async def test_a_function_cannot_change_the_packages_of_another(
    wheels: Path, installed: Packages
) -> None:
    """Functions that require the same packages import them from the same file."""
    line = make_wheel(wheels, [("greeter.py", b"value = 'as it was installed'\n")])
    hostile = OVERWRITE + (
        "def handler(ctx, event):\n    overwrite('greeter', b'as it was', b'as others')\n"
        "    import greeter\n    return greeter.value"
    )
    innocent = "import greeter\ndef handler(ctx, event):\n    return greeter.value"
    await installed.install(line)

    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=2), packages=installed
    ) as runtime:
        changed = await runtime.execute(requiring(line, hostile))
        result = await runtime.execute(requiring(line, innocent))

    assert changed.response is not None and result.response is not None
    assert changed.response.body == b"as others installed"
    assert result.response.body == b"as it was installed"


async def test_packages_replace_nothing_that_functions_have_anyway(
    wheels: Path, installed: Packages
) -> None:
    """Neither the standard library, nor the guest API, nor what Python runs at its start."""
    names = (
        "json",
        "os",
        "perilune_guest",
        "perilune",
        "sitecustomize",
        "usercustomize",
        "msgspec",
    )
    evil = [(f"{name}.py", b"raise SystemExit('replaced')\n") for name in names]
    hook = ("hook.pth", b"import os; os._exit(7)\n")
    line = make_wheel(wheels, [*evil, hook, ("greeter.py", b"value = 42\n")])
    code = (
        "import json, os, greeter\nfrom perilune_guest import kv, log\n"
        "def handler(ctx, event):\n    kv.set('a', 'b')\n"
        "    return [json.dumps(kv.get('a')), os.getpid() > 1, greeter.value]"
    )
    await installed.install(line)

    async with (
        store_with("f") as store,
        WorkerRuntime(
            logger=StoreLogger(NoRows()),
            kv_store=KV(store.kv),
            limits=WorkerLimits(warm=1, maximum=2),
            packages=installed,
        ) as runtime,
    ):
        result = await runtime.execute(requiring(line, code))

    assert result.response is not None
    assert result.response.body == b'["\\"b\\"",true,42]'
