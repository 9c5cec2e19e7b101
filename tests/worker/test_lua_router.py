"""Guest module `router`: matching, building of paths, and dispatching to handlers."""

import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.worker.frames import Invoke, Result
from tests.worker.lua_guest import CONTEXT, EVENT, Guest

PREFIX = CONTEXT["mount"]


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/", "/", {}),
        ("", "/", {}),
        ("/", "", {}),
        ("/shop/7", "/shop/:id", {"id": "7"}),
        ("/shop/7/x", "/shop/:id", None),
        ("/shop", "/shop/:id", None),
        ("shop//7/", "/shop/:id", {"id": "7"}),
        ("/Shop/7", "/shop/:id", None),
        ("/a%20b", "/:x", {"x": "a%20b"}),
        ("/f/a/b", "/f/*", {}),
        ("/f/a/b", "/f/*rest", {"rest": "a/b"}),
        ("/f//a//b/", "/f/*rest/", {"rest": "a/b"}),
        ("/f/a", "/:x/*rest", {"x": "f", "rest": "a"}),
        ("/f", "/f/*", None),
        ("/f", "/f/*rest", None),
        ("/", "/*", None),
        ("/x", "/*", {}),
        ("/x", "*", {}),
        ("/a/b/c", "/a/*/c", None),
        ("/a/*/c", "/a/*/c", {}),
        ("/a/*x/c", "/a/*x/c", {}),
        ("/g/a/b", "/f/*", None),
        ("/:id", "/123", None),
        ("/a/b", "/:x/:x", {"x": "b"}),
        ("/b", "/:", {"": "b"}),
        ("/x?y=1", "/x", None),
    ],
)
def test_match_and_params(guest, path, pattern, params):
    arguments = f"event.path, {json.dumps(pattern)}"

    matches, found = guest.texts(
        f"router.match({arguments}), json.encode(router.params({arguments}))", path=path
    )

    assert matches == str(params is not None).lower()
    assert json.loads(found) == (params or {})


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ('"/users"', "/users"),
        ('"users"', "/users"),
        ('""', ""),
        ('"/"', "/"),
        ('"/u/:id", {id = 42}', "/u/42"),
        ('"/u/:id", {id = 1.5}', "/u/1.5"),
        ('"/u/:id", {id = true}', "/u/"),
        ('"/u/:id", {id = false}', "/u/"),
        ('"/u/:id/:x", {id = "1"}', "/u/1/:x"),
        ('"/u/:id"', "/u/:id"),
        ('"/u/:id", "x"', "/u/:id"),
        ('"/u/:1", {"one"}', "/u/:1"),
        ('"/:id/:idx/:id2", {id = "A", idx = "B", id2 = "C"}', "/A/B/C"),
        ('"/:a/:b", {a = ":b", b = "x"}', "/:b/x"),
        ('"/u/:id", {id = "a b/c?d&#%é"}', "/u/a%20b%2Fc%3Fd&%23%25%C3%A9"),
        ('"/u/:id", {id = "%1"}', "/u/%251"),
        ('"/f/*", {["*"] = "x"}', "/f/*"),
        ('"/f/*", {[""] = "x"}', "/f/*"),
        ('"/f/*rest", {rest = "a b/c?/d"}', "/f/a%20b/c%3F/d"),
        ('"/f/*rest/x", {rest = "a"}', "/f/*rest/x"),
        ('"/f/*rest"', "/f/*rest"),
        ('"/f//:id/", {id = 1}', "/f//1/"),
        ('"/u/:id", {id = 1}, {strict = true}', "/u/1"),
        ('"/f/*", {}, {strict = true}', "/f/*"),
    ],
)
def test_path_and_url(guest, arguments, path):
    assert guest.texts(f"router.path({arguments})") == [PREFIX + path]
    assert guest.texts(f"router.url({arguments})") == [CONTEXT["baseUrl"] + PREFIX + path]


@pytest.mark.parametrize("name", ["path", "url"])
@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ('"/u/:id"', ":id in /u/:id"),
        ('"u/:id/:x", {id = 1}', ":x in /u/:id/:x"),
        ('"/u/:id", {id = {}}', ":id in /u/:id"),
        ('"/f/*rest", {}', "*rest in /f/*rest"),
    ],
)
def test_strict_variants_raise_for_missing_values(guest, name, arguments, missing):
    params = arguments if "{" in arguments else arguments + ", nil"

    problem = guest.error(f"local x = router.{name}({params}, {{strict = true}})")

    assert problem == f"<string>:1: no value for {missing}"


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        (None, ""),
        ("https://example.org/", "https://example.org"),
        ("https://example.org//", "https://example.org/"),
    ],
)
def test_urls_start_with_the_base_url_even_before_the_handler_is_called(guest, base_url, shown):
    """Also after the guest has changed its `ctx`."""
    context = {**CONTEXT, "baseUrl": base_url} if base_url else {"mount": PREFIX}
    code = """
        local early = router.url("/x")
        function handler(ctx)
          ctx.baseUrl, ctx.mount = "http://evil.org", "/other"
          return {body = early .. " " .. router.url("/x")}
        end
    """

    result = guest.interpreter.execute(Invoke(f"v_{base_url}", code, context, EVENT, 5.0))

    assert isinstance(result, Result)
    assert result.body.decode() == f"{shown}{PREFIX}/x {shown}{PREFIX}/x"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8))
def test_a_value_comes_back_as_the_same_single_segment(guest, value):
    path = guest.text('router.path("/:value/end", {value = event.body})', body=value.encode())

    assert path.startswith(PREFIX)
    prefix, encoded, end = path.removeprefix(PREFIX).split("/")
    assert (prefix, unquote(encoded), end) == ("", value, "end")


ROUTES = """
local routes = router.new()
local function answer(name)
  return function(event, params) return {body = name .. json.encode(params) .. event.method} end
end
routes:get("/users/:id", answer("get"))
routes:post("/users/:id", answer("post"))
routes:get("/users/me", answer("never"))
routes.put("/dot/*rest", answer("put"))
routes:patch("/p", answer("patch"))
routes:delete("/p", answer("delete"))
routes:head("/p", answer("head"))
routes:delete("/p", answer("never"))
routes:any("/any", answer("any"))
routes:get("/", answer("root"))
function handler(ctx, event) return routes:dispatch(event) end
"""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users/7", 'get{"id":"7"}GET'),
        ("GET", "/users/me/", 'get{"id":"me"}GET'),
        ("POST", "/users/7", 'post{"id":"7"}POST'),
        ("PUT", "/dot/a/b", 'put{"rest":"a/b"}PUT'),
        ("PATCH", "/p", "patch{}PATCH"),
        ("DELETE", "/p", "delete{}DELETE"),
        ("HEAD", "/p", "head{}HEAD"),
        ("OPTIONS", "/any", "any{}OPTIONS"),
        ("get", "/", "root{}get"),
    ],
)
def test_dispatch_calls_the_first_route_that_fits(guest, method, path, body):
    result = guest.response(ROUTES, method=method, relativePath=path)

    assert (result.status_code, result.body.decode()) == (200, body)


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "allow"),
    [
        ("GET", "/nothing", 404, {"error": "Not found"}, None),
        ("PUT", "/users/7", 405, {"error": "Method not allowed"}, "GET, POST"),
        ("GET", "/p", 405, {"error": "Method not allowed"}, "PATCH, DELETE, HEAD"),
    ],
)
def test_dispatch_without_a_route(guest, method, path, status, body, allow):
    result = guest.response(ROUTES, method=method, relativePath=path)

    assert (result.status_code, json.loads(result.body)) == (status, body)
    assert result.headers["Content-Type"] == "application/json"
    assert result.headers.get("Allow") == allow


def test_routers_are_independent_and_errors_of_handlers_are_the_guests(guest):
    two = "local a, b = router.new(), router.new() a:any('/*', error) return "

    assert guest.body(two + "b:dispatch(event).statusCode", relativePath="/x") == "404"
    code = "local r = router.new() r:any('/', function() error('boom') end) r:dispatch({})"
    assert guest.error(code) == "<string>:1: boom"
    assert guest.body("return router.new():dispatch({}).statusCode") == "404"


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ('router.match(nil, "/")', "bad argument #1 to match (string expected, got nil)"),
        ('router.match("/")', "bad argument #2 to match (string expected, got nil)"),
        ('router.params("/")', "bad argument #2 to params (string expected, got nil)"),
        ("router.path()", "bad argument #1 to path (string expected, got nil)"),
        ("router.url({})", "bad argument #1 to url (string expected, got table)"),
        ("router.new():get()", "bad argument #1 to get (string expected, got nil)"),
        ('router.new():any("/", 1)', "bad argument #2 to any (function expected, got number)"),
        ("router.new():dispatch()", "bad argument #1 to dispatch (table expected, got nil)"),
        (
            "router.new():dispatch({relativePath = {}})",
            "bad argument #1 to dispatch (string expected, got table)",
        ),
    ],
)
def test_wrong_arguments_raise(guest, call, problem):
    assert guest.error(f"local x = {call}") == f"<string>:1: {problem}"


def test_replaced_string_methods_change_nothing(guest):
    code = """
        function string.gsub() error("called") end
        string.find, string.byte, string.gmatch = string.gsub, string.gsub, string.gsub
        return router.path("/:a", router.params("/x/y", "/x/:a"))
    """

    assert guest.body(code) == f"{PREFIX}/y"


def test_long_paths_are_no_problem(guest):
    assert guest.text('router.match(string.rep("/a", 50000), "/*")') == "true"
    assert guest.text('#router.path(string.rep("/:a", 50000), {a = "b"}) > 100000') == "true"


def test_paths_that_need_too_much_memory_end_the_invocation():
    code = 'function handler() router.match(string.rep("/a", 4000000), "/*") end'

    assert Guest().failure(code).kind == "memory"
