"""What the server tells about the guest API: the guide for models and the document for editors."""

import re

import pytest

from perilune import __version__
from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.guest.api.handler import CTX, EVENT
from perilune.runtimes.guest.docs import llms_text
from perilune.runtimes.languages.javascript_types import javascript_types
from perilune.runtimes.languages.python_stubs import python_stubs


async def test_the_guide_is_public_text(stranger):
    answer = await stranger.get("/llms.txt")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text == llms_text()


async def test_the_document_for_editors_needs_the_key(site, stranger):
    refused = await stranger.get("/api/guest-api.json")
    answer = await site.client.get("/api/guest-api.json")

    assert refused.status_code == 401 and "kv" not in refused.text
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["version"] == __version__
    names = [one["full_name"] for module in document["modules"] for one in module["functions"]]
    assert names == [function.full_name for function in GUEST_API]
    assert [one["name"] for one in document["handler"]] == ["ctx", "event"]


def test_the_types_name_the_same_members_of_what_handlers_are_called_with():
    for member in (*CTX.members, *EVENT.members):
        snake = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", member.name)
        assert re.search(rf"^ +{member.name}\??:", javascript_types(), re.MULTILINE)
        assert f"    {snake}: " in python_stubs()
        assert f"| `{member.name}` |" in llms_text()


@pytest.mark.parametrize("path", ["/llms.txt", "/api/guest-api.json"])
async def test_only_get_and_head(site, path):
    head, posted = await site.client.head(path), await site.client.post(path)

    assert head.status_code == 200 and head.content == b""
    assert int(head.headers["content-length"]) > 1000
    assert posted.status_code == 405
    assert posted.headers["allow"].startswith("GET")


@pytest.mark.parametrize(
    ("name", "types"),
    [("perilune_guest.pyi", python_stubs()), ("perilune.d.ts", javascript_types())],
)
async def test_the_types_of_what_functions_import_are_served(site, stranger, name, types):
    refused = await stranger.get(f"/api/{name}")
    answer = await site.client.get(f"/api/{name}")

    assert refused.status_code == 401
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == types
