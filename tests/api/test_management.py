"""The management API as a whole: access, errors, log (`rest-api` 1, 8.4)."""

import logging

import pytest

from perilune.store import (
    StoreUnavailable,
)

from .conftest import KEY, open_site

# --- who may use it -----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/api/functions", id="list"),
        pytest.param("POST", "/api/functions", id="create"),
        pytest.param("GET", "/api/nope", id="unknown path"),
        pytest.param("PATCH", "/api/functions", id="wrong method"),
        pytest.param("OPTIONS", "/api/functions", id="preflight"),
        pytest.param("GET", "/api", id="the root"),
        pytest.param("GET", "/api/", id="the root with slash"),
        pytest.param("GET", "/api/executions/x", id="execution"),
    ],
)
async def test_strangers_learn_nothing(stranger, method, path):
    answer = await stranger.request(method, path)

    assert (answer.status_code, answer.json()) == (401, {"error": "Authentication required"})
    assert "access-control-allow-origin" not in answer.headers


async def test_the_key_as_cookie_is_not_accepted(stranger):
    answer = await stranger.get("/api/functions", headers={"Cookie": f"auth_token={KEY}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/api/functions", "/api/functions/x", "/api/nope"])
async def test_every_answer_is_hardened_and_without_cors(site, path):
    answer = await site.client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert not any(name.startswith("access-control-") for name in answer.headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.endswith("}\n")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/api/nope", 404, None),
        ("GET", "/api", 404, None),
        ("GET", "/api/functions/", 404, None),
        ("PATCH", "/api/functions", 405, "GET, HEAD, POST"),
        ("POST", "/api/functions/x", 405, "DELETE, GET, HEAD, PUT"),
        ("POST", "/api/functions/x/env", 405, "GET, HEAD, PUT"),
        ("DELETE", "/api/executions/x/logs", 405, "GET, HEAD"),
        ("OPTIONS", "/api/functions", 405, "GET, HEAD, POST"),
    ],
)
async def test_unknown_paths_and_methods(site, method, path, status, allow):
    answer = await site.client.request(method, path)

    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.headers.get("allow") == allow


async def test_head_is_get_without_body(site):
    answer = await site.client.head("/api/functions")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


# --- a store that fails -------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("GET", "/api/functions", None, "Failed to list functions"),
        ("POST", "/api/functions", {"name": "n", "code": "c"}, "Failed to create function"),
        ("GET", "/api/functions/x", None, "Failed to get function"),
        ("PUT", "/api/functions/x", {"name": "n"}, "Failed to update function"),
        ("DELETE", "/api/functions/x", None, "Failed to delete function"),
        ("PUT", "/api/functions/x/env", {"env_vars": {}}, "Failed to get current env vars"),
        ("GET", "/api/functions/x/executions", None, "Failed to list executions"),
        ("GET", "/api/executions/x", None, "Failed to get execution"),
    ],
)
async def test_a_broken_store_is_not_a_missing_record(site, caplog, method, path, body, text):
    await site.server.store.close()

    answer = await site.client.request(method, path, json=body)

    assert (answer.status_code, answer.json()) == (500, {"error": text})
    assert "closed" in caplog.text, "the cause belongs into the log"
    assert "closed" not in answer.text


async def test_a_failed_first_version_leaves_no_function(site, monkeypatch):
    from perilune.store.tables.versions import Versions

    async def fail(*_, **__):
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(Versions, "create", fail)

    answer = await site.client.post("/api/functions", json={"name": "n", "code": "c"})

    assert answer.json() == {"error": "Failed to create initial version"}
    assert (await site.client.get("/api/functions")).json()["functions"] == []


async def test_a_crash_is_answered_and_logged_once(site, monkeypatch, caplog):
    async def crash(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(site.server.store, "get_function", crash)

    answer = await site.client.get("/api/functions/x")

    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
    assert caplog.text.count("Traceback") == 1


# --- problem documents ----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "title", "detail", "code"),
    [
        (
            "GET",
            "/api/functions/x",
            None,
            404,
            "Not Found",
            "Function not found",
            "function_not_found",
        ),
        ("GET", "/api/nope", None, 404, "Not Found", "Not found", "not_found"),
        (
            "PATCH",
            "/api/functions",
            None,
            405,
            "Method Not Allowed",
            "Method not allowed",
            "method_not_allowed",
        ),
        (
            "POST",
            "/api/functions",
            {"name": " "},
            400,
            "Bad Request",
            "name: name cannot be empty",
            "invalid_request",
        ),
        (
            "PUT",
            "/api/functions/x/env",
            [],
            400,
            "Bad Request",
            "Invalid request body",
            "invalid_body",
        ),
        ("GET", "/docs/nope", None, 404, "Not Found", "Not found", "not_found"),
    ],
)
async def test_clients_that_accept_problem_documents_get_them(
    site, method, path, body, status, title, detail, code
):
    headers = {"Accept": "application/json;q=0.5, Application/Problem+JSON"}

    answer = await site.client.request(method, path, json=body, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": path,
        "code": code,
    }


async def test_strangers_get_problem_documents_too(stranger):
    answer = await stranger.get("/api/x", headers={"Accept": "application/problem+json"})

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "application/json", "application/problem+json;q=0", ""]
)
async def test_others_get_the_envelope(site, accept):
    answer = await site.client.get("/api/functions/x", headers={"Accept": accept})

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"error": "Function not found"}


async def test_a_crash_is_a_problem_document_without_details(site, monkeypatch):
    async def crash(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(site.server.store, "get_function", crash)

    answer = await site.client.get(
        "/api/functions/x", headers={"Accept": "application/problem+json"}
    )

    assert answer.json()["code"] == "internal_error" and "secret" not in answer.text


# --- the log ------------------------------------------------------------------


async def test_requests_are_logged_without_query_and_secrets(site, caplog):
    caplog.set_level("INFO", logger="perilune.access")
    function_id = await site.answering()

    await site.client.get("/api/functions?limit=1&token=abc", headers={"X-Request-Id": "r1"})
    await site.client.get(f"/fn/{function_id}")

    fields = [record.fields for record in caplog.records if record.name == "perilune.access"]
    assert [one["path"] for one in fields] == ["/api/functions", "/api/functions"]
    assert fields[1]["method"] == "GET" and fields[1]["status"] == 200
    assert fields[1]["request_id"] == "r1" and fields[1]["duration_ms"] > 0
    assert KEY not in caplog.text and "token" not in caplog.text


async def test_calls_of_functions_can_be_logged_too(tmp_path, caplog):
    caplog.set_level("INFO", logger="perilune.access")
    async with open_site(tmp_path, access_log="all") as site:
        answer = await site.client.get("/fn/x%0Ay?a=1")

        assert answer.status_code == 404
    fields = [record.fields for record in caplog.records if record.name == "perilune.access"]
    assert [(one["path"], one["status"]) for one in fields] == [("/fn/x%0Ay", 404)]


PUBLIC_PATHS = (
    "/",
    "/docs",
    "/docs/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/llms.txt",
    "/nope",
)


async def test_kd_114_a_request_that_crashes_is_logged_as_such(site, monkeypatch, caplog):
    async def crash(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(site.server.store, "get_function", crash)
    caplog.set_level("INFO", logger="perilune.access")

    await site.client.get("/api/functions/x")

    (fields,) = [one.fields for one in caplog.records if one.name == "perilune.access"]
    assert (fields["path"], fields["status"]) == ("/api/functions/x", 500)


async def test_kd_46_refused_calls_are_counted_and_logged(site, caplog):
    caplog.set_level(logging.INFO)
    disabled = await site.answering(body="x")
    await site.client.put(f"/api/functions/{disabled}", json={"disabled": True})

    for function_id in ("unknown", disabled, disabled):
        await site.client.get(f"/fn/{function_id}")

    page = (await site.client.get("/metrics")).text
    assert 'faas_refused_total{reason="function_not_found"} 1.0' in page
    assert 'faas_refused_total{reason="function_disabled"} 2.0' in page
    assert caplog.text.count("was not called: function_disabled") == 2


async def test_kd_08_pages_of_other_origins_cannot_read_the_api(site):
    origin = {"Origin": "https://evil.example"}
    paths = ("/api/functions", "/api/nope", "/api/auth/login", *PUBLIC_PATHS)
    answers = [await site.client.get(path, headers=origin) for path in paths]
    answers.append(await site.client.options("/api/functions", headers=origin))
    function_id = await site.answering(headers={"Access-Control-Allow-Origin": "https://one"})

    preflight = await site.client.options(
        f"/fn/{function_id}",
        headers=origin
        | {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "x-own",
        },
    )
    called = await site.client.get(f"/fn/{function_id}", headers=origin)

    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "x-own"
    assert called.headers["access-control-allow-origin"] == "https://one"


async def test_kd_22_every_answer_of_ours_is_hardened(site, stranger):
    paths = ("/api/functions", "/api/nope", "/api/auth/login", *PUBLIC_PATHS)
    answers = [await client.get(path) for path in paths for client in (site.client, stranger)]
    answers.append(await stranger.post("/healthz"))
    answers.append(await stranger.post("/api/auth/logout"))

    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["referrer-policy"] == "same-origin", answer.url
        assert headers["x-frame-options"] == "DENY", answer.url
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, answer.url
        assert "script-src" not in policy or "unsafe" not in policy.partition("style-src")[0]
