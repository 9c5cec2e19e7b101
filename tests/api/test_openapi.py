"""The served OpenAPI document says what is served, all of it and nothing else (`KD-110`)."""

import hashlib
import inspect
import re

import pytest
import pytest_asyncio
import yaml

import perilune.api.errors as api_errors
from perilune.api.docs import VIEWER
from perilune.api.errors import (
    _CALL_ERRORS,
    _MANAGEMENT_ERRORS,
    EXECUTION_FAILED,
    NO_RESPONSE,
    OVERLOADED,
    TIMED_OUT,
    ApiError,
    BodyReadError,
    BodyTimeout,
    BodyTooLarge,
    RateLimited,
    SignatureRefused,
    management_status,
)
from perilune.api.routes import RouteTable
from perilune.errors import PeriluneError

from .conftest import open_site

OPERATION_IDS = {
    "createFunction",
    "listFunctions",
    "getFunction",
    "updateFunction",
    "deleteFunction",
    "updateEnvVars",
    "listExecutions",
    "getExecution",
    "getExecutionLogs",
    "getExecutionAIRequests",
    "getExecutionEmailRequests",
    "executeFunctionGet",
    "executeFunctionPost",
    "executeFunctionPut",
    "executeFunctionDelete",
    "executeFunctionPatch",
}
"""Names that generated clients depend on (`rest-api` 8.1)."""
PUBLISHED = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}
"""SHA-256 of vendored files, which are never edited."""
NOT_OF_AN_OPERATION = frozenset(
    {
        "PeriluneError",  # bases, of which there are no errors
        "ApiError",
        "StoreError",
        "EnvError",
        "VariableNotKept",  # arrives as EnvValidationError
        "TextNotStorable",  # of one store, wherever a text is written
        "UnknownPath",  # where there is no operation
        "MethodNotAllowed",
        "ClientGone",  # nobody is left to see it
        "RateLimited",  # calls of functions only
        "SignatureRefused",
    }
)


def operations(document) -> list[tuple[str, str, dict]]:
    return [
        (method.upper(), path, one)
        for path, item in document["paths"].items()
        for method, one in item.items()
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def document(tmp_path_factory):
    async with open_site(tmp_path_factory.mktemp("site")) as site:
        return (await site.client.get("/docs/openapi.json")).json()


async def test_kd_110_every_route_is_described_and_nothing_else(tmp_path, monkeypatch):
    served = []
    table = RouteTable.__init__

    def noted(self, routes):
        served.extend(routes)
        table(self, routes)

    monkeypatch.setattr(RouteTable, "__init__", noted)
    async with open_site(tmp_path) as site:
        document = (await site.client.get("/docs/openapi.json")).json()

    described = {(method, path) for method, path, _ in operations(document)}
    expected = {(route.method, route.path.replace(":path}", "}")) for route in served}
    assert len(expected) == len(served) > 50
    assert {one for one in described if one[1].startswith("/api/")} == expected


async def test_kd_110_every_described_path_serves_exactly_its_methods(site, document):
    for path, item in document["paths"].items():
        methods = {method.upper() for method in item}
        if "GET" in methods:
            methods.add("HEAD")
        if path.startswith("/fn/"):
            methods.add("OPTIONS")

        answer = await site.client.request("PROPFIND", path.replace("{", "").replace("}", ""))

        assert answer.status_code == 405, path
        assert set(answer.headers["allow"].split(", ")) == methods, path


def error_kinds() -> list[type[PeriluneError]]:
    own = [kind for _, kind in inspect.getmembers(api_errors, inspect.isclass)]
    return [
        kind
        for kind in dict.fromkeys([*own, *_MANAGEMENT_ERRORS])
        if issubclass(kind, PeriluneError) and kind not in _CALL_ERRORS
    ]


@pytest.mark.parametrize("kind", [pytest.param(k, id=k.__name__) for k in error_kinds()])
def test_every_error_of_the_management_api_is_described(document, kind):
    """With the status it has; errors of calls are described with the calls."""
    meaning = (kind.__doc__ or "").partition("\n")[0]
    shared = document["components"]["responses"]

    found = {
        int(status)
        for _, _, one in operations(document)
        for status, answer in one["responses"].items()
        if "$ref" in answer and meaning in shared[answer["$ref"].rpartition("/")[2]]["description"]
    }

    expected = set() if kind.__name__ in NOT_OF_AN_OPERATION else {management_status(kind)}
    assert found == expected


def test_every_status_of_a_call_is_described(document):
    call = document["paths"]["/fn/{function_id}"]["post"]

    answers = [*_CALL_ERRORS.values(), TIMED_OUT, OVERLOADED, NO_RESPONSE, EXECUTION_FAILED]
    own: list[type[ApiError]] = [
        BodyReadError,
        BodyTimeout,
        BodyTooLarge,
        RateLimited,
        SignatureRefused,
    ]
    statuses = {answer.status for answer in answers} | {kind.status for kind in own}
    assert {str(status) for status in statuses} <= call["responses"].keys()


async def test_each_operation_is_complete(document):
    ids = [one["operationId"] for _, _, one in operations(document)]

    assert len(set(ids)) == len(ids)
    assert set(ids) >= OPERATION_IDS
    tags = {one["name"] for one in document["tags"]}
    for method, path, one in operations(document):
        assert one["summary"], (method, path)
        assert set(one["tags"]) <= tags, (method, path)
        assert "security" in one, (method, path)
        success = [s for s in one["responses"] if s[0] in "2d"]
        assert len(success) == 1, (method, path)
        if path.startswith("/api/"):
            assert (success == ["204"]) is ("content" not in one["responses"][success[0]])


async def test_each_parameter_of_a_path_is_described(document):
    for method, path, one in operations(document):
        described = {p["name"] for p in one.get("parameters", ()) if p["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path)), (method, path)


async def test_no_parameter_is_null(document):
    for method, path, one in operations(document):
        for parameter in one.get("parameters", ()):
            assert "null" not in str(parameter["schema"]), (method, path, parameter["name"])


async def test_each_reference_leads_somewhere(document):
    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))

    assert found
    for one in found:
        _, _, kind, name = one.split("/")
        assert name in document["components"][kind], one


async def test_answers_leave_out_empty_members(document):
    function = document["components"]["schemas"]["FunctionAnswer"]

    assert function["properties"]["description"] == {"type": "string"}
    assert "description" not in function["required"]
    assert {"id", "disabled", "env_vars", "active_version"} <= set(function["required"])


async def test_the_document_is_public_and_not_stored(stranger):
    as_json = await stranger.get("/docs/openapi.json")
    as_yaml = await stranger.get("/docs/openapi.yaml")

    assert as_json.headers["content-type"] == "application/json"
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert as_json.json() == yaml.safe_load(as_yaml.text)
    assert as_json.json()["openapi"] == "3.1.1"
    for answer in (as_json, as_yaml, await stranger.get("/docs")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_kd_21_the_viewer_comes_from_this_server_alone(stranger):
    page = await stranger.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    sources = [part.partition('"')[0] for part in page.text.split('src="')[1:]]
    sheets = [part.partition('"')[0] for part in page.text.split('rel="stylesheet" href="')[1:]]
    assert len(sources) == 2 and len(sheets) == 1
    for path in sources + sheets:
        assert (await stranger.get(f"/{path}")).status_code == 200, path
    assert "<script>" not in page.text


@pytest.mark.parametrize(("name", "digest"), PUBLISHED.items())
async def test_the_viewer_is_served_as_it_was_published(stranger, name, digest):
    answer = await stranger.get(f"/docs/{VIEWER}/{name}")

    assert hashlib.sha256(answer.content).hexdigest() == digest
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/docs/", "/docs/nope", "/docs/../api", "/docs/index.html"])
async def test_nothing_else_is_served_below_docs(stranger, path):
    answer = await stranger.get(path)

    assert answer.status_code in (401, 404)
