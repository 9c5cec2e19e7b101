"""The tables of the REST contract for calls of functions, row by row (section 6)."""

import pytest

from ..conftest import open_site
from .replay import X_HEADERS, Row, named, prepared, refused, replay, row

BEFORE_EXECUTION = [
    refused("unknown function", "GET /fn/nope", 404, "Function not found"),
    refused("unknown function, with a path", "POST /fn/nope/a/b", 404, "Function not found"),
    refused("no function", "GET /fn", 404, "Function not found"),
    refused("no function, with a slash", "GET /fn/", 404, "Function not found"),
    refused("disabled", "GET /fn/{disabled}", 403, "Function is disabled"),
    refused("no active version", "GET /fn/{bare}", 500, "No active version found"),
    refused(
        "record could not be created",
        "GET /fn/{id}",
        503,
        "Storage unavailable",
        failing="execution_records.open",
    ),
    refused("another method", "TRACE /fn/{id}", 405, "Method not allowed"),
    refused("no JSON to be had", "PROPFIND /fn/{id}", 405, "Method not allowed"),
]
AFTER_EXECUTION = [
    refused("execution failed", "GET /fn/{failing}", 500, "Function execution failed"),
    refused("execution timed out", "GET /fn/{late}", 504, "Function execution timed out"),
    refused("no response", "GET /fn/{silent}", 500, "Function did not return HTTP response"),
    row("success", "GET /fn/{id}", 201, b"made"),
    row("success, with a path", "PUT /fn/{id}/a//b/", 201, b"made", sent=b"in"),
    row("HEAD", "HEAD /fn/{id}", 201, b""),
]


@pytest.mark.parametrize("one", BEFORE_EXECUTION)
async def test_calls_without_a_function(site, one: Row, monkeypatch):
    answer = await replay(site, one, monkeypatch)

    assert not any(name in answer.headers for name in X_HEADERS)


@pytest.mark.parametrize("one", AFTER_EXECUTION)
async def test_calls_that_reach_a_function(site, one: Row, monkeypatch):
    answer = await replay(site, one, monkeypatch)

    assert all(answer.headers[name] for name in X_HEADERS)
    assert int(answer.headers["x-execution-duration-ms"]) >= 0
    assert "secret" not in answer.text


async def test_the_answer_is_the_functions_own(site):
    answer = await site.client.get(f"/fn/{(await prepared(site))['id']}")

    assert answer.headers["x-own"] == "1"
    assert answer.headers["content-type"] == "application/json", "since the function set none"


@pytest.mark.parametrize(
    ("path", "seen", "relative"),
    [
        ("", "", "/"),
        ("/", "/", "/"),
        ("/a%2Fb", "/a/b", "/a/b"),
        ("/a/", "/a/", "/a/"),
        ("//a/./../b", "//a/./../b", "//a/./../b"),
    ],
)
async def test_kd_112_paths(site, path, seen, relative):
    function_id = await site.answering()

    # A client of one's own, since others clean up paths.
    await site.raw(
        f"GET /fn/{function_id}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )

    assert site.runtime.event.path == f"/fn/{function_id}{seen}"
    assert site.runtime.event.relative_path == relative


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("a=1&a=2", {"a": "1"}),
        ("a&b=", {"a": "", "b": ""}),
        ("a+b=c%20d", {"a b": "c d"}),
        ("a=1&b=%zz&c=3", {"a": "1", "c": "3"}),
        ("a=1;b=2&c=3", {"c": "3"}),
    ],
)
async def test_queries(site, query, seen):
    function_id = await site.answering()

    await site.client.get(f"/fn/{function_id}?{query}")

    assert site.runtime.event.query == seen


@pytest.mark.parametrize(
    ("sent", "seen"),
    [("x-github-event", "X-Github-Event"), ("X_Under", "X_under"), ("ACCEPT-x", "Accept-X")],
)
async def test_names_of_headers(site, sent, seen):
    function_id = await site.answering()

    await site.client.get(f"/fn/{function_id}", headers={sent: "v", "Host": "example.org"})

    assert site.runtime.event.headers[seen] == "v"
    assert "Host" not in site.runtime.event.headers
    assert {"Connection", "User-Agent", "Accept-Encoding"} <= site.runtime.event.headers.keys()


async def test_kd_42_a_body_that_is_too_large(tmp_path):
    async with open_site(tmp_path, request_body=10) as site:
        function_id = await site.answering()

        answer = await site.client.post(f"/fn/{function_id}", content=b"x" * 11)

        assert (answer.status_code, answer.json()) == (413, {"error": "Request body too large"})
        assert site.runtime.requests == []


async def test_kd_111_head_and_options(site):
    ids = await prepared(site)

    head = await site.client.head(f"/fn/{ids['id']}")
    options = await site.client.options(f"/fn/{ids['id']}")

    assert (head.status_code, head.content) == (201, b"")
    assert site.runtime.event.method == "HEAD"
    assert (options.status_code, options.content) == (204, b"")


@pytest.mark.parametrize(
    ("path", "status", "detail", "code"),
    [
        ("/fn/nope", 404, "Function not found", "function_not_found"),
        ("/fn", 404, "Function not found", "function_not_found"),
        ("/fn/{disabled}", 403, "Function is disabled", "function_disabled"),
        ("/fn/{failing}", 500, "Function execution failed", "execution_failed"),
        ("/fn/{late}", 504, "Function execution timed out", "execution_timeout"),
        ("/fn/{silent}", 500, "Function did not return HTTP response", "no_response"),
    ],
)
async def test_callers_can_ask_for_problem_documents(site, path, status, detail, code):
    path = named(path, await prepared(site))

    answer = await site.client.get(path, headers={"Accept": "application/problem+json"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["detail"], problem["code"]) == (status, detail, code)
    assert problem["instance"] == path


async def test_answers_of_functions_never_become_problem_documents(site):
    function_id = await site.answering(status_code=500, body="mine")

    answer = await site.client.get(
        f"/fn/{function_id}", headers={"Accept": "application/problem+json"}
    )

    assert (answer.status_code, answer.text) == (500, "mine")
    assert answer.headers["content-type"] == "application/json"
