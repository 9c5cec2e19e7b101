"""The setting that keeps a function from changing its own environment (KD-141)."""

import pytest

from .management import create


async def test_it_is_given_at_the_creation(site):
    function = await create(site, env_writable=False)

    found = (await site.client.get(f"/api/functions/{function['id']}")).json()
    listed = (await site.client.get("/api/functions")).json()["functions"]
    assert function["env_writable"] is found["env_writable"] is False
    assert [one["env_writable"] for one in listed] == [False]


async def test_it_is_changed_alone_and_kept_by_other_changes(site):
    function = await create(site)
    path = f"/api/functions/{function['id']}"

    changed = await site.client.put(path, json={"env_writable": False})
    await site.client.put(path, json={"description": "other", "env_writable": None})

    assert changed.status_code == 200
    assert (await site.client.get(path)).json()["env_writable"] is False


@pytest.mark.parametrize("value", ["no", 0, []])
async def test_it_must_be_a_boolean(site, value):
    function = await create(site)

    answer = await site.client.put(f"/api/functions/{function['id']}", json={"env_writable": value})

    assert answer.status_code == 400


async def test_executions_are_told(site):
    function_id = await site.answering()
    await site.client.get(f"/fn/{function_id}")
    await site.client.put(f"/api/functions/{function_id}", json={"env_writable": False})
    await site.client.get(f"/fn/{function_id}")

    assert [one.env_writable for one in site.runtime.requests] == [True, False]


async def test_the_api_itself_may_still_change_the_environment(site):
    function = await create(site, env_writable=False)
    path = f"/api/functions/{function['id']}"

    answer = await site.client.put(f"{path}/env", json={"env_vars": {"MODE": "fast"}})

    assert answer.status_code == 200
    assert (await site.client.get(path)).json()["env_vars"] == {"MODE": "fast"}
