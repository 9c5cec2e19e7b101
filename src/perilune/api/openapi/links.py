"""What can be done next: links from an answer to the operations that take something from it."""

from perilune.api.openapi.schemas import Json

_SOURCES = {
    "createFunction": {"function_id": "$response.body#/id"},
    "listVersions": {
        "function_id": "$request.path.function_id",
        "version": "$response.body#/versions/0/{member}",
    },
    "listExecutions": {"execution_id": "$response.body#/executions/0/id"},
    "createToken": {"token_id": "$response.body#/id"},
}
"""By operation, what its answer has for the parameters of others."""
_BY_NUMBER = frozenset({"getVersion"})
"""Operations that want the number of a version, where the others want its id."""


def add_links(paths: Json) -> None:
    """Add links to the answers of the operations in *paths*."""
    operations = {one["operationId"]: one for item in paths.values() for one in item.values()}
    takes = {name: _path_parameters(one) for name, one in operations.items()}
    for source, given in _SOURCES.items():
        if source not in operations:
            continue
        wanted = {name: names for name, names in takes.items() if _is_fed(names, given)}
        links = {
            f"{source}To{name[0].upper()}{name[1:]}": {
                "operationId": name,
                "parameters": {one: _expression(given[one], name) for one in sorted(names)},
            }
            for name, names in wanted.items()
        }
        responses = operations[source]["responses"]
        success = next(status for status in responses if status.startswith("2"))
        responses[success]["links"] = links


def _path_parameters(operation: Json) -> frozenset[str]:
    return frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "path")


def _is_fed(names: frozenset[str], given: dict[str, str]) -> bool:
    """Whether an answer has all that the path wants, and what only this answer has."""
    return bool(names) and names <= given.keys() and list(given)[-1] in names


def _expression(text: str, operation_id: str) -> str:
    return text.replace("{member}", "version" if operation_id in _BY_NUMBER else "id")
