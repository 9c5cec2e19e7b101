"""Environment variables over HTTP: write-only ones, one at a time, all at once."""

import asyncio

import pytest

from .management import create

MARK = "[REDACTED]"


async def fresh(site, **variables) -> str:
    function = await create(site)
    await replaced(site, function["id"], variables)
    return f"/api/functions/{function['id']}"


async def replaced(site, function_id, variables, **more):
    path = f"/api/functions/{function_id}/env"
    answer = await site.client.put(path, json={"env_vars": variables, **more})
    assert answer.status_code == 200, answer.text


async def stored(site, path) -> dict[str, str]:
    return await site.server.store.env.all(path.rpartition("/")[2])


async def test_write_only_values_are_never_shown(site):
    path = await fresh(site)

    answer = await site.client.put(
        f"{path}/env", json={"env_vars": {"A": "1", "TOKEN": "s3cret"}, "write_only": ["TOKEN"]}
    )
    shown = [await site.client.get(path), await site.client.get(f"{path}/env")]

    assert answer.json()["version"] == 1
    for one in shown:
        assert one.json()["env_vars"] == {"A": "1", "TOKEN": MARK}
        assert "s3cret" not in one.text
    assert shown[1].json()["write_only"] == ["TOKEN"]
    assert await stored(site, path) == {"A": "1", "TOKEN": "s3cret"}


async def test_read_values_can_be_written_back(site):
    """A client that knows nothing of marks changes one variable and loses none."""
    path = await fresh(site, A="1", TOKEN="s3cret")
    await site.client.put(f"{path}/env/TOKEN", json={"value": MARK, "write_only": True})

    read = (await site.client.get(path)).json()["env_vars"]
    answer = await site.client.put(f"{path}/env", json={"env_vars": read | {"A": "2"}})

    assert answer.status_code == 200
    assert await stored(site, path) == {"A": "2", "TOKEN": "s3cret"}
    assert (await site.client.get(f"{path}/env")).json()["write_only"] == ["TOKEN"]


async def test_one_variable_is_changed_alone(site):
    path = await fresh(site, A="1", B="2")

    answers = await asyncio.gather(
        site.client.put(f"{path}/env/C", json={"value": "3"}),
        site.client.put(f"{path}/env/A", json={"value": ""}),
        site.client.delete(f"{path}/env/B"),
        site.client.delete(f"{path}/env/NOPE"),
    )

    assert {one.status_code for one in answers} == {204}
    assert await stored(site, path) == {"A": "", "C": "3"}


REFUSED = [
    pytest.param("", {}, "env_vars: env_vars cannot be nil", id="no variables"),
    pytest.param(
        "",
        {"env_vars": {"A": "1"}, "write_only": ["B"]},
        "write_only: write_only can only name variables of env_vars",
        id="mark without variable",
    ),
    pytest.param(
        "",
        {"env_vars": {"NOPE": MARK}},
        "env_vars: there is no variable NOPE whose value could stay as it is",
        id="nothing to keep",
    ),
    pytest.param(
        "",
        {"env_vars": {"TOKEN": MARK}, "write_only": []},
        "env_vars: TOKEN is write-only; only a new value can be made readable",
        id="unmask all",
    ),
    pytest.param(
        "/TOKEN",
        {"value": MARK, "write_only": False},
        "env_var_value: TOKEN is write-only; only a new value can be made readable",
        id="unmask one",
    ),
    pytest.param(
        "/NOPE",
        {"value": MARK},
        "env_var_value: there is no variable NOPE whose value could stay as it is",
        id="nothing to keep of one",
    ),
    pytest.param("/A", {}, "env_var_value: environment variable value is missing", id="no value"),
    pytest.param(
        "/A-B",
        {"value": "1"},
        "env_var_key: environment variable key can only contain letters, numbers, and underscores",
        id="name",
    ),
    pytest.param(
        "/A",
        {"value": "x" * 10_001},
        "env_var_value: environment variable value cannot be longer than 10000 characters",
        id="long",
    ),
]


@pytest.mark.parametrize(("key", "body", "text"), REFUSED)
async def test_a_refused_request_changes_nothing(site, key, body, text):
    path = await fresh(site, A="1", TOKEN="s3cret")
    await site.client.put(f"{path}/env/TOKEN", json={"value": MARK, "write_only": True})

    answer = await site.client.put(f"{path}/env{key}", json=body)

    assert (answer.status_code, answer.json()) == (400, {"error": text})
    assert await stored(site, path) == {"A": "1", "TOKEN": "s3cret"}
    shown = (await site.client.get(f"{path}/env")).json()
    assert shown == {"env_vars": {"A": "1", "TOKEN": MARK}, "write_only": ["TOKEN"]}


async def test_a_new_value_may_be_readable_again(site):
    path = await fresh(site)
    await site.client.put(f"{path}/env/TOKEN", json={"value": "s3cret", "write_only": True})
    await site.client.put(f"{path}/env/TOKEN", json={"value": "still"})
    assert (await site.client.get(f"{path}/env")).json()["env_vars"] == {"TOKEN": MARK}

    await site.client.put(f"{path}/env/TOKEN", json={"value": "new", "write_only": False})

    shown = (await site.client.get(f"{path}/env")).json()
    assert shown == {"env_vars": {"TOKEN": "new"}, "write_only": []}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_unknown_functions_have_no_variables(site, method):
    key = "" if method == "GET" else "/A"
    answer = await site.client.request(
        method, f"/api/functions/nope/env{key}", json={"value": "1", "env_vars": {}}
    )

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
