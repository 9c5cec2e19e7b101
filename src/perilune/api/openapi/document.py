"""The description of the management API."""

from collections.abc import Sequence
from http import HTTPStatus

from perilune.api.error_answer import Error, Problem
from perilune.api.errors import management_status
from perilune.api.openapi.links import add_links
from perilune.api.openapi.public_paths import describe_public_paths
from perilune.api.openapi.schemas import REF, Json, answer_schemas, body_schemas
from perilune.api.parameters import Parameter
from perilune.api.replies import PROBLEM_TYPE
from perilune.api.routes import Route
from perilune.api.scopes import TokenScope

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


def describe_api(routes: Sequence[Route], version: str) -> Json:
    """Return the OpenAPI document of these routes, and of what is served beside them.

    *version* is the server's.
    """
    bodies, body_components = body_schemas([one.body for one in routes])
    envelopes = {one.envelope for one in routes}
    answers, answer_components = answer_schemas(
        [*(one.answer for one in routes), Problem, *envelopes]
    )
    failures: Json = {}
    paths: Json = {}
    for route, body, answer in zip(routes, bodies, answers, strict=False):
        described = _operation(route, body, answer, failures)
        paths.setdefault(route.template, {})[route.method.lower()] = described
    paths |= describe_public_paths()
    add_links(paths)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "Perilune", "summary": _SUMMARY, "version": version},
        "paths": paths,
        "components": {
            "schemas": _united(answer_components, body_components),
            "responses": failures,
            "securitySchemes": _SCHEMES,
        },
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
    }


def _united(answers: dict[str, Json], bodies: dict[str, Json]) -> dict[str, Json]:
    """Return both; a record that is sent and received would have one name for two shapes."""
    for name in answers.keys() & bodies.keys():
        if answers[name] != bodies[name]:
            raise ValueError(f"{name} is not the same in bodies and in answers")
    return answers | bodies


def _operation(route: Route, body: Json, answer: Json, failures: Json) -> Json:
    """Return the description of one route; errors that are new go into *failures*."""
    described: Json = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
        "security": _security(route.scope),
        "parameters": [_parameter(one, route) for one in route.all_parameters],
        "responses": {
            str(route.status): _success(route, answer),
            **_failures(route, failures),
        },
    }
    if route.body is not None:
        described["requestBody"] = {
            "required": not route.is_body_optional,
            "content": {"application/json": {"schema": _with(route.required, body)}},
        }
    return described


def _parameter(parameter: Parameter, route: Route) -> Json:
    is_in_path = parameter.name in route.pattern.groupindex
    described: Json = {
        "name": parameter.name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path,
        "schema": parameter.schema,
    }
    if parameter.description:
        described["description"] = parameter.description
    return described


def _with(required: tuple[str, ...], body: Json) -> Json:
    """Return the schema of a body that has these members, none of them null."""
    if not required:
        return body
    return {
        "allOf": [body],
        "required": list(required),
        "properties": {name: {"not": {"type": "null"}} for name in required},
    }


def _security(scope: TokenScope | None) -> list[Json]:
    """Either credential suffices; the names of rights are roles, as OpenAPI 3.1 has it."""
    return [{name: [scope.value]} for name in _SCHEMES] if scope else []


def _success(route: Route, answer: Json) -> Json:
    described: Json = {"description": HTTPStatus(route.status).phrase}
    if route.status != 204:
        schema = {} if route.answer is None else answer
        described["content"] = {route.media_type: {"schema": schema}}
    return described


def _failures(route: Route, shared: Json) -> dict[str, Json]:
    """Return an answer per status, by reference; what is new goes into *shared*."""
    by_status: dict[int, list[type]] = {}
    for kind in dict.fromkeys(route.all_errors):
        by_status.setdefault(management_status(kind), []).append(kind)
    failures = {}
    for status, found in sorted(by_status.items()):
        name = "Or".join(kind.__name__ for kind in found)
        if route.envelope is not Error:
            name += f"As{route.envelope.__name__}"
        shared[name] = {
            "description": " ".join(map(_first_line, found)),
            "content": {
                "application/json": _schema_of(route.envelope),
                PROBLEM_TYPE.decode(): _schema_of(Problem),
            },
        }
        failures[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return failures


def _schema_of(record: type) -> Json:
    return {"schema": {"$ref": REF.format(name=record.__name__)}}


def _first_line(kind: type) -> str:
    return (kind.__doc__ or kind.__name__).partition("\n")[0]
