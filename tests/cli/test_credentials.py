"""`perilune key` and `perilune tokens`: on a data directory, also beside a running server."""

import asyncio
import json
import stat

import httpx
import pytest
from click.testing import CliRunner

from perilune import cli
from perilune.api import KEY_FILE
from perilune.api.access.token_text import is_token
from tests.api.conftest import open_site


def perilune(*args: object, **environ: str):
    return CliRunner().invoke(cli.main, [str(one) for one in args], env=environ)


@pytest.fixture
def data_dir(tmp_path):
    path = tmp_path / "data"
    assert perilune("init", path, PERILUNE_LOG_FORMAT="json").exit_code == 0
    return path


# --- the key ------------------------------------------------------------------


def test_the_key_is_shown_on_request_only(data_dir):
    key = (data_dir / KEY_FILE).read_text().strip()

    shown = perilune("key", "show", "--data-dir", data_dir)

    assert (shown.exit_code, shown.stdout) == (0, f"{key}\n")


def test_a_new_key_replaces_the_old_one(data_dir):
    old = (data_dir / KEY_FILE).read_text().strip()

    rotated = perilune("key", "rotate", "--data-dir", data_dir)

    new = (data_dir / KEY_FILE).read_text().strip()
    assert rotated.exit_code == 0 and new != old and len(new) == 64
    assert stat.S_IMODE((data_dir / KEY_FILE).stat().st_mode) == 0o600
    assert old not in rotated.output
    assert new not in rotated.output, "only on a terminal"
    assert str(data_dir / KEY_FILE) in rotated.stderr


@pytest.mark.parametrize(
    ("args", "environ", "text"),
    [
        pytest.param(("key", "show"), {}, "there is no key", id="show nothing"),
        pytest.param(("key", "rotate"), {}, "is no data directory", id="rotate nothing"),
        pytest.param(("key", "rotate"), {"API_KEY": "k" * 20}, "set by API_KEY", id="configured"),
        pytest.param(("tokens", "list"), {}, "there is no database", id="no database"),
    ],
)
def test_impossible_actions_are_explained(tmp_path, args, environ, text):
    result = perilune(*args, "--data-dir", tmp_path / "nope", **environ)

    assert result.exit_code == 1
    assert text in result.stderr
    assert not (tmp_path / "nope").exists()


def test_a_configured_key_is_shown(tmp_path):
    assert perilune("key", "show", API_KEY=" 0123456789abcdef\n").stdout == "0123456789abcdef\n"


# --- tokens -------------------------------------------------------------------


def test_tokens_are_made_listed_and_revoked(data_dir):
    where = ("--data-dir", data_dir)

    made = perilune("tokens", "create", "ci", "--scope", "deploy", "--days", "30", *where)
    listed = perilune("tokens", "list", "--json", *where)
    table = perilune("tokens", "list", *where)
    revoked = perilune("tokens", "revoke", "ci", *where)
    again = perilune("tokens", "revoke", "ci", *where)

    assert is_token(made.stdout.strip().encode())
    (token,) = json.loads(listed.stdout)["tokens"]
    assert token["name"] == "ci" and token["scopes"] == ["deploy"]
    assert token["expires_at"] - token["created_at"] == 30 * 86400
    assert made.stdout.strip() not in listed.output + table.output
    assert token["id"] in table.stdout
    assert revoked.exit_code == 0 and again.exit_code == 1
    assert "no token has the name or id 'ci'" in again.stderr
    assert json.loads(perilune("tokens", "list", "--json", *where).stdout) == {"tokens": []}


def test_the_record_of_a_new_token_as_json(data_dir):
    made = perilune(
        "tokens", "create", "ci", "--scope", "read", "--json", "--data-dir", data_dir
    )  # fmt: skip

    members = json.loads(made.stdout)
    assert is_token(members["token"].encode()) and members["scopes"] == ["read"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(("create", "ci"), 2, id="no scope"),
        pytest.param(("create", "ci", "--scope", "root"), 2, id="unknown scope"),
        pytest.param(("create", "ci", "--scope", "read", "--days", "0"), 2, id="no time"),
        pytest.param(("create", "a;b", "--scope", "read"), 1, id="name"),
    ],
)
def test_tokens_that_break_a_rule_are_not_made(data_dir, args, code):
    result = perilune("tokens", *args, "--data-dir", data_dir)

    assert result.exit_code == code and result.stderr
    listed = perilune("tokens", "list", "--json", "--data-dir", data_dir)
    assert json.loads(listed.stdout) == {"tokens": []}


# --- beside a running server --------------------------------------------------


async def until(client: httpx.AsyncClient, token: str, status: int) -> None:
    """Wait until the server answers requests with *token* like this."""
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(
                "/api/functions", headers={"Authorization": f"Bearer {token}"}
            )
            if answer.status_code == status:
                return


async def test_a_running_server_takes_a_new_key_over(tmp_path):
    async with open_site(tmp_path, api_key="") as site:
        data_dir = tmp_path / "data"
        old = (data_dir / KEY_FILE).read_text().strip()
        await until(site.client, old, 200)
        opened = await site.client.post("/api/auth/login", json={"apiKey": old})
        cookie = {"Cookie": f"auth_token={opened.cookies['auth_token']}", "Authorization": ""}
        assert (await site.client.get("/api/functions", headers=cookie)).status_code == 200

        rotated = await asyncio.to_thread(perilune, "key", "rotate", "--data-dir", data_dir)
        new = (data_dir / KEY_FILE).read_text().strip()
        await until(site.client, new, 200)

        assert rotated.exit_code == 0, rotated.output
        assert (await site.client.get("/api/functions", headers=cookie)).status_code == 401
        await until(site.client, old, 401)
        listed = await site.client.get(
            "/api/auth/sessions", headers={"Authorization": f"Bearer {new}"}
        )
        assert listed.json()["sessions"] == []


async def test_a_running_server_knows_tokens_that_are_made_and_revoked_beside_it(tmp_path):
    async with open_site(tmp_path) as site:
        where = ("--data-dir", tmp_path / "data")

        made = await asyncio.to_thread(
            perilune, "tokens", "create", "ci", "--scope", "read", *where
        )
        token = made.stdout.strip()
        await until(site.client, token, 200)
        await asyncio.to_thread(perilune, "tokens", "revoke", "ci", *where)

        await until(site.client, token, 401)
