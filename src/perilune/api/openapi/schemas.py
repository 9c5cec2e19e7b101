"""JSON Schema of the types that routes declare."""

from collections.abc import Iterable
from typing import Any

import msgspec

Json = dict[str, Any]

REF = "#/components/schemas/{name}"

_NULL = {"type": "null"}


def body_schemas(types: Iterable[Any]) -> tuple[list[Json], dict[str, Json]]:
    """Return a schema per type of a body, and the components they refer to."""
    schemas, components = msgspec.json.schema_components(tuple(types), ref_template=REF)
    return list(schemas), {name: _for_readers(one) for name, one in components.items()}


def answer_schemas(types: Iterable[Any]) -> tuple[list[Json], dict[str, Json]]:
    """Return a schema per type of an answer, and the components they refer to.

    Answers leave out what is None by default and always have the rest (`to_json`), so a
    default says only whether a member may be missing.
    """
    schemas, components = msgspec.json.schema_components(tuple(types), ref_template=REF)
    return list(schemas), {name: _as_answered(one) for name, one in components.items()}


def _for_readers(schema: Json) -> Json:
    """Return the schema with the first paragraph of its description; the rest is for us."""
    if "description" not in schema:
        return schema
    return schema | {"description": schema["description"].partition("\n\n")[0]}


def _as_answered(schema: Json) -> Json:
    """Return the schema of a record as it is sent."""
    schema = _for_readers(schema)
    members = schema.get("properties")
    if members is None:
        return schema
    required = list(schema.get("required", ()))
    sent = {}
    for name, member in members.items():
        if "default" not in member:
            sent[name] = member
            continue
        plain = {key: value for key, value in member.items() if key != "default"}
        if member["default"] is None:
            plain = _without_null(plain)
        else:
            required.append(name)
        sent[name] = plain
    return schema | {"properties": sent, "required": required}


def _without_null(member: Json) -> Json:
    """Return the schema without the choice of null."""
    if "anyOf" not in member:
        return member
    rest: list[Json] = [one for one in member["anyOf"] if one != _NULL]
    if len(rest) > 1:
        return member | {"anyOf": rest}
    return {key: value for key, value in member.items() if key != "anyOf"} | rest[0]
