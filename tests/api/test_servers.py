"""The servers that work on one database, as the API shows them."""

import asyncio

from perilune import __version__
from tests.api.conftest import open_site
from tests.api.gate import soon
from tests.store.helpers import pass_a_moment


async def test_a_server_with_a_data_directory_is_the_only_one(site):
    (shown,) = (await site.client.get("/api/servers")).json()["servers"]

    assert shown.pop("id") == site.server.membership.this.id
    assert shown.pop("name").endswith(f":{site.server.port}")
    assert shown.pop("started_at") > 1_700_000_000
    assert shown == {
        "version": __version__,
        "state": "live",
        "leads": True,
        "is_this": True,
        "silent_ms": 0,
        "clock_ahead_ms": 0,
    }


async def test_strangers_are_not_told_about_servers(stranger):
    assert (await stranger.get("/api/servers")).status_code == 401


async def test_all_servers_are_listed_and_the_leader_is_the_first_that_lives(site, monkeypatch):
    store, this = site.server.store, site.server.membership.this
    monkeypatch.setattr(store, "is_shared", True)
    await store.servers.beat(this)
    pass_a_moment()
    await store.servers.beat(type(this)(id="other", name="host:1", version="2", ahead_s=-1.5))

    one, two = (await site.client.get("/api/servers")).json()["servers"]

    assert (one["id"], one["leads"], one["is_this"]) == (this.id, True, True)
    assert (two["id"], two["leads"], two["is_this"], two["clock_ahead_ms"]) == (
        *("other", False, False),
        -1500,
    )
    await store.servers.remove(this.id)
    await store.servers.remove("other")


async def test_a_draining_server_is_not_ready_and_still_answers_calls(tmp_path, monkeypatch):
    monkeypatch.setattr("perilune.api.health.REUSE_S", 0.0)
    async with open_site(tmp_path, drain_delay=60.0) as site:
        function_id = await site.answering(body="still here")
        before = await site.client.get("/readyz")

        draining = asyncio.create_task(site.server.drain())
        await asyncio.sleep(0)
        after = await site.client.get("/readyz")
        called = await site.client.get(f"/fn/{function_id}")

        assert (before.status_code, before.json()["server"]) == (200, "ok")
        assert (after.status_code, after.json()["server"]) == (503, "failed")
        assert after.json()["reason"] == "the server is about to stop"
        assert (called.status_code, called.text) == (200, "still here")
        assert not draining.done()
        draining.cancel()
        await soon(asyncio.wait([draining]))


async def test_without_a_delay_nothing_drains(site):
    await soon(site.server.drain())

    assert (await site.client.get("/readyz")).json()["server"] == "ok"
