"""The modules of the guest API that JavaScript functions have within the worker."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("deno")

from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.languages.javascript_types import javascript_name
from tests.worker.deno_guest import DenoGuest

# Takes calls as JSON: module, function, arguments.
CALL = """import * as perilune from "perilune";
export default async (ctx, event) => {
  const outcomes = [];
  for (const [module, name, values] of event.json()) {
    try { outcomes.push({ value: await perilune[module][name](...values) ?? null }); }
    catch (error) { outcomes.push({ error: `${error.name}: ${error.message}` }); }
  }
  return { body: outcomes };
};"""


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest()
    yield process
    assert process.close() == 0


def call(guest: DenoGuest, *calls: tuple[str, str, list[Any]]) -> list[dict[str, Any]]:
    """Return value or error of each call."""
    outcomes: list[dict[str, Any]] = json.loads(guest.result(CALL, body=json.dumps(calls)).body)
    return outcomes


def test_random_values(guest: DenoGuest) -> None:
    calls: list[tuple[str, str, list[Any]]] = [
        ("random", "int", [1, 3]),
        ("random", "float", []),
        ("random", "string", [40]),
        ("random", "bytes", [32]),
        ("random", "hex", [16]),
        ("random", "id", []),
    ]

    drawn = [[one["value"] for one in call(guest, *calls)] for _ in range(50)]

    ints, floats, strings, data, digits, ids = (list(one) for one in zip(*drawn, strict=True))
    assert set(ints) == {1, 2, 3}
    assert all(0 <= one < 1 for one in floats)
    assert all(re.fullmatch("[A-Za-z0-9]{40}", one) for one in strings)
    assert all(re.fullmatch("[A-Za-z0-9+/]{43}=", one) for one in data)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in digits)
    assert all(re.fullmatch("[0-9a-v]{20}", one) for one in ids)
    assert all(len(set(one)) == 50 for one in (floats, strings, data, digits, ids))


def test_random_values_that_cannot_be_drawn(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("random", "int", [5, 1]),
        ("random", "string", [0]),
        ("random", "hex", [1048577]),
        ("random", "bytes", ["x"]),
        ("random", "int", [-(2**53) + 1, 2**53 - 1]),
    )

    assert [one.get("error") for one in outcomes] == [
        "PeriluneError: random.int: max 1 is less than min 5",
        "PeriluneError: random.string: from 1 to 1048576 are possible, not 0",
        "PeriluneError: random.hex: from 1 to 1048576 are possible, not 1048577",
        "TypeError: n must be a number, not string",
        None,
    ]


def test_json(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("json", "encode", [{"a": "<&>"}]),
        ("json", "encode", [{"a": "<"}, {"escapeHtml": False, "pretty": True}]),
        ("json", "encode", [{"a": "<"}, {"escape_html": False}]),
        ("json", "decode", ['{"a":[1,null]}']),
        ("json", "decode", ["{"]),
        ("json", "array", [[1]]),
        ("json", "object", [{"a": 1}]),
    )

    assert outcomes[:4] == [
        {"value": '{"a":"\\u003c\\u0026\\u003e"}'},
        {"value": '{\n  "a": "<"\n}'},
        {"value": '{"a":"<"}'},
        {"value": {"a": [1, None]}},
    ]
    assert outcomes[4]["error"].startswith("PeriluneError: ")
    assert outcomes[5:] == [{"value": [1]}, {"value": {"a": 1}}]


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/shop/7", "/shop/:id", {"id": "7"}),
        ("/shop/7/x", "/shop/:id", None),
        ("/f/a/b", "/f/*", {}),
        ("/f/a/b", "/f/*rest", {"rest": "a/b"}),
        ("/f", "/f/*", None),
        ("/", "/*", None),
        ("", "/", {}),
        ("//a//b/", "a/:x", {"x": "b"}),
        ("/:id", "/123", None),
        ("/x", "/:__proto__", {"__proto__": "x"}),
    ],
)
def test_patterns(guest: DenoGuest, path: str, pattern: str, params: Any) -> None:
    matched, captured = call(
        guest, ("router", "match", [path, pattern]), ("router", "params", [path, pattern])
    )

    assert matched == {"value": params is not None}
    assert captured == {"value": params or {}}


def test_paths_are_made_of_patterns(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("router", "path", ["/users/:id", {"id": "a b/c"}]),
        ("router", "path", ["/:id", {"id": "ü!'()*~$&+=:@?#%"}]),
        ("router", "path", ["files/*rest", {"rest": "a b/c"}]),
        ("router", "path", ["/users/:id", {}]),
        ("router", "url", ["/users/:id", {"id": 7}]),
        ("router", "url", ["/users/:id", {}, {"strict": True}]),
        ("router", "path", ["/users/:toString", {}]),
    )

    assert outcomes == [
        {"value": "/fn/f_1/users/a%20b%2Fc"},
        {"value": "/fn/f_1/%C3%BC%21%27%28%29%2A~$&+=:@%3F%23%25"},
        {"value": "/fn/f_1/files/a%20b/c"},
        {"value": "/fn/f_1/users/:id"},
        {"value": "https://fn.example.org/fn/f_1/users/7"},
        {"error": "PeriluneError: no value for :id in /users/:id"},
        {"value": "/fn/f_1/users/:toString"},
    ]


def test_routes_are_tried_in_order(guest: DenoGuest) -> None:
    code = """import { router } from "perilune";
    const routes = router.new();
    routes.get("/users/:id", async (event, params) => "user " + params.id);
    routes.any("/users/*", () => "any");
    routes.put("/files/:name", () => "put").post("/files/:name", () => "post");
    export default (ctx, event) => routes.dispatch(event);"""

    def answer(method: str, path: str) -> tuple[int, bytes, Any]:
        result = guest.result(code, method=method, relativePath=path)
        return result.status_code, result.body, result.headers.get("Allow")

    assert answer("GET", "/users/7") == (200, b"user 7", None)
    assert answer("POST", "/users/7") == (200, b"any", None)
    assert answer("GET", "/nothing") == (404, b'{"error":"Not found"}', None)
    assert answer("GET", "/files/x") == (405, b'{"error":"Method not allowed"}', "PUT, POST")


def test_every_function_of_the_table_that_javascript_has_is_there(guest: DenoGuest) -> None:
    names = [javascript_name(one.full_name) for one in GUEST_API if "javascript" not in one.instead]

    missing = guest.evaluate(
        f"{json.dumps(names)}.filter((name) => typeof name.split('.')"
        ".reduce((of, one) => of[one], globalThis) !== 'function')"
    )

    assert missing == []
