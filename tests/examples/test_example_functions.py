"""What the example functions do, when all goes well and when it does not."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from tests.examples.conftest import (
    BASE_URL,
    STRANGERS,
    TOKEN,
    Stage,
    UnreadableKV,
    full_kv,
    open_stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

# counter ------------------------------------------------------------------------


async def test_the_counter_counts(stage: Stage) -> None:
    counter = await stage.deploy("counter")

    assert [(await counter.call()).json["visits"] for _ in range(3)] == [1, 2, 3]


async def test_the_counter_says_when_it_can_not_count(stage: Stage) -> None:
    counter = await stage.deploy("counter")
    await stage.kv.set(counter.id, "visits", "many")

    answer = await counter.call()

    assert (answer.status, answer.json) == (503, {"error": "can't count at the moment"})
    (line,) = answer.logs
    assert line == "visit not counted: failed to increment value: the value is not a number"


# github_webhook -----------------------------------------------------------------


def signed(body: str, secret: str = "s3cret", event: str = "push") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "X-Github-Event": event}


PUSH = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "ada/engine"}})


async def test_the_webhook_counts_genuine_pushes(stage: Stage) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    await webhook.call("POST", body=PUSH, headers=signed(PUSH))
    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH))

    assert (answer.status, answer.json) == (200, {"repository": "ada/engine", "pushes": 2})
    assert answer.logs == ['push {"ref":"refs/heads/main","repository":"ada/engine"}']


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param(signed(PUSH, secret="guess"), id="other secret"),
        pytest.param(signed(PUSH + " "), id="other body"),
        pytest.param({"X-Hub-Signature-256": "sha256="}, id="empty"),
    ],
)
async def test_the_webhook_refuses_bad_signatures(stage: Stage, headers: dict[str, str]) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=PUSH, headers=headers)

    assert (answer.status, answer.json) == (401, {"error": "bad signature"})
    assert (await stage.kv.list(webhook.id, b"", 10, None)).items == []


@pytest.mark.parametrize(
    ("body", "event", "expected"),
    [
        pytest.param("{}", "ping", (202, {"ignored": "ping"}), id="other event"),
        pytest.param("{}", "", (202, {"ignored": ""}), id="no event"),
        pytest.param("{}", "push", (400, {"error": "no repository"}), id="no repository"),
        pytest.param("7", "push", (400, {"error": "no repository"}), id="no object"),
        pytest.param(
            '{"repository":{}}', "push", (400, {"error": "no repository"}), id="no repository name"
        ),
        pytest.param(
            '{"repository":null}', "push", (400, {"error": "no repository"}), id="null repository"
        ),
        pytest.param(
            '{"repository":{"full_name":7}}',
            "push",
            (400, {"error": "no repository"}),
            id="repository name is a number",
        ),
        pytest.param("null", "push", (400, {"error": "no repository"}), id="null"),
        pytest.param("{", "push", (400, {"error": "the body is no JSON"}), id="broken JSON"),
    ],
)
async def test_the_webhook_takes_only_pushes(stage: Stage, body, event, expected) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=body, headers=signed(body, event=event))

    assert (answer.status, answer.json) == expected


@pytest.mark.parametrize("env", [{}, {"WEBHOOK_SECRET": ""}], ids=["missing", "empty"])
async def test_the_webhook_without_a_secret_trusts_nobody(
    stage: Stage, env: dict[str, str]
) -> None:
    webhook = await stage.deploy("github_webhook", **env)

    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH, secret=""))

    assert (answer.status, answer.json) == (500, {"error": "not configured"})
    assert answer.logs == ["WEBHOOK_SECRET is not set"]


async def test_the_webhook_is_for_sending_only(stage: Stage) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("GET", headers=signed(""))

    assert (answer.status, answer.json) == (405, {"error": "only POST is supported"})


async def test_a_push_that_can_not_be_counted_has_failed(tmp_path: Path, language: str) -> None:
    async with open_stage(tmp_path, kv=full_kv, language=language) as stage:
        webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

        answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH))

        assert (answer.status, answer.json) == (503, {"error": "can't count at the moment"})
        (line,) = answer.logs
        assert line.startswith("push not counted: KV error: ")


# url_shortener ------------------------------------------------------------------


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
async def test_what_is_no_short_url_is_not_found(
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
    assert await stage.kv.get(shortener.id, f"link:{made.json['code']}") == target


async def test_a_link_that_can_not_be_stored_is_not_given_away(
    tmp_path: Path, language: str
) -> None:
    async with open_stage(tmp_path, kv=full_kv, language=language) as stage:
        shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

        answer = await shortener.call("POST", headers=TOKEN, body='{"url": "https://example.org"}')

        assert (answer.status, answer.json) == (503, {"error": "try again"})
        (line,) = answer.logs
        assert line.startswith("link not stored: KV error: ")


async def test_a_link_that_can_not_be_read_is_not_called_missing(
    tmp_path: Path, language: str
) -> None:
    async with open_stage(tmp_path, kv=UnreadableKV, language=language) as stage:
        shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

        answer = await shortener.call("GET", "/code")

        assert (answer.status, answer.json) == (503, {"error": "try again"})
        assert answer.logs == ["link not read: KV error: unreadable"]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_can_not_shorten(stage: Stage, headers: dict[str, str]) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("POST", headers=headers, body='{"url": "https://example.org"}')

    assert (answer.status, answer.json) == (401, {"error": "wrong or missing token"})
    assert (await stage.kv.list(shortener.id, b"", 10, None)).items == []


# todo_api -----------------------------------------------------------------------


WRONG_SIZE = "title must have 1 to 200 bytes"


def todo(title: object = "write", **more) -> str:
    return json.dumps({"title": title} | more)


async def test_todos_are_added_listed_changed_and_removed(stage: Stage) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")
    empty = await api.call("GET", "/todos", headers=TOKEN)

    made = await api.call("POST", "/todos", headers=TOKEN, body=todo(" write "))
    path = f"/todos/{made.json['id']}"
    changed = await api.call("PUT", path, headers=TOKEN, body=todo("read", done=True))
    shown = await api.call("GET", path, headers=TOKEN)
    listed = await api.call("GET", "/todos", headers=TOKEN)
    removed = await api.call("DELETE", path, headers=TOKEN)
    gone = await api.call("GET", path, headers=TOKEN)

    assert (empty.status, empty.json) == (200, {"todos": []})
    assert made.status == 201
    assert made.json == {"id": made.json["id"], "title": "write", "done": False}
    assert made.response.headers["Location"] == f"{BASE_URL}/fn/{api.id}{path}"
    assert changed.json == {"id": made.json["id"], "title": "read", "done": True}
    assert shown.json == changed.json
    assert listed.json == {"todos": [changed.json]}
    assert (removed.status, removed.text) == (204, "")
    assert (gone.status, gone.json) == (404, {"error": "no such todo"})


async def test_a_long_list_has_pages(stage: Stage) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")
    for number in range(51):
        await stage.kv.set(api.id, f"todo:{number:02}", todo(f"t{number}"))

    first = await api.call("GET", "/todos", headers=TOKEN)
    second = await api.call("GET", "/todos", headers=TOKEN, query={"cursor": first.json["cursor"]})

    assert [one["id"] for one in first.json["todos"]] == [f"{n:02}" for n in range(50)]
    assert [one["title"] for one in second.json["todos"]] == ["t50"]
    assert "cursor" not in second.json


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("POST", "/todos", "{", (400, "the body is no JSON"), id="no JSON"),
        pytest.param("POST", "/todos", "", (400, "the body is no JSON"), id="no body"),
        pytest.param("POST", "/todos", "null", (400, "title is required"), id="null"),
        pytest.param("POST", "/todos", "[]", (400, "title is required"), id="no title"),
        pytest.param("POST", "/todos", todo(7), (400, "title is required"), id="number"),
        pytest.param("POST", "/todos", todo("é" * 101), (400, WRONG_SIZE), id="long"),
        pytest.param("POST", "/todos", todo(" \n\u00a0"), (400, WRONG_SIZE), id="blank"),
        pytest.param("PUT", "/todos/no", todo(""), (400, WRONG_SIZE), id="empty"),
        pytest.param("PUT", "/todos/no", todo(), (404, "no such todo"), id="unknown"),
        pytest.param("GET", "/other", "", (404, "Not found"), id="other path"),
        pytest.param("PATCH", "/todos/7", "", (405, "Method not allowed"), id="other method"),
    ],
)
async def test_todos_that_can_not_be(stage: Stage, method, path, body, expected) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call(method, path, headers=TOKEN, body=body)

    assert (answer.status, answer.json) == (expected[0], {"error": expected[1]})
    assert (await stage.kv.list(api.id, b"", 10, None)).items == []


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_see_no_todos(stage: Stage, headers: dict[str, str]) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")
    await stage.kv.set(api.id, "todo:1", todo("secret"))

    answer = await api.call("GET", "/todos", headers=headers)

    assert (answer.status, answer.json) == (401, {"error": "wrong or missing token"})


@pytest.mark.parametrize(
    ("given", "made"),
    [
        pytest.param({"done": True}, {"done": True}, id="done"),
        pytest.param({"done": "yes"}, {"done": False}, id="done is a text"),
        pytest.param({"id": "mine", "more": 1}, {"done": False}, id="other members"),
        pytest.param({"title": "é" * 100}, {"title": "é" * 100, "done": False}, id="longest"),
        pytest.param({"title": '\u00a0"\\/ '}, {"title": '"\\/', "done": False}, id="escapes"),
    ],
)
async def test_only_what_a_todo_has_is_stored(stage: Stage, given, made) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call("POST", "/todos", headers=TOKEN, body=todo(**({"title": "t"} | given)))

    assert answer.json == {"title": "t", "id": answer.json["id"]} | made
    ((_, stored),) = (await stage.kv.list(api.id, b"", 10, None)).items
    assert json.loads(stored) == {"title": "t"} | made


async def test_removing_what_is_not_there_is_fine(stage: Stage) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    removed = await api.call("DELETE", "/todos/nothere", headers=TOKEN)

    assert (removed.status, removed.text) == (204, "")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_todo_that_can_not_be_read_is_not_called_missing(
    tmp_path: Path, language: str, method: str
) -> None:
    async with open_stage(tmp_path, kv=UnreadableKV, language=language) as stage:
        api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

        answer = await api.call(method, "/todos/7", headers=TOKEN, body=todo())

        assert (answer.status, answer.json) == (503, {"error": "try again later"})
        assert answer.logs == ["storage failed: KV error: unreadable"]


async def test_a_todo_that_can_not_be_stored_is_refused(tmp_path: Path, language: str) -> None:
    async with open_stage(tmp_path, kv=full_kv, language=language) as stage:
        api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

        answer = await api.call("POST", "/todos", headers=TOKEN, body=todo())

        assert (answer.status, answer.json) == (503, {"error": "try again later"})
