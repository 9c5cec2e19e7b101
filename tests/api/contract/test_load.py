"""Many clients at once on one real server: nothing is lost, nothing is left over.

Each client knows what became of its own functions, so whatever another client or a race undid
is found in the end.  The short form is part of every run; `make test-api` takes a minute.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bench.processes import serving

from ..conftest import KEY

SECONDS = float(os.environ.get("PERILUNE_LOAD_SECONDS", "2"))
CLIENTS = 50
UPDATES = 30
CHANGED_BY_OTHERS = frozenset({200, 404, 503})
"""What a call of another client's function may answer: it may be deleted at any time."""


def code_of(mark: str) -> str:
    return (
        "function handler(ctx, event)\n"
        '  log.info("called")\n'
        '  kv.set("last", event.body)\n'
        f'  return {{ body = "{mark}" }}\n'
        "end"
    )


@dataclass
class Known:
    """What one client has made of one function."""

    id: str
    mark: str
    versions: int = 1
    description: str = ""
    variables: dict[str, str] = field(default_factory=dict)


class Client:
    """Creates, changes, calls and deletes functions until its time is over."""

    def __init__(self, number: int, http: httpx.AsyncClient, everyone: list[Known]) -> None:
        self._number = number
        self._http = http
        self._everyone = everyone
        self._random = random.Random(number)
        self._steps = 0
        self.mine: list[Known] = []
        self.deleted: list[str] = []
        self.statuses: Counter[tuple[str, int]] = Counter()

    async def work(self, until: float) -> None:
        actions = [
            self._update,
            self._update,
            self._call,
            self._call,
            self._set_env,
            self._describe,
        ]
        while time.monotonic() < until:
            if len(self.mine) < 2:
                await self._create()
            await self._random.choice(actions)(self._random.choice(self.mine))
            await self._call_another()
            if self._random.random() < 0.15:
                await self._delete()

    async def _send(self, what: str, method: str, path: str, **more) -> httpx.Response:
        answer = await self._http.request(method, path, **more)
        self.statuses[what, answer.status_code] += 1
        return answer

    def _mark(self) -> str:
        self._steps += 1
        return f"{self._number}-{self._steps}"

    async def _create(self) -> None:
        mark = self._mark()
        body = {"name": f"f{self._number}", "code": code_of(mark)}
        answer = await self._send("create", "POST", "/api/functions", json=body)
        assert answer.status_code == 200, answer.text
        known = Known(answer.json()["id"], mark)
        self.mine.append(known)
        self._everyone.append(known)

    async def _update(self, known: Known) -> None:
        mark = self._mark()
        path = f"/api/functions/{known.id}"
        answer = await self._send("update", "PUT", path, json={"code": code_of(mark)})
        assert answer.status_code == 200, answer.text
        known.mark, known.versions = mark, known.versions + 1
        assert answer.json()["active_version"]["version"] == known.versions

    async def _describe(self, known: Known) -> None:
        text = self._mark()
        path = f"/api/functions/{known.id}"
        answer = await self._send("describe", "PUT", path, json={"description": text})
        assert answer.status_code == 200, answer.text
        known.description = text

    async def _set_env(self, known: Known) -> None:
        variables = {"MARK": self._mark()}
        path = f"/api/functions/{known.id}/env"
        answer = await self._send("env", "PUT", path, json={"env_vars": variables})
        assert answer.status_code == 200, answer.text
        known.variables = variables

    async def _call(self, known: Known) -> None:
        answer = await self._send("call", "POST", f"/fn/{known.id}", content=b"x")
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            assert answer.text == known.mark, "a version that is no longer active was called"

    async def _call_another(self) -> None:
        known = self._random.choice(self._everyone)
        answer = await self._send("call another", "POST", f"/fn/{known.id}", content=b"x")
        assert answer.status_code in CHANGED_BY_OTHERS, answer.text

    async def _delete(self) -> None:
        known = self.mine.pop(self._random.randrange(len(self.mine)))
        answer = await self._send("delete", "DELETE", f"/api/functions/{known.id}")
        assert answer.status_code == 204, answer.text
        self.deleted.append(known.id)


async def check_kept(http: httpx.AsyncClient, client: Client) -> None:
    """Every function is as its client left it."""
    for known in client.mine:
        found = (await http.get(f"/api/functions/{known.id}")).json()
        assert found["active_version"]["code"] == code_of(known.mark)
        assert found["active_version"]["version"] == known.versions
        assert found.get("description", "") == known.description
        assert found["env_vars"] == known.variables
        versions = (await http.get(f"/api/functions/{known.id}/versions?limit=1")).json()
        assert versions["pagination"]["total"] == known.versions
    for function_id in client.deleted[-3:]:
        assert (await http.get(f"/api/functions/{function_id}")).status_code == 404


def check_file(path: Path, kept: set[str]) -> None:
    """The database is whole, and has nothing of a function that is gone."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        owners = {"function_id": kept, "execution_id": set()}
        owners["execution_id"] = {i for (i,) in database.execute("SELECT id FROM executions")}
        seen = 0
        for table in tables:
            columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            for column in columns & owners.keys():
                found = {
                    one
                    for (one,) in database.execute(f"SELECT DISTINCT {column} FROM {table}")
                    if one is not None
                }
                assert found <= owners[column], (table, column)
                seen += len(found)
        assert {i for (i,) in database.execute("SELECT id FROM functions")} == kept
        assert seen > len(kept)
        pending = database.execute("SELECT count(*) FROM executions WHERE status = 'pending'")
        assert pending.fetchone() == (0,)


def connected(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {KEY}"},
        limits=httpx.Limits(max_connections=None),
        timeout=60,
        trust_env=False,
    )


@pytest.mark.slow
async def test_fifty_clients_lose_nothing_and_leave_nothing(tmp_path):
    everyone: list[Known] = []
    with serving(tmp_path, {"API_KEY": KEY, "PERILUNE_ACCESS_LOG": "off"}) as server:
        async with connected(server.base_url) as http:
            clients = [Client(number, http, everyone) for number in range(CLIENTS)]
            until = time.monotonic() + SECONDS
            await asyncio.gather(*(one.work(until) for one in clients))
            for one in clients:
                await check_kept(http, one)
    statuses = sum((one.statuses for one in clients), Counter())
    kept = {known.id for one in clients for known in one.mine}
    check_file(tmp_path / "lunar.db", kept)
    for what in ("create", "update", "describe", "env", "call", "call another", "delete"):
        assert any(action == what for action, _ in statuses), statuses
    assert statuses["call", 200] > statuses["call", 503]


async def test_thirty_updates_at_once_give_thirty_versions(tmp_path):
    with serving(tmp_path, {"API_KEY": KEY}) as server:
        async with connected(server.base_url) as http:
            body = {"name": "shared", "code": code_of("first")}
            function_id = (await http.post("/api/functions", json=body)).json()["id"]
            path = f"/api/functions/{function_id}"
            answers = await asyncio.gather(
                *(http.put(path, json={"code": code_of(f"m{n}")}) for n in range(UPDATES))
            )
            listed = (await http.get(f"{path}/versions?limit=100")).json()["versions"]
            active = (await http.get(path)).json()["active_version"]

    assert [answer.status_code for answer in answers] == [200] * UPDATES
    assert [one["version"] for one in listed] == list(range(UPDATES + 1, 0, -1))
    assert {one["code"] for one in listed[:-1]} == {code_of(f"m{n}") for n in range(UPDATES)}
    assert [one["is_active"] for one in listed] == [True] + [False] * UPDATES
    assert active == listed[0]
