"""Languages that other packages bring."""

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tomllib
from contextlib import AbstractAsyncContextManager
from importlib.metadata import EntryPoint
from pathlib import Path

import httpx
import msgspec
import pytest

from bench.processes import descendants, pss_kib
from perilune.app import open_server
from perilune.config import Settings
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    LANGUAGES,
    Language,
    LanguageError,
    RuntimeRequest,
    Spawner,
    WorkerDiedError,
    WorkerLimits,
    WorkerRuntime,
    find_languages,
)
from perilune.runtimes.languages.installed import GROUP
from perilune.runtimes.limits import MIB
from perilune.runtimes.workers.pool import WATCH_INTERVAL_S
from perilune.services.logger import StoreLogger
from tests.store.memory import NoRows

EXAMPLE = Path(__file__).parents[2] / "examples" / "template_runtime"
KEY = "0123456789abcdef-test"
LISTING = "from perilune.runtimes import find_languages\nprint(*[x.name for x in find_languages()])"


def install(directory: Path) -> None:
    """Put the example where Python finds it, with what an installer would write."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    for module in EXAMPLE.glob("*.py"):
        shutil.copy(module, directory)
    info = directory / f"perilune_template-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"][GROUP]
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages)
    monkeypatch.syspath_prepend(packages)
    return packages


async def test_an_installed_package_brings_a_language(installed: Path, tmp_path: Path) -> None:
    settings = Settings(port=0, host="127.0.0.1", data_dir=tmp_path / "data", api_key=KEY)
    async with (
        open_server(settings) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=30,
        ) as client,
    ):
        made = await client.post(
            "/api/functions",
            json={"name": "greeting", "runtime": "template", "code": "Hello, $name!"},
        )
        address = f"/fn/{made.json()['id']}"

        answers = [await client.get(f"{address}?name={name}") for name in ("Ada", "Bob")]
        failed = await client.get(address)

        assert [answer.text for answer in answers] == ["Hello, Ada!", "Hello, Bob!"]
        assert failed.status_code == 500
        found = await client.get(f"/api/functions/{made.json()['id']}/executions")
        assert "KeyError: 'name'" in found.json()["executions"][0]["error_message"]


def test_other_programs_find_it_by_its_metadata(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTING],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split()[-1] == "template"


def test_the_example_is_short() -> None:
    lines = [
        line
        for module in EXAMPLE.glob("*.py")
        for line in module.read_text().splitlines()
        if line.strip()
    ]

    assert len(lines) <= 40


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("no_such_module:X", "can't be loaded: No module named", id="not there"),
        pytest.param("os:sep", "os:sep is no Language, but str", id="no language"),
        pytest.param("perilune.runtimes.languages.lua:LUA", "which is there already", id="taken"),
    ],
)
def test_an_unusable_file_stops_the_start(value: str, problem: str) -> None:
    with pytest.raises(LanguageError, match=problem):
        find_languages([EntryPoint("x", value, GROUP)])


def test_without_packages_there_are_those_that_ship() -> None:
    assert find_languages([]) == LANGUAGES


HELLO = {
    "lua": "function handler() return {{ body = '{}' }} end",
    "python": "def handler(ctx, event):\n    return '{}'",
    "javascript": "export default () => '{}';",
    "typescript": "export default (): string => '{}';",
}


def asking(number: int) -> RuntimeRequest:
    """Return a request to run one of a hundred functions, in each language in turn."""
    runtime = list(HELLO)[number % len(HELLO)]
    return RuntimeRequest(
        code=HELLO[runtime].format(number),
        context=ExecutionContext(execution_id="e", function_id=f"f{number}", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=f"v{number}",
        runtime=runtime,
    )


@pytest.mark.parametrize("duration_s", [3, pytest.param(60, marks=pytest.mark.soak)])
async def test_a_hundred_functions_in_mixed_languages_share_the_workers(duration_s: int) -> None:
    """Called at random for a while: no error, and no more memory than all workers may hold."""
    limits = WorkerLimits(warm=1, maximum=6, total_bytes=400 * MIB)
    chance, loop = random.Random(7), asyncio.get_running_loop()
    calls = dict.fromkeys(HELLO, 0)
    ends = loop.time() + duration_s
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=limits) as runtime:

        async def client() -> None:
            while loop.time() < ends:
                number = chance.randrange(100)
                request = asking(number)
                result = await runtime.execute(request)
                assert result.response is not None
                assert result.response.body == str(number).encode()
                calls[request.runtime] += 1
                metrics = runtime.pool()
                assert metrics.bound <= limits.maximum
                spares = metrics.spare + metrics.starting
                assert metrics.bound + spares <= limits.maximum + limits.warm * len(HELLO)

        async with asyncio.timeout(duration_s + 60):
            await asyncio.gather(*(client() for _ in range(8)))
        held = workers_bytes()
    print(calls, f"{held / MIB:.0f} MiB")
    assert all(calls.values())
    assert held < limits.total_bytes


def workers_bytes() -> int:
    """What all processes started by this one hold that nobody else shares."""
    return sum(pss_kib(pid) * 1024 for pid in descendants(os.getpid())[1:])


async def test_idle_workers_make_way_when_memory_is_short() -> None:
    """All workers together hold more than the budget: the idle ones are stopped."""
    limits = WorkerLimits(warm=0, maximum=16, total_bytes=1)
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=limits) as runtime:
        for number in range(0, 12, 2):
            await runtime.execute(asking(number))

        async with asyncio.timeout(30):
            while runtime.pool().bound:
                await asyncio.sleep(0.01)

        assert (await runtime.execute(asking(0))).response is not None


async def test_spare_workers_of_an_unused_language_are_given_up() -> None:
    limits = WorkerLimits(warm=1, maximum=16, idle_s=0.3)
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=limits) as runtime:
        runtime.prepare("python")
        async with asyncio.timeout(30):
            while runtime.pool().spare < 2:
                await asyncio.sleep(0.01)
            while runtime.pool().spare > 1:
                await asyncio.sleep(0.01)

        assert (await runtime.execute(asking(1))).response is not None


async def test_a_language_whose_workers_cannot_be_started_is_a_clear_error() -> None:
    """Nobody waits for ever, others are served, and it is not tried again and again."""
    attempts = 0

    def broken() -> AbstractAsyncContextManager[Spawner]:
        nonlocal attempts
        attempts += 1
        raise LanguageError("its interpreter is not installed")

    language = Language(name="broken", open_spawner=broken, wording=LANGUAGES[0].wording)
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), languages=[*LANGUAGES, language]
    ) as runtime:
        for _ in range(2):
            with pytest.raises(WorkerDiedError, match="its interpreter is not installed"):
                await runtime.execute(msgspec.structs.replace(asking(0), runtime="broken"))

        assert (await runtime.execute(asking(0))).response is not None
        tried = attempts
        await asyncio.sleep(3 * WATCH_INTERVAL_S)
        assert attempts == tried
