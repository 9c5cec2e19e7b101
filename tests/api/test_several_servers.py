"""Three servers on one PostgreSQL database: what holds over all of them."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from perilune.events import HTTPResponse
from tests.api.conftest import Site, open_site
from tests.api.gate import soon
from tests.api.signed import standard
from tests.store.conftest import database, server

__all__ = ["database", "server"]

SIGNING_KEY = b"0123456789abcdef0123456789abcdef"
WRONG = {"Authorization": "Bearer wrong"}


@pytest.fixture
async def sites(tmp_path, database, monkeypatch) -> AsyncIterator[list[Site]]:
    """Servers that run the same functions; each knows of all others."""
    # They are in one process here, whose ids are to stay apart from those of no other test.
    monkeypatch.setattr("perilune.app.membership.use_server", lambda server_id: None)
    async with AsyncExitStack() as rooms:
        opened: list[Site] = []
        for number in range(3):
            site = await rooms.enter_async_context(
                open_site(tmp_path / str(number), database_url=database, secret_key="ab" * 32)
            )
            opened.append(site)
            site.runtime.behaviours = opened[0].runtime.behaviours
        for site in opened:
            await site.server.membership.beat()
        yield opened


@pytest.mark.slow
async def test_what_is_counted_is_counted_once(sites, tmp_path):
    """One test, as it takes longest to start the servers."""
    await each_lists_all(sites)
    await a_rate_of_ten_is_ten(sites)
    await a_message_is_accepted_by_one(sites)
    await a_limit_is_shared(sites)
    # Last: from then on nobody gets in without waiting.
    await wrong_credentials_are_counted_together(sites)


async def each_lists_all(sites: list[Site]) -> None:
    seen = [(await site.client.get("/api/servers")).json()["servers"] for site in sites]

    names = [one.server.membership.this.id for one in sites]
    assert [[one["id"] for one in listed] for listed in seen] == [names] * 3
    assert [[one["leads"] for one in listed] for listed in seen] == [[True, False, False]] * 3
    assert [[one["is_this"] for one in listed].index(True) for listed in seen] == [0, 1, 2]


async def a_rate_of_ten_is_ten(sites: list[Site]) -> None:
    function_id = await sites[0].answering(body="ok")
    await change(sites[0], function_id, rate_limit=10, rate_window_s=3600)

    answers = await asyncio.gather(
        *(site.client.get(f"/fn/{function_id}") for site in sites for _ in range(10))
    )

    codes = sorted(one.status_code for one in answers)
    assert codes == [200] * 10 + [429] * 20
    left = sorted(
        int(one.headers["RateLimit"].partition("r=")[2].partition(";")[0])
        for one in answers
        if one.status_code == 200
    )
    assert left == list(range(10))


async def a_message_is_accepted_by_one(sites: list[Site]) -> None:
    function_id = await sites[0].answering(body="ok")
    await change(sites[0], function_id, access="signature", signature_scheme="standard")
    store = sites[0].server.store
    secret = "whsec_" + base64.b64encode(SIGNING_KEY).decode()
    await store.signing_secrets.add(function_id, "s", secret)
    signed = standard(b"{}", SIGNING_KEY, time=int(time.time()))

    answers = await asyncio.gather(
        *(
            site.client.post(f"/fn/{function_id}", content=b"{}", headers=signed)
            for site in sites
            for _ in range(2)
        )
    )

    assert sorted(one.status_code for one in answers) == [200] + [401] * 5
    assert len(await sites[0].executions(function_id)) == 1


async def a_limit_is_shared(sites: list[Site]) -> None:
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def wait(_: object) -> HTTPResponse:
        begun.release()
        await may_end.wait()
        return HTTPResponse(body="done")

    function_id = await sites[0].create(wait)
    await change(sites[0], function_id, max_concurrency=3)
    calls = [asyncio.create_task(one.client.get(f"/fn/{function_id}")) for one in sites]
    for _ in calls:
        await soon(begun.acquire())

    refused = [await one.client.get(f"/fn/{function_id}") for one in sites]
    may_end.set()

    assert [one.status_code for one in refused] == [429] * 3
    assert [(await soon(one)).text for one in calls] == ["done"] * 3
    listed = await sites[0].executions(function_id)
    records = [await sites[0].server.store.get_execution(one["id"]) for one in listed]
    ids = {one.server.membership.this.id for one in sites}
    assert {one.server_id for one in records} == ids


async def wrong_credentials_are_counted_together(sites: list[Site]) -> None:
    tokens = [
        await sites[0].client.post("/api/tokens", json={"name": f"t{one}", "scopes": ["admin"]})
        for one in range(3)
    ]
    for number in range(10):
        wrong = await sites[number % 3].client.get("/api/functions", headers=WRONG)
        assert wrong.status_code == 401

    for site, made in zip(sites, tokens, strict=True):
        right = {"Authorization": f"Bearer {made.json()['token']}"}
        refused = await site.client.get("/api/functions", headers=right)
        assert refused.status_code == 429, "what is not looked at can't be right"


async def change(site: Site, function_id: str, **settings: object) -> None:
    answer = await site.client.put(f"/api/functions/{function_id}", json=settings)
    assert answer.status_code == 200, answer.text
