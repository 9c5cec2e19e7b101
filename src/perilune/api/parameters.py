"""Parameters of paths and queries: how each is described, and what its text means.

They arrive as texts, whatever they mean: what is wrong with them is answered like any other
broken rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from perilune.api.errors import InvalidRequest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query."""

    name: str
    description: str = ""
    schema: Json = field(default_factory=lambda: {"type": "string"})
    read: Callable[[Any], Any] = lambda text: text
    """Returns what the text means, None if there is none, or raises `InvalidRequest`."""

    @property
    def parts(self) -> tuple["Parameter", ...]:
        """The parameters this is made of: itself."""
        return (self,)

    def value(self, texts: Mapping[str, str]) -> Any:
        """Return what a handler gets."""
        return self.read(texts.get(self.name))


@dataclass(frozen=True, slots=True)
class Group:
    """Several parameters of which a handler gets one value."""

    name: str
    parts: tuple[Parameter, ...]
    make: Callable[..., Any]
    """Returns the value for those of the parts, in their order."""

    def value(self, texts: Mapping[str, str]) -> Any:
        """Return what a handler gets."""
        return self.make(*(one.value(texts) for one in self.parts))


def choice(
    name: str,
    values: Mapping[str, Any],
    description: str,
    *,
    default: str | None = None,
    blank_is_absent: bool = True,
    schema: Json | None = None,
) -> Parameter:
    """Return a parameter that is one of some words.

    Args:
        name: of the parameter.
        values: what each word means.
        description: of the parameter.
        default: the word that counts where there is none.
        blank_is_absent: whether an empty text counts as none, and is not refused.
        schema: of the parameter, where it is not that of a text.
    """

    def read(text: str | None) -> Any:
        if text is None or (blank_is_absent and not text):
            return None if default is None else values[default]
        if text not in values:
            raise InvalidRequest(f"{name}: {name} must be one of: [{' '.join(values)}]")
        return values[text]

    described = schema or {"type": "string", "enum": list(values)}
    if default is not None:
        described = described | {"default": values[default] if schema else default}
    return Parameter(name, description, described, read)


def optional_text(name: str, description: str = "") -> Parameter:
    """Return a parameter for any text, empty where there is none."""
    return Parameter(name, description, {"type": "string", "default": ""}, lambda text: text or "")


def search_text(name: str, most: int, description: str) -> Parameter:
    """Return a parameter for a text of at most *most* characters; an empty one counts as absent."""

    def read(text: str | None) -> str | None:
        if text is not None and len(text) > most:
            raise InvalidRequest(f"{name}: {name} cannot be longer than {most} characters")
        return text or None

    return Parameter(name, description, {"type": "string", "maxLength": most}, read)
