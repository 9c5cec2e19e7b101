"""The example that is a REST API, in every language."""

import json

import pytest

from tests.examples.conftest import (
    BASE_URL,
    STRANGERS,
    TOKEN,
    Stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
        await stage.kv.set(api.id, b"todo:%02d" % number, todo(f"t{number}").encode())

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
        pytest.param("POST", "/todos", "[" * 100_000, (400, "the body is no JSON"), id="deep"),
        pytest.param(
            "POST", "/todos", '{"title":"t","done":NaN}', (400, "the body is no JSON"), id="NaN"
        ),
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
async def test_todos_that_cannot_be(stage: Stage, method, path, body, expected) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call(method, path, headers=TOKEN, body=body)

    assert (answer.status, answer.json) == (expected[0], {"error": expected[1]})
    assert (await stage.kv.list(api.id, b"", 10, None)).items == []


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_see_no_todos(stage: Stage, headers: dict[str, str]) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")
    await stage.kv.set(api.id, b"todo:1", todo("secret").encode())

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
async def test_only_known_members_of_a_todo_are_stored(stage: Stage, given, made) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call("POST", "/todos", headers=TOKEN, body=todo(**({"title": "t"} | given)))

    assert answer.json == {"title": "t", "id": answer.json["id"]} | made
    ((_, stored),) = (await stage.kv.list(api.id, b"", 10, None)).items
    assert json.loads(stored) == {"title": "t"} | made


async def test_removing_something_missing_succeeds(stage: Stage) -> None:
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    removed = await api.call("DELETE", "/todos/nothere", headers=TOKEN)

    assert (removed.status, removed.text) == (204, "")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_todo_that_cannot_be_read_is_not_called_missing(stage: Stage, method: str) -> None:
    stage.kv.is_readable = False
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call(method, "/todos/7", headers=TOKEN, body=todo())

    assert (answer.status, answer.json) == (503, {"error": "try again later"})
    assert answer.logs == ["storage failed: KV error: unreadable"]


async def test_a_todo_that_cannot_be_stored_is_refused(stage: Stage) -> None:
    stage.kv.fill()
    api = await stage.deploy("todo_api", TODO_TOKEN="opensesame")

    answer = await api.call("POST", "/todos", headers=TOKEN, body=todo())

    assert (answer.status, answer.json) == (503, {"error": "try again later"})
