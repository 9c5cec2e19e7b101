"""The description of what is served outside the management API: functions, health, documents."""

from perilune.api.openapi.schemas import REF, Json
from perilune.api.replies import PROBLEM_TYPE

REFUSED = {
    "application/json": {"schema": {"$ref": REF.format(name="Error")}},
    PROBLEM_TYPE.decode(): {"schema": {"$ref": REF.format(name="Problem")}},
}
"""What errors are answered with."""
CALL_METHODS = ("get", "head", "post", "put", "patch", "delete")

_CALL_PATHS = {"/fn/{function_id}": "", "/fn/{function_id}/{path}": "Path"}
_CALL_HEADERS = {
    "X-Function-Id": "The function.",
    "X-Function-Version-Id": "The version that was executed.",
    "X-Execution-Id": "The record of this execution.",
    "X-Execution-Duration-Ms": "Whole milliseconds.",
    "X-Request-Id": "The caller's own if it was usable, otherwise the execution's id.",
}
_CALL_DESCRIPTION = (
    "Executes the active version.  What comes back is the function's own answer, of any status "
    "and any type; answers behind which there is an execution carry its headers."
)
_CALL_FAILURES = {
    "400": "The body could not be read.",
    "401": "The function wants a token or a signature, and this is none it accepts.",
    "403": "The function is disabled, or the token may not call functions.",
    "404": "No function has this id or address.",
    "405": "The function does not take this method; `Allow` says which.",
    "408": "The body did not arrive in time.",
    "413": "The body is larger than it may be.",
    "429": "The function is called too often, or runs too often at a time; see `Retry-After`.",
    "500": "The function failed, or returned no response, or has no active version.",
    "503": "Too many executions are waiting, the database does not answer, or the server stops.",
    "504": "The function took too long.",
}
_FUNCTION_ID = {
    "name": "function_id",
    "in": "path",
    "required": True,
    "description": "The function's id or its address.",
    "schema": {"type": "string", "minLength": 1},
}
_PATH = {
    "name": "path",
    "in": "path",
    "required": True,
    "description": "What the function gets as its path; may contain slashes.",
    "schema": {"type": "string"},
}


def describe_public_paths() -> Json:
    """Return the paths that are served outside the management API."""
    paths: Json = {path: _calls(mark) for path, mark in _CALL_PATHS.items()}
    return paths | {path: {"get": described} for path, described in _DOCUMENTS.items()} | _METRICS


def _calls(mark: str) -> Json:
    parameters = [_FUNCTION_ID] + ([_PATH] if mark else [])
    return {method: _call(method, mark, parameters) | _body_of(method) for method in CALL_METHODS}


def _call(method: str, mark: str, parameters: list[Json]) -> Json:
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in _CALL_HEADERS.items()
    }
    return {
        "operationId": f"executeFunction{mark}{method.capitalize()}",
        "tags": ["Runtime"],
        "summary": "Call a function",
        "description": _CALL_DESCRIPTION,
        "security": [],
        "parameters": parameters,
        "responses": {
            "default": {
                "description": "What the function answered.",
                "headers": headers,
                "content": {"*/*": {"schema": {}}},
            },
            **{status: _failure(text) for status, text in _CALL_FAILURES.items()},
        },
    }


def _body_of(method: str) -> Json:
    if method in ("get", "head"):
        return {}
    return {"requestBody": {"content": {"*/*": {"schema": {}}}}}


def _failure(text: str) -> Json:
    """Functions may answer with these statuses too, and then in their own words."""
    return {"description": f"{text}  Or the function's own answer.", "content": {"*/*": {}}}


def _document(
    operation_id: str, summary: str, media_type: str, schema: Json, *, failing: str = ""
) -> Json:
    content = {media_type: {"schema": schema}}
    responses: Json = {"200": {"description": "OK", "content": content}}
    if failing:
        responses["503"] = {"description": failing, "content": content}
    return {
        "operationId": operation_id,
        "tags": ["Server"],
        "summary": summary,
        "security": [],
        "responses": responses,
    }


_OBJECT: Json = {"type": "object"}
_TEXT: Json = {"type": "string"}
_STATUS: Json = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
}
_METRICS: Json = {
    "/metrics": {
        "get": {
            "operationId": "getMetrics",
            "tags": ["Server"],
            "summary": "Figures for Prometheus",
            "description": "Needs the right `read`, unless the server is set to show them to all.",
            "security": [{}, {"bearer": ["read"]}, {"cookie": ["read"]}],
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {
                        "text/plain": {"schema": _TEXT},
                        "application/openmetrics-text": {"schema": _TEXT},
                    },
                },
                **{
                    status: {"description": text, "content": REFUSED}
                    for status, text in {
                        "401": "The caller has shown no valid credential.",
                        "403": "The credential does not include the right `read`.",
                        "404": "The server is set to show them to nobody.",
                        "429": "Too many wrong credentials came from this address.",
                        "500": "The figures could not be collected.",
                    }.items()
                },
            },
        }
    }
}
_DOCUMENTS = {
    "/healthz": _document("getHealth", "Whether the server lives", "application/json", _STATUS),
    "/readyz": _document(
        "getReadiness",
        "Whether the server can do its work",
        "application/json",
        _STATUS,
        failing="A part without which no execution can succeed fails.",
    ),
    "/llms.txt": _document("getGuide", "A guide for language models", "text/plain", _TEXT),
    "/docs": _document("getDocs", "This description, for people", "text/html", _TEXT),
    "/docs/openapi.json": _document(
        "getOpenApiJson", "This description as JSON", "application/json", _OBJECT
    ),
    "/docs/openapi.yaml": _document(
        "getOpenApiYaml", "This description as YAML", "application/yaml", _OBJECT
    ),
}
