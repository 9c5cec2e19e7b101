"""The example that shortens URLs, in every language."""

import json

import pytest

from tests.examples.conftest import (
    BASE_URL,
    STRANGERS,
    TOKEN,
    Stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_short_url_leads_to_the_long_one(stage: Stage) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")
    target = "https://example.org/a?b=c#d"

    made = await shortener.call("POST", headers=TOKEN, body=json.dumps({"url": target}))
    followed = await shortener.call("GET", "/" + made.json["code"])

    assert made.status == 201
    assert made.json["url"] == f"{BASE_URL}/fn/{shortener.id}/{made.json['code']}"
    assert (followed.status, followed.response.headers["Location"]) == (302, target)


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/nothere", "no such link"),
        ("GET", "/", "not found"),
        ("GET", "/a/b", "not found"),
        ("POST", "/nothere", "not found"),
        ("DELETE", "/nothere", "not found"),
    ],
)
async def test_an_unknown_short_url_is_not_found(
    stage: Stage, method: str, path: str, error: str
) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call(method, path, headers=TOKEN)

    assert (answer.status, answer.json) == (404, {"error": error})


NO_ADDRESS = "url must be an http or https address"
LONGEST = "https://x/" + "é" * 1990


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param('{"url": "javascript:alert(1)"}', NO_ADDRESS, id="script"),
        pytest.param('{"url": "/relative"}', NO_ADDRESS, id="relative"),
        pytest.param('{"url": "//x/y"}', NO_ADDRESS, id="no scheme"),
        pytest.param('{"url": "https:x"}', NO_ADDRESS, id="no slashes"),
        pytest.param('{"url": "https://"}', NO_ADDRESS, id="no host"),
        pytest.param('{"url": " https://x/"}', NO_ADDRESS, id="blank before"),
        pytest.param(json.dumps({"url": "https://x/\r\ny"}), NO_ADDRESS, id="line break"),
        pytest.param('{"url": 7}', NO_ADDRESS, id="number"),
        pytest.param('{"url": null}', NO_ADDRESS, id="null URL"),
        pytest.param(json.dumps({"url": LONGEST + "é"}), NO_ADDRESS, id="too long"),
        pytest.param("{}", NO_ADDRESS, id="no URL"),
        pytest.param("[]", NO_ADDRESS, id="array"),
        pytest.param("null", NO_ADDRESS, id="null"),
        pytest.param("", "the body is no JSON", id="empty"),
    ],
)
async def test_only_web_addresses_are_shortened(stage: Stage, body: str, error: str) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("POST", headers=TOKEN, body=body)

    assert (answer.status, answer.json) == (400, {"error": error})
    assert (await stage.kv.list(shortener.id, b"", 10, None)).items == []


@pytest.mark.parametrize("target", ["HTTP://user@example.org:81?q", LONGEST], ids=["odd", "long"])
async def test_any_web_address_is_shortened_as_it_is(stage: Stage, target: str) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    made = await shortener.call("POST", headers=TOKEN, body=json.dumps({"url": target}))

    assert made.status == 201, made.text
    assert await stage.kv.get(shortener.id, f"link:{made.json['code']}".encode()) == target.encode()


async def test_a_link_that_cannot_be_stored_is_not_given_away(stage: Stage) -> None:
    stage.kv.fill()
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("POST", headers=TOKEN, body='{"url": "https://example.org"}')

    assert (answer.status, answer.json) == (503, {"error": "try again"})
    (line,) = answer.logs
    assert line.startswith("link not stored: KV error: ")


async def test_a_link_that_cannot_be_read_is_not_called_missing(stage: Stage) -> None:
    stage.kv.is_readable = False
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("GET", "/code")

    assert (answer.status, answer.json) == (503, {"error": "try again"})
    assert answer.logs == ["link not read: KV error: unreadable"]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_cannot_shorten(stage: Stage, headers: dict[str, str]) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("POST", headers=headers, body='{"url": "https://example.org"}')

    assert (answer.status, answer.json) == (401, {"error": "wrong or missing token"})
    assert (await stage.kv.list(shortener.id, b"", 10, None)).items == []
