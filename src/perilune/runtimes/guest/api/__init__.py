"""The guest API, described once, in `functions.toml`.

From this table come the allow-list of host calls, the bindings of every
language, the reference documentation and the completions of the editor.  An
entry that `runs_on_host` is a frame to the server; the others are implemented
inside the worker.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from perilune.runtimes.guest.api.model import ArgType, Argument, GuestFunction

_TABLE = tomllib.loads(Path(__file__).with_name("functions.toml").read_text(encoding="utf-8"))


def _function(module: str, name: str, entry: Mapping[str, Any]) -> GuestFunction:
    members = dict(entry)
    javascript, platform = members.pop("javascript"), members.pop("platform", None)
    members |= {
        "module": module,
        "name": name,
        "args": [_argument(one) for one in members.pop("args", "").split(", ") if one],
        "example": members.pop("lua"),
        "examples": {
            "javascript": javascript,
            "typescript": members.pop("typescript", javascript),
            "python": members.pop("python"),
        },
        "instead": {} if platform is None else {"javascript": platform, "typescript": platform},
    }
    return msgspec.convert(members, GuestFunction)


def _argument(text: str) -> Argument:
    name, _, type_ = text.partition(": ")
    return Argument(name.removesuffix("?"), ArgType(type_), name.endswith("?"))


GUEST_API: tuple[GuestFunction, ...] = tuple(
    _function(module, name, entry)
    for module, entries in _TABLE.items()
    for name, entry in entries.items()
    if isinstance(entry, dict)
)

HOST_FUNCTIONS: dict[str, GuestFunction] = {
    function.full_name: function for function in GUEST_API if function.runs_on_host
}

MODULES: dict[str, str] = {module: entries["summary"] for module, entries in _TABLE.items()}
"""What each module is for, in one line."""

PLATFORM_MODULES: dict[str, str] = {
    module: entries["platform"] for module, entries in _TABLE.items() if "platform" in entries
}
"""What JavaScript and TypeScript have of their own in the place of whole modules."""

__all__ = [
    "GUEST_API",
    "HOST_FUNCTIONS",
    "MODULES",
    "PLATFORM_MODULES",
    "ArgType",
    "Argument",
    "GuestFunction",
]
