"""Lists of functions: their pages, what is searched and how they are sorted (`rest-api` 3)."""

import pytest

from perilune.events import HTTPResponse
from perilune.store import Function

from .management import CODE, create


async def test_lists_show_functions_of_a_kind(site):
    async def fails(_):
        return HTTPResponse(status_code=500)

    ids = {
        "plain": await site.answering(),
        "failing": await site.create(fails, name="failing"),
        "resting": await site.create(fails, name="resting"),
        "nightly": await site.create(
            fails, name="nightly", cron_schedule="0 3 * * *", cron_status="paused"
        ),
    }
    await site.client.get(f"/fn/{ids['plain']}")
    await site.client.get(f"/fn/{ids['failing']}")
    await site.client.put(f"/api/functions/{ids['resting']}", json={"disabled": True})
    expected = {
        "enabled": {"plain", "failing", "nightly"},
        "disabled": {"resting"},
        "scheduled": {"nightly"},
        "failing": {"failing"},
        "": set(ids),
    }

    for kind, names in expected.items():
        answer = await site.client.get("/api/functions", params={"show": kind, "limit": 1})
        assert answer.json()["pagination"]["total"] == len(names)
        answer = await site.client.get("/api/functions", params={"show": kind})
        assert {one["id"] for one in answer.json()["functions"]} == {ids[name] for name in names}

    refused = await site.client.get("/api/functions?show=broken")
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("show: show must be one of: [enabled disabled")


async def test_lists_are_newest_first_in_pages(site):
    assert (await site.client.get("/api/functions")).json() == {
        "functions": [],
        "pagination": {"total": 0, "limit": 20, "offset": 0},
    }
    ids = [(await create(site, name=f"f{number}"))["id"] for number in range(3)]
    await site.client.put(f"/api/functions/{ids[0]}/env", json={"env_vars": {"A": "secret"}})

    page = (await site.client.get("/api/functions?limit=2&offset=1")).json()

    everything = (await site.client.get("/api/functions")).json()["functions"]
    assert sorted(one["id"] for one in everything) == sorted(ids)
    assert page["functions"] == everything[1:]
    assert page["pagination"] == {"total": 3, "limit": 2, "offset": 1}
    assert all(one["env_vars"] == {} for one in everything)
    assert all(one["active_version"]["code"] == CODE for one in everything)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=ALPHA", ["Alpha 100%"]),
        ("q=tidy", ["beta_2"]),
        ("q=100%25", ["Alpha 100%"]),
        ("q=%25", ["Alpha 100%"]),
        ("q=_", ["beta_2"]),
        ("q=%5C", []),
        ("q=", ["gamma", "beta_2", "Alpha 100%"]),
        ("sort=name", ["Alpha 100%", "beta_2", "gamma"]),
        ("sort=-name", ["gamma", "beta_2", "Alpha 100%"]),
        ("sort=created_at", ["Alpha 100%", "beta_2", "gamma"]),
        ("sort=-created_at&q=a&limit=2", ["gamma", "beta_2"]),
        ("sort=-updated_at", ["gamma", "beta_2", "Alpha 100%"]),
    ],
)
async def test_lists_are_searched_and_sorted(site, query, names):
    for number, (name, description) in enumerate(
        [("Alpha 100%", None), ("beta_2", "keeps Tidy"), ("gamma", None)]
    ):
        await site.server.store.create_function(
            Function(id=f"f{number}", name=name, description=description)
        )

    found = (await site.client.get(f"/api/functions?{query}")).json()

    assert [one["name"] for one in found["functions"]] == names
    if "limit" not in query:
        assert found["pagination"]["total"] == len(names)


async def test_ids_are_searched_too(site):
    wanted = (await create(site))["id"]
    await create(site)

    found = (await site.client.get(f"/api/functions?q={wanted[-6:]}")).json()["functions"]

    assert [one["id"] for one in found] == [wanted]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("q=" + "x" * 101, "q: q cannot be longer than 100 characters"),
        (
            "sort=code",
            "sort: sort must be one of: [-created_at created_at name -name -updated_at updated_at]",
        ),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(site, query, text):
    answer = await site.client.get(f"/api/functions?{query}")

    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 20, 0),
        ("limit=101", 100, 0),
        ("limit=0", 20, 0),
        ("limit=-5", 20, 0),
        ("limit=abc", 20, 0),
        ("limit=1_0", 20, 0),
        ("limit=5.0", 20, 0),
        ("limit=%205", 20, 0),
        ("limit=%D9%A3", 20, 0),
        ("limit=%2B5", 5, 0),
        ("limit=99999999999999999999999", 20, 0),
        ("offset=-1", 20, 0),
        ("offset=x", 20, 0),
        ("offset=7", 20, 7),
        ("offset=9223372036854775807", 20, 9223372036854775807),
        ("offset=9223372036854775808", 20, 0),
    ],
)
async def test_pagination_never_fails(site, query, limit, offset):
    answer = await site.client.get(f"/api/functions?{query}")

    assert answer.status_code == 200
    assert answer.json()["pagination"] == {"total": 0, "limit": limit, "offset": offset}
