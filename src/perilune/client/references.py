"""References in `perilune.toml`: `${NAME}` stands for a value that is given when it is deployed.

`$$` stands for one dollar sign; a dollar sign before anything else stays.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from perilune.client.errors import ClientError

Key = TypeVar("Key")

_REFERENCE = re.compile(r"\$\$|\$\{([A-Za-z0-9_]+)\}|\$")
_AMBIGUOUS = re.compile(r"\$\$|\$\{")


class MissingValues(ClientError):
    """Files refer to values that are nowhere given."""

    code = "missing_values"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"no value for {', '.join(names)}: set them in the environment or in a .env file"
        )
        self.names = names


class Referred(str):
    """A text with what a reference stands for, which may be a number or a flag."""

    __slots__ = ()


def resolved(
    texts: Mapping[Key, str], values: Mapping[str, str]
) -> tuple[dict[Key, str], list[str]]:
    """Return the texts with their references replaced, and the references without a value."""
    missing: set[str] = set()
    found = {key: str(_replaced(text, values, missing)) for key, text in texts.items()}
    return found, sorted(missing)


def resolve_all(
    content: Mapping[str, Any], values: Mapping[str, str], kept: frozenset[tuple[str, ...]]
) -> dict[str, Any]:
    """Return the content of a file with its references replaced, in all texts.

    Args:
        content: as TOML has it.
        values: by the names of references.
        kept: the places that stay as they are, each a path of keys.

    Raises:
        MissingValues: a reference has no value.
    """
    missing: set[str] = set()

    def walk(value: Any, place: tuple[str, ...]) -> Any:  # whatever TOML can say
        if place in kept:
            return value
        if isinstance(value, dict):
            return {key: walk(inner, (*place, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, place) for inner in value]
        return _replaced(value, values, missing) if isinstance(value, str) else value

    found: dict[str, Any] = walk(content, ())
    if missing:
        raise MissingValues(sorted(missing))
    return found


def escaped(text: str) -> str:
    """Return what means *text* where references are replaced."""
    return text.replace("$", "$$") if _AMBIGUOUS.search(text) else text


def _replaced(text: str, values: Mapping[str, str], missing: set[str]) -> str:
    refers = False

    def put(match: re.Match[str]) -> str:
        nonlocal refers
        name = match[1]
        if name is None:
            return "$"
        refers = True
        if name not in values:
            missing.add(name)
        return values.get(name, "")

    found = _REFERENCE.sub(put, text)
    return Referred(found) if refers else found
