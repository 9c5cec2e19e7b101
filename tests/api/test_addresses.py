"""What functions are called by besides their ids: below `/fn/`, and in the management API."""

import pytest

from perilune.events import HTTPResponse
from perilune.function_settings import UpdateFunctionRequest
from perilune.store import Function
from tests.api.conftest import open_site
from tests.api.management import create

ID = "0123456789abcdefghij"


async def shown(site, function_id: str) -> dict:
    return (await site.client.get(f"/api/functions/{function_id}")).json()


async def change(site, function_id: str, **settings):
    return await site.client.put(f"/api/functions/{function_id}", json=settings)


# --- which address a new function gets ----------------------------------------


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("hello", "hello"),
        ("7-days", "7-days"),
        (" hello-2 ", "hello-2"),
        ("a" * 63, "a" * 63),
        pytest.param("a" * 64, None, id="too long"),
        pytest.param(ID, None, id="form of an id"),
        ("Hello", None),
        ("-hello", None),
        ("hello world", None),
        ("hello/world", None),
        ("grüße", None),
        ("hello_world", None),
    ],
)
async def test_a_new_function_is_called_by_its_name_if_that_fits(site, name, address):
    function = await create(site, name=name)

    assert function.get("address") == address
    assert function["url"] == f"/fn/{address or function['id']}"


async def test_a_second_function_of_a_name_has_only_its_id(site):
    first, second = await create(site, name="twin"), await create(site, name="twin")

    assert first["address"] == "twin"
    assert "address" not in second and second["url"] == f"/fn/{second['id']}"


async def test_the_name_of_a_function_without_an_address_gives_no_other_one_an_address(site):
    """As functions have none that are older than addresses."""
    await site.server.store.create_function(Function(id=ID, name="old"))

    assert "address" not in await create(site, name="old")


async def test_what_is_somebody_elses_address_is_no_address_by_name(site):
    await create(site, name="first", address="second")

    assert "address" not in await create(site, name="second")


async def test_a_function_that_is_made_again_under_its_name_gets_its_address_back(site):
    function_id = await site.create(_hello, name="again")
    await site.client.delete(f"/api/functions/{function_id}")
    between = await site.client.get("/fn/again")

    await site.create(_hello, name="again")

    assert between.status_code == 404
    assert (await site.client.get("/fn/again")).text == "hello"


async def test_null_asks_for_no_address(site):
    assert "address" not in await create(site, name="hidden", address=None)
    assert "address" not in await create(site, name="hidden2", address="")


# --- setting it ---------------------------------------------------------------


async def test_an_address_is_set_changed_and_cleared(site):
    function_id = await site.create(_hello, name="greeter")

    for address, path in (("Grüße.1", "/fn/Gr%C3%BC%C3%9Fe.1"), ("a@;b", "/fn/a@%3Bb")):
        changed = (await change(site, function_id, address=address)).json()
        assert (changed["address"], changed["url"]) == (address, path)
        assert (await site.client.get(path)).text == "hello"
    cleared = (await change(site, function_id, address=None)).json()

    assert "address" not in cleared and cleared["url"] == f"/fn/{function_id}"
    for gone in ("greeter", "Gr%C3%BC%C3%9Fe.1", "a@%3Bb"):
        assert (await site.client.get(f"/fn/{gone}")).status_code == 404
    assert (await site.client.get(f"/fn/{function_id}")).text == "hello"


async def test_another_name_or_other_code_leaves_the_address(site):
    function = await create(site, name="before")

    changed = (await change(site, function["id"], name="after", code="x")).json()

    assert (changed["name"], changed["address"]) == ("after", "before")


async def test_addresses_are_stored_composed_and_compared_exactly(site):
    function_id = await site.create(_hello, address="gru\u0308\u00dfe")

    assert (await shown(site, function_id))["address"] == "grüße"
    assert (await site.client.get("/fn/gr%C3%BC%C3%9Fe")).status_code == 200
    for other in ("gru%CC%88%C3%9Fe", "Gr%C3%BC%C3%9Fe", "gr%C3%BC%C3%9Fe%20"):
        assert (await site.client.get(f"/fn/{other}")).status_code == 404, other


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        *(
            (one, "cannot contain blanks, invisible characters or any of / \\ ? # %")
            for one in (
                "a/b",
                "a\\b",
                "a?b",
                "a#b",
                "a%b",
                "a b",
                "a\u00a0b",
                "a\u200bb",
                ".",
                "..",
            )
        ),
        (ID, "cannot have the form of an id"),
        ("a" * 64, "cannot be longer than 63 characters"),
    ],
)
async def test_what_can_be_no_address_is_refused(site, address, rule):
    refused = await site.client.post(
        "/api/functions", json={"name": "n", "code": "x", "address": address}
    )

    assert refused.status_code == 400
    assert refused.json() == {"error": f"address: address {rule}"}


async def test_an_address_that_is_taken_is_a_conflict_that_names_its_owner(site):
    owner, other = await create(site, name="owner"), await create(site, name="other")
    before = await shown(site, other["id"])

    wanted = {"name": "n", "code": "x", "address": "owner"}
    answers = [
        await site.client.post("/api/functions", json=wanted),
        await change(site, other["id"], address="owner", code="new"),
    ]

    for answer in answers:
        assert answer.status_code == 409
        assert answer.json() == {
            "error": f"address: 'owner' is the address of the function 'owner' ({owner['id']})"
        }
    assert await shown(site, other["id"]) == before, "not even the code"
    assert (await site.client.get("/api/functions")).json()["pagination"]["total"] == 2
    assert (await change(site, owner["id"], address="owner")).status_code == 200


async def test_lists_show_addresses_and_find_them(site):
    await create(site, name="One", address="first-hook")
    await create(site, name="Two", address="second-hook")

    found = (await site.client.get("/api/functions", params={"q": "rst-ho"})).json()["functions"]

    assert [(one["address"], one["url"]) for one in found] == [("first-hook", "/fn/first-hook")]


# --- calls --------------------------------------------------------------------


async def test_a_call_by_address_is_a_call_of_the_function_at_another_mount(site):
    function_id = await site.create(_hello, name="mounted")

    answer = await site.client.get("/fn/mounted/a%2Fb/?x=1")
    event = site.runtime.event
    by_id = await site.client.get(f"/fn/{function_id}/")

    assert answer.text == by_id.text == "hello"
    assert answer.headers["x-function-id"] == function_id
    assert (event.path, event.relative_path, event.raw_relative_path) == (
        *("/fn/mounted/a/b/", "/a/b/"),
        "/a%2Fb/",
    )
    assert site.runtime.event.path == f"/fn/{function_id}/"
    assert len(await site.executions(function_id)) == 2


@pytest.mark.parametrize("host", ["", "fn.example.org"])
async def test_cookies_are_for_the_mount_that_was_called(tmp_path, host):
    async with open_site(tmp_path, function_host=host) as site:
        function_id = await site.answering(headers={"Set-Cookie": "a=1; Path=/"})
        await change(site, function_id, address="shop")
        headers = {"Host": host} if host else {}

        paths = [
            (await site.client.get(f"/fn/{one}/cart", headers=headers)).headers["set-cookie"]
            for one in ("shop", function_id)
        ]

    assert paths == ["a=1; Path=/fn/shop", f"a=1; Path=/fn/{function_id}"]


async def test_ids_go_first(site):
    """Ids of other forms than ours, which embedding programs may give, are found too."""
    await site.server.store.create_function(Function(id="x", name="mine", disabled=True))
    function_id = await site.create(_hello)
    await site.server.store.update_function(function_id, UpdateFunctionRequest(address="x"))

    assert (await site.client.get("/fn/x")).status_code == 403

    await site.server.store.delete_function("x")
    assert (await site.client.get("/fn/x")).text == "hello"


async def test_an_address_that_moves_leads_to_its_new_owner_at_once(site):
    first = await site.create(_hello, name="place")
    second = await site.create(_goodbye, name="n")
    assert (await site.client.get("/fn/place")).text == "hello"

    await change(site, first, address=None)
    gone = await site.client.get("/fn/place")
    await change(site, second, address="place")

    assert gone.status_code == 404
    assert (await site.client.get("/fn/place")).text == "goodbye"
    await site.client.delete(f"/api/functions/{second}")
    assert (await site.client.get("/fn/place")).status_code == 404


async def test_every_guard_holds_for_both_forms_together(site):
    function_id = await site.create(
        _hello, name="guarded", access="token", rate_limit=2, allowed_methods="POST"
    )
    forms = ("guarded", function_id)

    stranger = {"Authorization": "Bearer x"}
    refused = [await site.client.post(f"/fn/{one}", headers=stranger) for one in forms]
    methods = [await site.client.get(f"/fn/{one}") for one in forms]
    preflights = [await site.client.options(f"/fn/{one}") for one in forms]
    calls = [await site.client.post(f"/fn/{one}") for one in (*forms, *forms)]
    await change(site, function_id, disabled=True, rate_limit=None)
    disabled = [await site.client.post(f"/fn/{one}") for one in forms]

    assert [one.status_code for one in refused] == [401, 401]
    assert [one.status_code for one in methods] == [405, 405]
    assert [one.headers["allow"] for one in preflights] == ["OPTIONS, POST"] * 2
    assert [one.status_code for one in calls] == [200, 200, 429, 429]
    assert [one.status_code for one in disabled] == [403, 403]


# --- where it is called from outside ------------------------------------------


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "/fn/hello"),
        ({"base_url": "https://faas.example.org/"}, "https://faas.example.org/fn/hello"),
        ({"function_host": "fn.example.org"}, "http://fn.example.org:{port}/fn/hello"),
        (
            {"base_url": "https://faas.example.org:8443", "function_host": "fn.example.org"},
            "https://fn.example.org:8443/fn/hello",
        ),
    ],
)
async def test_the_url_is_as_public_as_the_settings_say(tmp_path, settings, url):
    async with open_site(tmp_path, **settings) as site:
        function_id = await site.create(_hello, name="hello")
        host = {"Host": "fn.example.org"} if "function_host" in settings else {}
        await site.client.get("/fn/hello", headers=host)

        expected = url.format(port=site.server.port)
        listed = (await site.client.get("/api/functions")).json()["functions"]
        assert (await shown(site, function_id))["url"] == listed[0]["url"] == expected
        base = site.runtime.requests[-1].context.base_url
        # What functions build links from leads to them, too.
        if settings:
            assert f"{base.rstrip('/')}/fn/hello" == expected


async def _hello(_) -> HTTPResponse:
    return HTTPResponse(headers={"Content-Type": "text/plain"}, body="hello")


async def _goodbye(_) -> HTTPResponse:
    return HTTPResponse(headers={"Content-Type": "text/plain"}, body="goodbye")
