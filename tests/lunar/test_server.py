"""Lunar installations that were taken over, on a real server with real workers."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from perilune.app import open_server
from perilune.config import Settings
from tests.cli.command import SRC, run, run_process
from tests.lunar.database import execution_row, some_rows, write_database

KEY = "4f" * 32


def lunar_directory(path: Path, version: int) -> Path:
    """A data directory as Lunar leaves it."""
    path.mkdir()
    rows = some_rows()
    for function in rows["functions"]:
        function["disabled"] = 0
    write_database(path / "lunar.db", rows, version)
    (path / "api_key.txt").write_text(KEY)
    (path / "api_key.txt").chmod(0o600)
    return path


@pytest.mark.parametrize("version", [1, 9])
async def test_a_first_start_in_lunars_directory_goes_on_where_lunar_stopped(tmp_path, version):
    data_dir = lunar_directory(tmp_path / "data", version)
    greeter, idle = some_rows()["functions"]
    settings = Settings(host="127.0.0.1", port=0, data_dir=data_dir)

    async with (
        open_server(settings) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=30,
        ) as client,
    ):
        answer = await client.get(f"/fn/{greeter['id']}")
        listed = (await client.get("/api/functions")).json()
        shown = (await client.get(f"/api/functions/{greeter['id']}")).json()
        new = (await client.get(f"/api/functions/{greeter['id']}/executions")).json()
        old = (await client.get(f"/api/executions/{new['executions'][-1]['id']}")).json()
        pending = await client.get(f"/api/functions/{idle['id']}/executions")
        update = await client.put(f"/api/functions/{greeter['id']}", json={"code": "x = 1"})

    assert (answer.status_code, answer.text) == (200, "Good day, Ada")
    assert listed["pagination"]["total"] == 2
    assert shown["env_vars"] == {"GREETING": "Good day"}
    assert shown["active_version"]["version"] == 2
    assert new["pagination"]["total"] == 4 and old["created_at"] == 1_700_000_100
    assert pending.json()["executions"][0]["status"] == "error"
    assert update.status_code == 200
    assert (data_dir / "lunar.db.lunar-backup").exists()


async def test_import_lunar_fills_another_data_directory(tmp_path):
    lunar = lunar_directory(tmp_path / "lunar", 9)
    data_dir = tmp_path / "data"

    first = run("import-lunar", str(lunar), "--data-dir", str(data_dir), "--json")
    again = run("import-lunar", str(lunar), DATA_DIR=str(data_dir))
    merged = run("import-lunar", str(lunar / "lunar.db"), "--merge", DATA_DIR=str(data_dir))

    assert (first.returncode, again.returncode, merged.returncode) == (0, 1, 0), first.stderr
    report = json.loads(first.stdout)
    assert report["lunar_version"] == 9 and report["backup"] is None
    assert report["tables"]["logs"] == {"found": 3, "taken": 3, "present": 0, "dropped": 0}
    assert "API key was copied" in first.stderr
    assert (data_dir / "api_key.txt").read_text() == KEY
    assert "already; with --merge" in again.stderr and again.stdout == ""
    assert KEY not in first.stdout + first.stderr + merged.stdout
    settings = Settings(host="127.0.0.1", port=0, data_dir=data_dir)
    async with (
        open_server(settings) as server,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        url = f"http://127.0.0.1:{server.port}/fn/{some_rows()['functions'][0]['id']}"
        assert (await client.get(url)).text == "Good day, Ada"


def test_import_lunar_of_the_data_directory_itself_is_a_migrate(tmp_path):
    data_dir = lunar_directory(tmp_path / "data", 5)

    result = run("import-lunar", str(data_dir), "--data-dir", str(data_dir))
    again = run("import-lunar", str(data_dir), "--data-dir", str(data_dir))

    assert result.returncode == 0 and f"{data_dir}/lunar.db.lunar-backup" in result.stdout
    assert "function_versions" in result.stdout and "\x1b" not in result.stdout
    assert again.returncode == 1 and "is no database of Lunar" in again.stderr


def test_a_store_is_not_put_over_a_second_lunar(tmp_path):
    ours, theirs = (lunar_directory(tmp_path / name, 9) for name in ("data", "lunar"))
    before = (ours / "lunar.db").read_bytes()

    result = run("import-lunar", str(theirs), "--data-dir", str(ours))

    assert result.returncode == 1 and "take that one over first" in result.stderr
    assert (ours / "lunar.db").read_bytes() == before


def test_a_start_on_a_dirty_file_names_the_version(tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    write_database(tmp_path / "data" / "lunar.db", {}, 4, dirty=1)

    result = run_process("serve", DATA_DIR=str(tmp_path / "data"), PORT="0", HOST="127.0.0.1")

    assert result.returncode == 1
    assert "Lunar's migration 4 broke off" in result.stderr
    assert [one.name for one in (tmp_path / "data").glob("lunar*")] == ["lunar.db"]


@pytest.mark.slow
def test_a_large_file_does_not_need_large_memory(tmp_path):
    """64 MiB of log lines and events are copied without being held."""
    rows = some_rows()
    version = rows["function_versions"][1]
    rows["executions"] += [
        execution_row(version, n, id=f"x{n:019d}", event_json="e" * 20_000) for n in range(3_000)
    ]
    write_database(tmp_path / "lunar.db", rows)
    assert (tmp_path / "lunar.db").stat().st_size > 60_000_000
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from perilune.store import maintenance_of\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "maintenance_of(Path(sys.argv[2])).import_lunar(Path(sys.argv[1]), now=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "lunar.db"), str(tmp_path / "ours.db")],
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        check=True,
    ).stdout

    assert int(shown) < 24 * 1024
