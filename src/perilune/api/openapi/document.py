"""The description of the management API."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from perilune.api.errors import management_status
from perilune.api.openapi.links import add_links
from perilune.api.openapi.outside import describe_outside
from perilune.api.openapi.schemas import REF, Json, answer_schemas, body_schemas, without_null
from perilune.api.replies import PROBLEM_TYPE
from perilune.api.routes.shapes import Error, Problem
from perilune.api.routes.table import Operation
from perilune.api.scopes import Scope

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
OPENAPI_VERSION = "3.1.1"

_SUMMARY = "Functions that run on HTTP requests and schedules, each execution recorded."
_TAGS = {
    "Authentication": "Sessions and tokens.",
    "Functions": "Functions, their settings and their environment.",
    "Versions": "States of a function's code.",
    "Executions": "Records of what ran.",
    "Schedules": "When functions are due, and what has become of it.",
    "Runtime": "Calls of functions, and what functions can use.",
    "Server": "The server itself.",
}
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The management key or a token.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "auth_token",
        "description": "The session that a login starts.",
    },
}


def describe_api(app: FastAPI, operations: Mapping[str, Operation], version: str) -> Json:
    """Return the OpenAPI document of everything *app* serves, and of what is served beside it.

    Args:
        app: knows paths, methods and parameters.
        operations: what each route declares beyond that, by operation id.
        version: the server's version.
    """
    document = get_openapi(
        title="Perilune",
        version=version,
        openapi_version=OPENAPI_VERSION,
        summary=_SUMMARY,
        routes=app.routes,
    )
    with_body = [one for one in operations.values() if one.body]
    with_answer = [one for one in operations.values() if one.answer]
    bodies, body_components = body_schemas(one.body for one in with_body)
    envelopes = {one.envelope for one in operations.values()}
    answers, answer_components = answer_schemas(
        [*(one.answer for one in with_answer), Problem, *envelopes]
    )
    body_of = _by_id(with_body, bodies)
    answer_of = _by_id(with_answer, answers[: len(with_answer)])
    failures: Json = {}
    for path, item in document["paths"].items():
        for described in item.values():
            operation = operations[described["operationId"]]
            _complete_parameters(described, path)
            _complete(described, operation, body_of, answer_of, failures)
    components = {
        "schemas": _united(answer_components, body_components),
        "responses": failures,
        "securitySchemes": _SCHEMES,
    }
    paths = document["paths"] | describe_outside()
    add_links(paths)
    return document | {
        "paths": paths,
        "components": components,
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
    }


def _united(answers: dict[str, Json], bodies: dict[str, Json]) -> dict[str, Json]:
    """Return both; a record that is sent and received would have one name for two shapes."""
    for name in answers.keys() & bodies.keys():
        if answers[name] != bodies[name]:
            raise ValueError(f"{name} is not the same in bodies and in answers")
    return answers | bodies


def _by_id(operations: list[Operation], schemas: list[Json]) -> dict[str, Json]:
    return {one.operation_id: schema for one, schema in zip(operations, schemas, strict=True)}


def _complete_parameters(described: Json, path: str) -> None:
    """Complete the parameters with those a route takes from the path itself."""
    known = {one["name"] for one in described.get("parameters", ())}
    for one in described.get("parameters", ()):
        # What is not given is None for us; nobody can send a null in a query.
        one["schema"] = without_null(one["schema"])
    described.setdefault("parameters", []).extend(
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(path)
        if name not in known
    )


def _complete(
    described: Json,
    operation: Operation,
    body_of: dict[str, Json],
    answer_of: dict[str, Json],
    failures: Json,
) -> None:
    """Add to what the framework knows of an operation what its route declares."""
    body = body_of.get(operation.operation_id)
    if body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _with(operation.required, body)}},
        }
    described["security"] = _security(operation.scope)
    described["responses"] = {
        str(operation.status): _success(operation, answer_of.get(operation.operation_id)),
        **_failures(operation, failures),
    }


def _with(required: tuple[str, ...], body: Json) -> Json:
    """Return the schema of a body that has these members, none of them null."""
    if not required:
        return body
    return {
        "allOf": [body],
        "required": list(required),
        "properties": {name: {"not": {"type": "null"}} for name in required},
    }


def _security(scope: Scope | None) -> list[Json]:
    """Either credential suffices; the names of rights are roles, as OpenAPI 3.1 has it."""
    return [{name: [scope.value]} for name in _SCHEMES] if scope else []


def _success(operation: Operation, answer: Json | None) -> Json:
    described: Json = {"description": HTTPStatus(operation.status).phrase}
    if answer is not None:
        described["content"] = {operation.media_type: {"schema": answer}}
    elif operation.media_type != "application/json":
        described["content"] = {operation.media_type: {"schema": {}}}
    return described


def _failures(operation: Operation, shared: Json) -> dict[str, Json]:
    """Return an answer per status, by reference; what is new goes into *shared*."""
    by_status: dict[int, list[type]] = {}
    for kind in dict.fromkeys(operation.errors):
        by_status.setdefault(management_status(kind), []).append(kind)
    failures = {}
    for status, found in sorted(by_status.items()):
        name = "Or".join(kind.__name__ for kind in found)
        if operation.envelope is not Error:
            name += f"As{operation.envelope.__name__}"
        shared[name] = {
            "description": " ".join(map(_first_line, found)),
            "content": {
                "application/json": _schema_of(operation.envelope),
                PROBLEM_TYPE.decode(): _schema_of(Problem),
            },
        }
        failures[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return failures


def _schema_of(record: type) -> Json:
    return {"schema": {"$ref": REF.format(name=record.__name__)}}


def _first_line(kind: type) -> str:
    return (kind.__doc__ or kind.__name__).partition("\n")[0]
