"""Packages of Python functions: pinned, installed once, imported in workers, off by default."""

import hashlib
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from perilune.app import open_server
from perilune.config import Settings
from perilune.runtimes import Packages

WEEK_S = 7 * 24 * 3600
KEY = "0123456789abcdef-test"
GREETER = {
    "greeter/__init__.py": "from greeter.words import hello\n",
    "greeter/words.py": "def hello(name):\n    return f'Hello, {name}!'\n",
    "greeter/data/words.txt": "salve",
    "greeter/fast.so": "no library",
    "plain.py": "value = 42\n",
}
CODE = """
import importlib.metadata, importlib.resources, pkgutil
import greeter, plain

def handler(ctx, event):
    return [
        greeter.hello("Ada"),
        plain.value,
        importlib.metadata.version("greeter"),
        pkgutil.get_data("greeter", "data/words.txt").decode(),
        greeter.__file__,
    ]
"""


def make_wheel(folder: Path, files: dict[str, str], version: str = "1.0") -> str:
    """Write a wheel of the package `greeter`; return the line that requires it."""
    name = f"greeter-{version}"
    info = f"{name}.dist-info"
    path = folder / f"{name}-py3-none-any.whl"
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: greeter\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in members.items():
            wheel.writestr(member, text)
        record = "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"])
        wheel.writestr(f"{info}/RECORD", record)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"greeter=={version} --hash=sha256:{digest}"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip finds packages, instead of on the internet."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def server_settings(tmp_path: Path, switch: str = "on") -> Settings:
    return Settings(
        port=0,
        host="127.0.0.1",
        data_dir=tmp_path / "data",
        api_key=KEY,
        python_packages=switch,
        workers_warm=1,
    )


def client_of(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {KEY}"},
        trust_env=False,
        timeout=60,
    )


@asynccontextmanager
async def serving(tmp_path: Path, switch: str = "on") -> AsyncIterator[httpx.AsyncClient]:
    async with (
        open_server(server_settings(tmp_path, switch)) as server,
        client_of(server.port) as client,
    ):
        yield client


async def deploy(client: httpx.AsyncClient, requirements: str, code: str = CODE) -> httpx.Response:
    members = {"name": "f", "runtime": "python", "code": code, "requirements": requirements}
    return await client.post("/api/functions", json=members)


async def test_a_version_imports_what_it_requires(tmp_path: Path, wheels: Path) -> None:
    line = make_wheel(wheels, GREETER)
    async with serving(tmp_path) as client:
        made = (await deploy(client, f"# greets\n{line}  # always\n")).json()
        path = f"/api/functions/{made['id']}"

        answer = await client.get(f"/fn/{made['id']}")
        checked = (await client.post(f"{path}/check", json={})).json()
        missing = (await client.post("/api/check", json={"code": CODE, "runtime": "python"})).json()
        log = (await client.get(f"{path}/versions/1/build-log")).json()["log"]
        updated = (await client.put(path, json={"code": CODE + "\n"})).json()
        cleared = (await client.put(path, json={"requirements": ""})).json()
        broken = await client.get(f"/fn/{made['id']}")

        location = "packages/greeter/__init__.py"
        assert answer.json() == ["Hello, Ada!", 42, "1.0", "salve", location], answer.text
        assert "Successfully installed greeter-1.0" in log
        assert checked["ok"] and checked["warnings"] == [
            "the compiled part greeter/fast.so is left out; what needs it fails"
        ]
        assert "No module named 'greeter'" in missing["errors"][0]["message"]
        assert "warnings" not in missing
        assert updated["active_version"]["version"] == 2
        assert updated["active_version"]["requirements"] == f"# greets\n{line}  # always\n"
        assert cleared["active_version"]["version"] == 3
        assert "requirements" not in cleared["active_version"]
        assert broken.status_code == 500, "other versions have none of it"


async def test_an_error_in_a_package_tells_its_file_and_not_the_servers_directory(
    tmp_path: Path, wheels: Path
) -> None:
    line = make_wheel(wheels, GREETER | {"plain.py": "def fail():\n    return {}['gone']\n"})
    code = "import plain\n\ndef handler(ctx, event):\n    return plain.fail()\n"
    async with serving(tmp_path) as client:
        made = (await deploy(client, line, code)).json()

        await client.get(f"/fn/{made['id']}")
        found = await client.get(f"/api/functions/{made['id']}/executions")

        report = found.json()["executions"][0]["error_message"]
        assert 'File "packages/plain.py", line 2, in fail' in report, report
        assert str(tmp_path) not in report and ".new-" not in report


async def test_packages_do_not_open_the_sandbox(tmp_path: Path, wheels: Path) -> None:
    """What is installed is not executed outside of workers, and read-only."""
    mark = tmp_path / "escaped"
    line = make_wheel(wheels, {"greeter.py": f"open({str(mark)!r}, 'w')\n", "x.pth": "import os"})
    async with serving(tmp_path) as client:
        made = (await deploy(client, line)).json()

        answer = await client.get(f"/fn/{made['id']}")
        found = await client.get(f"/api/functions/{made['id']}/executions")

        assert answer.status_code == 500
        assert "PermissionError" in found.json()["executions"][0]["error_message"]
        assert not mark.exists()
        (installed,) = (tmp_path / "data" / "packages").glob("*.packages")
        assert installed.stat().st_mode & 0o222 == 0
        assert not list((tmp_path / "data" / "packages").glob(".new-*"))


WRONG_HASH = f"greeter==1.0 --hash=sha256:{'0' * 64}"
REFUSED = [
    pytest.param("greeter", "is not of the form", id="no version"),
    pytest.param("greeter>=1.0 --hash=sha256:" + "0" * 64, "is not of the form", id="range"),
    pytest.param("greeter==1.0", "is not of the form", id="no hash"),
    pytest.param("greeter==1.0 --hash=md5:" + "0" * 32, "is not of the form", id="weak hash"),
    pytest.param("--index-url http://evil.example/", "is not of the form", id="option"),
    pytest.param("-r /etc/passwd", "is not of the form", id="other file"),
    pytest.param(
        f'greeter==1.0; "${{PIP_INDEX_URL}}" == "x" --hash=sha256:{"0" * 64}',
        "is not of the form",
        id="variable",
    ),
    pytest.param(
        f"greeter==1.0; python_version>'3' --index-url=http://x --hash=sha256:{'0' * 64}",
        "is not of the form",
        id="option in a marker",
    ),
    pytest.param("greeter @ file:///etc/passwd", "is not of the form", id="address"),
    pytest.param("./greeter", "is not of the form", id="path"),
    pytest.param(f"{WRONG_HASH} --pre", "is not of the form", id="option behind"),
    pytest.param(f"{WRONG_HASH}\n-e .", "'-e .' is not of the form", id="second line"),
    pytest.param("x" * 200_000, "cannot be longer", id="long"),
]


@pytest.mark.parametrize(("requirements", "problem"), REFUSED)
async def test_only_pinned_packages_are_accepted(
    tmp_path: Path, requirements: str, problem: str
) -> None:
    async with serving(tmp_path) as client:
        answer = await deploy(client, requirements)

        assert answer.status_code == 400
        assert problem in answer.json()["error"]
        assert (await client.get("/api/functions")).json()["pagination"]["total"] == 0


@pytest.mark.parametrize(
    ("requirements", "problem"),
    [
        pytest.param(WRONG_HASH, "THESE PACKAGES DO NOT MATCH THE HASHES", id="wrong hash"),
        pytest.param(
            WRONG_HASH.replace("1.0", "9.9"), "Could not find a version", id="no such version"
        ),
    ],
)
async def test_packages_that_cannot_be_installed_stop_the_deployment(
    tmp_path: Path, wheels: Path, requirements: str, problem: str
) -> None:
    make_wheel(wheels, GREETER)
    async with serving(tmp_path) as client:
        answer = await deploy(client, requirements)

        assert answer.status_code == 422
        assert problem in answer.json()["error"]
        assert (await client.get("/api/functions")).json()["pagination"]["total"] == 0


async def test_other_languages_have_no_packages(tmp_path: Path) -> None:
    async with serving(tmp_path) as client:
        answer = await client.post(
            "/api/functions", json={"name": "f", "code": "x = 1", "requirements": WRONG_HASH}
        )

        assert answer.status_code == 400
        assert answer.json()["error"] == "requirements: functions in lua cannot require packages"


async def test_packages_are_off_by_default(tmp_path: Path, wheels: Path) -> None:
    assert Settings().python_packages == "off"
    line = make_wheel(wheels, GREETER)
    async with serving(tmp_path) as client:
        made = (await deploy(client, line)).json()

    async with serving(tmp_path, "off") as client:
        refused = await deploy(client, line)
        answer = await client.get(f"/fn/{made['id']}")
        found = await client.get(f"/api/functions/{made['id']}/executions")

        assert refused.status_code == 400
        assert "switched off on this server" in refused.json()["error"]
        assert answer.status_code == 500
        assert "switched off" in found.json()["executions"][0]["error_message"]


async def test_packages_go_when_no_version_has_required_them_for_a_while(
    tmp_path: Path, wheels: Path
) -> None:
    line = make_wheel(wheels, GREETER)
    settings = server_settings(tmp_path)
    async with open_server(settings) as server, client_of(server.port) as client:
        packages = Packages(settings.data_dir / "packages", {}, clock=lambda: time.time() + WEEK_S)
        made = (await deploy(client, line)).json()
        path = f"/api/functions/{made['id']}"
        await client.put(path, json={"requirements": "", "code": CODE + "\n"})
        in_use = await packages.remove_unused(await server.store.requirements_in_use())
        older = await client.post(f"{path}/versions/ver_{made['id']}_v1/activate")
        answer = await client.get(f"/fn/{made['id']}")
        await client.delete(path)
        left = await packages.remove_unused(await server.store.requirements_in_use())
        again = (await deploy(client, line)).json()
        answer_again = await client.get(f"/fn/{again['id']}")

    assert (in_use, older.status_code, answer.status_code) == (0, 200, 200)
    assert left == 1
    assert answer_again.json()[0] == "Hello, Ada!"
