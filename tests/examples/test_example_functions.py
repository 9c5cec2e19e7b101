"""What the example functions do, when all goes well and when it does not."""

import hashlib
import hmac
import json

import pytest

from tests.examples.conftest import BASE_URL, STRANGERS, TOKEN, Stage

NO_JSON = "(what the language says about broken JSON)"


def in_words(stage: Stage, expected: tuple[int, dict[str, str]]) -> tuple[int, dict[str, str]]:
    """Return the status and the members that are expected in the language of the stage."""
    status, members = expected
    return status, {k: stage.no_json if v == NO_JSON else v for k, v in members.items()}


# counter ------------------------------------------------------------------------


async def test_the_counter_counts(stage: Stage) -> None:
    counter = await stage.deploy("counter")

    assert [(await counter.call()).json["visits"] for _ in range(3)] == [1, 2, 3]


async def test_the_counter_says_when_it_can_not_count(stage: Stage) -> None:
    counter = await stage.deploy("counter")
    await stage.kv.set(counter.id, "visits", "many")

    answer = await counter.call()

    assert (answer.status, answer.json) == (503, {"error": "can't count at the moment"})
    assert "visit not counted" in answer.logs[0]


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
        pytest.param("{}", "push", (400, {"error": "no repository"}), id="no repository"),
        pytest.param("7", "push", (400, {"error": "no repository"}), id="no object"),
        pytest.param(
            '{"repository":{}}', "push", (400, {"error": "no repository"}), id="no repository name"
        ),
        pytest.param("{", "push", (400, {"error": NO_JSON}), id="broken JSON"),
    ],
)
async def test_the_webhook_takes_only_pushes(stage: Stage, body, event, expected) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=body, headers=signed(body, event=event))

    assert (answer.status, answer.json) == in_words(stage, expected)


async def test_the_webhook_without_a_secret_trusts_nobody(stage: Stage) -> None:
    webhook = await stage.deploy("github_webhook")

    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH, secret=""))

    assert answer.status == 500


# url_shortener ------------------------------------------------------------------


async def test_a_short_url_leads_to_the_long_one(stage: Stage) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")
    target = "https://example.org/a?b=c#d"

    made = await shortener.call("POST", headers=TOKEN, body=json.dumps({"url": target}))
    followed = await shortener.call("GET", "/" + made.json["code"])

    assert made.status == 201
    assert made.json["url"] == f"{BASE_URL}/fn/{shortener.id}/{made.json['code']}"
    assert (followed.status, followed.response.headers["Location"]) == (302, target)


@pytest.mark.parametrize("path", ["/nothere", "/", "/a/b"])
async def test_an_unknown_short_url_is_not_found(stage: Stage, path: str) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    assert (await shortener.call("GET", path)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"url": "javascript:alert(1)"}', id="script"),
        pytest.param('{"url": "/relative"}', id="relative"),
        pytest.param('{"url": "https://"}', id="no host"),
        pytest.param('{"url": 7}', id="number"),
        pytest.param('{"url": "https://x/' + "y" * 2000 + '"}', id="too long"),
        pytest.param("null", id="null"),
        pytest.param("", id="empty"),
    ],
)
async def test_only_web_addresses_are_shortened(stage: Stage, body: str) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    assert (await shortener.call("POST", headers=TOKEN, body=body)).status == 400
    assert (await stage.kv.list(shortener.id, b"", 10, None)).items == []


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_can_not_shorten(stage: Stage, headers: dict[str, str]) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")

    answer = await shortener.call("POST", headers=headers, body='{"url": "https://example.org"}')

    assert answer.status == 401
    assert (await stage.kv.list(shortener.id, b"", 10, None)).items == []


# todo_api -----------------------------------------------------------------------


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
        pytest.param("POST", "/todos", "{", (400, NO_JSON), id="no JSON"),
        pytest.param("POST", "/todos", "[]", (400, "title is required"), id="no title"),
        pytest.param(
            "POST", "/todos", todo("x" * 201), (400, "title must have 1 to 200 bytes"), id="long"
        ),
        pytest.param("PUT", "/todos/no", todo(), (404, "no such todo"), id="unknown"),
        pytest.param("GET", "/other", "", (404, "Not found"), id="other path"),
        pytest.param("PATCH", "/todos/7", "", (405, "Method not allowed"), id="other method"),
    ],
)
async def test_todos_that_can_not_be(stage: Stage, method, path, body, expected) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call(method, path, headers=TOKEN, body=body)

    assert (answer.status, answer.json) == in_words(stage, (expected[0], {"error": expected[1]}))
    assert (await stage.kv.list(api.id, b"", 10, None)).items == []


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_see_no_todos(stage: Stage, headers: dict[str, str]) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")
    await stage.kv.set(api.id, "todo:1", todo("secret"))

    answer = await api.call("GET", "/todos", headers=headers)

    assert answer.status == 401 and "secret" not in answer.text
