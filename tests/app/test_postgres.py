"""A server whose database is PostgreSQL's."""

import asyncio
import logging
from pathlib import Path

import httpx
import pytest

from perilune.app import ensure_example, open_data, open_server
from perilune.config import SettingError, Settings
from perilune.store import Function, PaginationParams, open_store
from tests.cli.command import run
from tests.store.conftest import database, server
from tests.store.postgres.switch import Switch

__all__ = ["database", "server"]

KEY = "0123456789abcdef-test"
SECRET_KEY = "ab" * 32
PASSWORD = "pa55word-of-the-database"


@pytest.fixture
def settings(tmp_path, database) -> Settings:
    return Settings(
        port=0,
        host="127.0.0.1",
        data_dir=tmp_path / "data",
        # The tests' server asks for no password.
        database_url=f"{database}&password={PASSWORD}",
        api_key=KEY,
        secret_key=SECRET_KEY,
    )


@pytest.mark.parametrize("missing", ["api_key", "secret_key"])
async def test_keys_that_others_would_not_have_are_refused(settings, missing):
    given = {name: getattr(settings, name) for name in Settings.__slots__}

    with pytest.raises(SettingError, match="^DATABASE_URL: needs [A-Z_]+, the same for all"):
        async with open_server(Settings(**(given | {missing: ""}))):
            pytest.fail("it has started")


@pytest.mark.slow
async def test_functions_are_created_called_and_recorded(settings, database, caplog):
    caplog.set_level(logging.DEBUG)
    async with (
        open_server(settings) as running,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{running.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=60,
        ) as client,
    ):
        code = """
            function handler(ctx, event)
              log.info("counting")
              return { statusCode = 200, body = tostring(kv.incr("n")) .. env.get("NAME") }
            end
        """
        made = await client.post("/api/functions", json={"name": "count", "code": code})
        assert made.status_code == 200, made.text
        function_id = made.json()["id"]
        variables = {"env_vars": {"NAME": "x"}}
        changed = await client.put(f"/api/functions/{function_id}/env", json=variables)
        assert changed.status_code == 200, changed.text

        assert [(await client.get(f"/fn/{function_id}")).text for _ in range(3)] == [
            "1x",
            "2x",
            "3x",
        ]
        listed = (await client.get(f"/api/functions/{function_id}/executions")).json()
        assert [one["status"] for one in listed["executions"]] == ["success"] * 3
        logs = await client.get(f"/api/executions/{listed['executions'][0]['id']}/logs")
        assert [line["message"] for line in logs.json()["logs"]] == ["counting"]

        refused = await client.post("/api/functions", json={"name": "n", "code": "-- \0"})
        assert (refused.status_code, refused.json()["error"]) == (
            400,
            "a text cannot contain the character U+0000",
        )
        refused = await client.get("/api/backup")
        assert (refused.status_code, refused.json()["error"]) == (
            501,
            "The database is backed up with its own programs",
        )
        shown = [(await client.get(path)).text for path in ("/readyz", "/metrics", "/api/about")]

    assert not list(settings.data_dir.glob("*.db*"))
    assert PASSWORD not in "".join([caplog.text, *shown])
    async with open_store(database) as store:
        assert [one.name for one in await store.get_functions([function_id])] == ["count"]


@pytest.mark.slow
async def test_while_the_database_is_away_calls_are_refused_and_the_server_goes_on(
    settings, server, database
):
    switch = Switch(server, database)
    async with (
        open_server(settings) as running,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{running.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=60,
        ) as client,
    ):
        code = "function handler() return { statusCode = 200, body = 'here' } end"
        made = await client.post("/api/functions", json={"name": "f", "code": code})
        path = f"/fn/{made.json()['id']}"
        assert (await client.get(path)).text == "here"

        switch.off()
        try:
            for _ in range(3):
                away = await client.get(path)
                assert (away.status_code, away.json()) == (503, {"error": "Storage unavailable"})
                assert "retry-after" in away.headers
                assert (await client.get("/readyz")).status_code == 503
        finally:
            switch.on()

        async with asyncio.timeout(30):
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0)
        assert (await client.get(path)).text == "here"


def test_commands_use_the_same_database(settings, database, tmp_path):
    environ = {
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "API_KEY": KEY,
        "PERILUNE_SECRET_KEY": SECRET_KEY,
    }

    made = run("tokens", "create", "ci", "--scope", "deploy", **environ)
    assert made.returncode == 0, made.stderr
    assert "ci" in run("tokens", "list", **environ).stdout
    checked = run("check", **environ)
    assert (checked.returncode, checked.stderr) == (0, "the database is in order\n")
    for command in ("backup", str(tmp_path / "copy")), ("vacuum",):
        refused = run(*command, **environ)
        assert refused.returncode == 1
        assert refused.stderr == (
            "perilune: DATABASE_URL: names a PostgreSQL database, which has programs of its own for"
            " that\n"
        )
    assert not (tmp_path / "copy").exists()
    assert PASSWORD not in made.stdout + made.stderr + checked.stderr


async def test_secrets_are_encrypted_with_the_configured_key(settings, database):
    async with open_data(settings) as (_, store):
        await store.create_function(Function(id="f", name="f"))
        await store.env.set("f", "KEY", "s3cret")

    assert not (Path(settings.data_dir) / "secret_key.txt").exists()
    async with open_store(database) as plain:
        assert len(await plain.secrets.key_ids()) == 1


async def test_servers_that_start_at_once_make_one_example(database):
    async with open_store(database) as one, open_store(database) as other:
        made = await asyncio.gather(ensure_example(one), ensure_example(other))
        _, total = await one.list_functions(PaginationParams())
        found = await one.get_function_at("hello")

    assert total == 1
    assert [function.id for function in made if function] == [found.id] * 2
