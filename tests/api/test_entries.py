"""The management API: key-value pairs of functions."""

import base64

import pytest

from perilune.services.kv import KVLimits

from .management import create


@pytest.fixture
async def kv(site):
    """The path of a function's pairs."""
    return f"/api/functions/{(await create(site))['id']}/kv"


async def test_a_entry_is_written_read_and_removed(site, kv):
    written = await site.client.put(f"{kv}/greeting", json={"value": "hällo"})
    read = await site.client.get(f"{kv}/greeting")
    gone = await site.client.delete(f"{kv}/greeting")
    after = await site.client.get(f"{kv}/greeting")

    assert written.status_code == 200
    assert written.json() == read.json() == {"key": "greeting", "value": "hällo", "size": 6}
    assert (gone.status_code, gone.content) == (204, b"")
    assert (after.status_code, after.json()) == (404, {"error": "Key not found"})
    assert (await site.client.delete(f"{kv}/greeting")).status_code == 204


async def test_functions_and_the_api_see_each_others_writes(site, kv):
    function_id = kv.split("/")[3]
    rows = site.server.store.kv

    await site.client.put(f"{kv}/a", json={"value": "1"})
    await rows.set(function_id, b"b", b"2", None, 1000)

    assert await rows.get(function_id, b"a") == b"1"
    assert (await site.client.get(f"{kv}/b")).json()["value"] == "2"


@pytest.mark.parametrize(
    ("escaped", "key"),
    [
        ("a%2Fb", b"a/b"),
        ("a/b", b"a/b"),
        ("%FF%00", b"\xff\x00"),
        ("%C3%A4", "ä".encode()),
        ("a%20b%3F%23%25", b"a b?#%"),
        ("", b""),
    ],
)
async def test_every_key_can_be_named(site, kv, escaped, key):
    path = f"{kv}/{escaped}"

    answer = await site.client.put(path, json={"value": "v"})

    assert answer.status_code == 200, answer.text
    assert await site.server.store.kv.get(kv.split("/")[3], key) == b"v"
    assert (await site.client.get(path)).json()["value"] == "v"
    assert (await site.client.delete(path)).status_code == 204
    assert await site.server.store.kv.get(kv.split("/")[3], key) is None


@pytest.mark.parametrize("separator", ["%2Fkv/", "%2Fkv%2F", "/kv%2F"])
async def test_slashes_of_the_path_may_be_escaped(site, kv, separator):
    """The key is looked for in the path that chose the route."""
    await site.client.put(f"{kv}/a/b", json={"value": "v"})

    answer = await site.client.get(f"{kv.removesuffix('/kv')}{separator}a/b")

    assert (answer.status_code, answer.json()["value"]) == (200, "v")


async def test_binary_bytes_are_base64(site, kv):
    value = base64.b64encode(b"\xff\x00").decode()

    written = (await site.client.put(f"{kv}/%FE", json={"value": value, "base64": True})).json()
    (listed,) = (await site.client.get(kv)).json()["items"]

    assert written == listed
    assert listed == {
        "key": base64.b64encode(b"\xfe").decode(),
        "key_base64": True,
        "value": value,
        "base64": True,
        "size": 2,
    }


async def test_a_entry_expires(site, kv):
    written = (await site.client.put(f"{kv}/a", json={"value": "1", "ttl": 60})).json()
    again = (await site.client.put(f"{kv}/a", json={"value": "1"})).json()

    created = (await site.client.get(kv.rpartition("/")[0])).json()["created_at"]
    assert 55 <= written["expires_at"] - created <= 65
    assert "expires_at" not in again


async def test_lists_come_in_parts_with_the_beginning_of_long_values(site, kv):
    for number in range(5):
        await site.client.put(f"{kv}/user:{number}", json={"value": "x" * (600 * number)})
    await site.client.put(f"{kv}/other", json={"value": "ä" * 600})

    first = (await site.client.get(kv, params={"prefix": "user:", "limit": 3})).json()
    cursor = first["next_cursor"]
    rest = (await site.client.get(kv, params={"prefix": "user:", "cursor": cursor})).json()
    (other,) = (await site.client.get(kv, params={"prefix": "o"})).json()["items"]

    items = first["items"] + rest["items"]
    assert [one["key"] for one in items] == [f"user:{number}" for number in range(5)]
    assert [one["size"] for one in items] == [600 * number for number in range(5)]
    assert [len(one["value"]) for one in items] == [0, 600, 1024, 1024, 1024]
    assert [one.get("truncated") for one in items] == [None, None, True, True, True]
    assert "next_cursor" not in rest
    assert (other["value"], other["truncated"]) == ("ä" * 512, True)
    assert first["used_bytes"] == 600 * 10 + 5 * 6 + 1200 + 5
    assert first["quota_bytes"] == KVLimits().max_function_bytes


@pytest.mark.parametrize(
    ("key", "body", "text"),
    [
        ("k" * 513, {"value": ""}, "KV error: key is too long"),
        ("k", {"value": "x" * (1024 * 1024 + 1)}, "KV error: value is too large"),
        ("k", {"value": "!", "base64": True}, "value: value is not base64"),
        ("k", {"value": "é", "base64": True}, "value: value is not base64"),
        ("k", {"value": "", "ttl": 0}, "ttl: ttl must be a positive number of seconds"),
        ("k", {"value": "", "ttl": -1}, "ttl: ttl must be a positive number of seconds"),
        ("k", {}, "Invalid request body"),
        ("k", {"value": 1}, "Invalid request body"),
    ],
)
async def test_the_limits_of_functions_hold_here_too(site, kv, key, body, text):
    answer = await site.client.put(f"{kv}/{key}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(text)
    assert (await site.client.get(kv)).json()["items"] == []


@pytest.mark.parametrize(
    "ttl",
    [
        "-1",
        "0",
        "-0.0",
        "3153600001",
        "1e300",
        "1e400",
        "1" * 400,
        "NaN",
        "Infinity",
        "true",
        '"60"',
    ],
)
async def test_a_life_without_sense_is_refused(site, kv, ttl):
    answer = await site.client.put(f"{kv}/k", content=f'{{"value": "", "ttl": {ttl}}}')

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(("ttl: ttl must be a positive", "Invalid request"))
    assert (await site.client.get(kv)).json()["items"] == []


async def test_a_life_of_a_hundred_years(site, kv):
    written = await site.client.put(f"{kv}/k", json={"value": "", "ttl": 3153600000})

    assert written.json()["expires_at"] > 3153600000


@pytest.mark.parametrize("cursor", ["x", "-!", "-a"])
async def test_an_invalid_cursor_is_refused(site, kv, cursor):
    answer = await site.client.get(kv, params={"cursor": cursor})

    assert answer.json() == {"error": "cursor: cursor must come from an earlier answer"}


async def test_functions_that_do_not_exist(site):
    path = "/api/functions/nope/kv"

    answers = [
        await site.client.get(path),
        await site.client.get(f"{path}/k"),
        await site.client.put(f"{path}/k", json={"value": "v"}),
        await site.client.delete(f"{path}/k"),
    ]

    assert {(one.status_code, one.text) for one in answers} == {
        (404, '{"error":"Function not found"}\n')
    }
