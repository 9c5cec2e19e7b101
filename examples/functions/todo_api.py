# A REST API for a list of things to do.
#
#   GET    /fn/todo-api/todos         {"todos": [...], "cursor": "..."}; ?cursor=... goes on there
#   POST   /fn/todo-api/todos         {"title": "..."}: adds one
#   GET    /fn/todo-api/todos/TODO    one of them
#   PUT    /fn/todo-api/todos/TODO    {"title": "...", "done": true}: replaces it
#   DELETE /fn/todo-api/todos/TODO    removes it
#
# Environment:
#   TODO_TOKEN    callers send it as `Authorization: Bearer TOKEN`
#
# Deploy:
#   perilune deploy todo_api.py --name todo-api
#   perilune env set todo-api TODO_TOKEN

import json
from typing import Any

from perilune_guest import Context, Event, KvError, crypto, env, kv, log, random, router

PREFIX = "todo:"
PAGE_SIZE = 50
MAX_TITLE_BYTES = 200

Params = dict[str, str]

routes = router.new()


def handler(ctx: Context, event: Event) -> Any:
    token = env.get("TODO_TOKEN")
    given = event.headers.get("Authorization", "")
    if not token or not crypto.equal(given, f"Bearer {token}"):
        return {"error": "wrong or missing token"}, 401
    try:
        return routes.dispatch(event)
    except Refused as refused:
        return {"error": refused.reason}, refused.status
    except KvError as error:
        log.error(f"storage failed: {error}")
        return {"error": "try again later"}, 503


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason


@routes.get("/todos")
def list_todos(event: Event, params: Params) -> Any:
    page = kv.list(PREFIX, PAGE_SIZE, event.query.get("cursor"))
    answer: dict[str, Any] = {
        "todos": [with_id(item.key.removeprefix(PREFIX), item.value) for item in page]
    }
    if page.cursor:
        answer["cursor"] = page.cursor
    return answer


@routes.post("/todos")
def add_todo(event: Event, params: Params) -> Any:
    text = read_todo(event)
    id = random.id()  # sorts by time, so the list is in order
    kv.set(PREFIX + id, text)
    return with_id(id, text), 201, {"Location": router.url("/todos/:id", {"id": id})}


@routes.get("/todos/:id")
def show_todo(event: Event, params: Params) -> Any:
    return with_id(params["id"], stored(params["id"]))


@routes.put("/todos/:id")
def replace_todo(event: Event, params: Params) -> Any:
    text = read_todo(event)
    # Only what is still the same is replaced: a todo removed meanwhile stays removed.
    if not kv.cas(PREFIX + params["id"], stored(params["id"]), text):
        raise Refused(409, "changed by somebody else meanwhile")
    return with_id(params["id"], text)


@routes.delete("/todos/:id")
def remove_todo(event: Event, params: Params) -> Any:
    kv.delete(PREFIX + params["id"])
    return None  # 204


def stored(id: str) -> str:
    text = kv.get(PREFIX + id)
    if text is None:
        raise Refused(404, "no such todo")
    return text


def read_todo(event: Event) -> str:
    """Return the todo in the body of a request, as it is stored."""
    try:
        given = event.json()
    except ValueError:
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(given, dict) or not isinstance(given.get("title"), str):
        raise Refused(400, "title is required")
    title = given["title"].strip()
    if not 1 <= len(title.encode()) <= MAX_TITLE_BYTES:
        raise Refused(400, f"title must have 1 to {MAX_TITLE_BYTES} bytes")
    return json.dumps({"title": title, "done": given.get("done") is True})


def with_id(id: str, text: str) -> dict[str, Any]:
    return {**json.loads(text), "id": id}
