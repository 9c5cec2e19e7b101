"""What describes one function of the guest API."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class ArgType(StrEnum):
    """The kinds of argument the bindings check."""

    STRING = "string"
    """Text or number; numbers become text."""
    INT = "int"
    NUMBER = "number"
    TABLE = "table"
    ANY = "any"


class Argument(msgspec.Struct, frozen=True):
    """One parameter of a guest function."""

    name: str
    type: ArgType
    optional: bool = False


class GuestFunction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One function that guest code can call."""

    module: str
    name: str
    args: tuple[Argument, ...]
    returns: str
    """What Lua gets."""
    result: str = "string"
    """Its type where it succeeds, in the words of `shapes`."""
    summary: str
    """One sentence for people and language models."""
    example: str
    """A Lua expression or statement that works as it stands."""
    examples: Mapping[str, str] = {}
    """The same in other languages, by name."""
    instead: Mapping[str, str] = {}
    """What those languages have of their own in which it does not exist, by name."""
    since: str = "0.1.0"
    runs_on_host: bool = False
    has_reply: bool = True
    """False for calls whose outcome never reaches the guest (log lines)."""
    fails_with_false: bool = False
    """Whether a failure is `false, err`, as with functions that answer yes or no."""

    @property
    def full_name(self) -> str:
        """`module.name`, the name in frames and documentation."""
        return f"{self.module}.{self.name}"
