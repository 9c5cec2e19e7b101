"""The types of `perilune_guest`, for editors and type checkers, made from the guest API table."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from perilune import __version__
from perilune.runtimes.guest.api import GUEST_API, ArgType, GuestFunction
from perilune.runtimes.guest.api.shapes import OPTIONS, STRUCTURES, Members

FILE_NAME = "perilune_guest.pyi"

_HEAD = '''\
"""What Python functions on Perilune import.  Written by Perilune {version} from its guest API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

_Int = int
_Float = float
_Bytes = bytes
_Text = str | bytes | int | float

class Error(Exception):
    """Something that the guest API was asked for can't be done; the text says why."""

class Record(dict[str, Any]):
    """A dictionary whose members are attributes too, in camelCase and in snake_case."""

    def __getattr__(self, name: str) -> Any: ...

class Headers(dict[str, Any]):
    """Headers by name, found in any case."""

class Context(Record):
    """About this execution."""

    execution_id: str
    function_id: str
    function_name: str
    mount: str
    version: str
    request_id: str
    started_at: int
    base_url: str
    def time_left(self) -> float:
        """Return the seconds until this execution is stopped."""
    def get_remaining_time_in_millis(self) -> int:
        """Return the same in whole milliseconds."""

class Event(Record):
    """What happened: an HTTP request, or what else called the function."""

    method: str
    path: str
    relative_path: str
    raw_relative_path: str
    headers: Headers
    body: str
    query: dict[str, str]
    multi_headers: Headers
    multi_query: dict[str, list[str]]
    raw_query: str
    host: str
    scheme: str
    remote_addr: str
    trigger: str
    @property
    def body_bytes(self) -> bytes:
        """The body as it was received."""
    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""

class HttpResponse(Record):
    """What a server answered."""

    status_code: int
    headers: Headers
    multi_headers: Headers
    body: str
    url: str
    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
    @property
    def content(self) -> bytes:
        """The body as it was received."""
    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""

class KvPage(list[_KvItem]):
    """One part of a list of key-value pairs."""

    cursor: str | None
    @property
    def items(self) -> list[_KvItem]:
        """The pairs."""

_Handler = Callable[[Event, dict[str, str]], Any]

class _Routes:
    """Routes, tried in the order they were added; without handler, each is a decorator."""

{router}
    def dispatch(self, event: Event) -> Any:
        """Return what the handler of the first route that fits returns."""
'''
_ROUTE = (
    "    @overload\n"
    "    def {method}(self, pattern: str, handler: _Handler) -> _Handler: ...\n"
    "    @overload\n"
    "    def {method}(self, pattern: str) -> Callable[[_Handler], _Handler]: ..."
)
_ROUTER_METHODS = ("get", "post", "put", "patch", "delete", "head", "any")

# What the library in the worker defines itself, under these very names.
_WRITTEN_OUT = frozenset({"HttpResponse", "KvPage"})
_PLAIN = {
    "string": "str",
    "int": "_Int",
    "number": "_Float",
    "boolean": "bool",
    "any": "Any",
    "bytes": "_Bytes",
    "nothing": "None",
    "Router": "_Routes",
}
_ARGUMENTS = {
    ArgType.STRING: "_Text",
    ArgType.INT: "_Int",
    ArgType.NUMBER: "_Float",
    ArgType.ANY: "Any",
}
_TABLES = {"items": "Sequence[Any]", "members": "Mapping[str, Any]"}
"""Table arguments that are lists or dicts; others are dicts that may be missing."""
_NIL = re.compile(r"\bnil\b")
_POSITIONAL = frozenset({"base64", "crypto", "random", "url"})
"""Modules whose functions take their arguments by place only."""
_WITHOUT_ERRORS = frozenset({"log", "crypto"})


def python_stubs(functions: Sequence[GuestFunction] = GUEST_API) -> str:
    """Return the text of `perilune_guest.pyi`."""
    router = "\n".join(_ROUTE.format(method=method) for method in _ROUTER_METHODS)
    parts = [_HEAD.format(version=__version__, router=router)]
    parts += [_structure(name, STRUCTURES[name]) for name in STRUCTURES if name not in _WRITTEN_OUT]
    names = []
    for module, members in groupby(functions, key=lambda function: function.module):
        names.append(module)
        listed = list(members)
        if module not in _WITHOUT_ERRORS:
            parts.append(
                f'class {module.capitalize()}Error(Error):\n    """A failure of {module}."""\n'
            )
        parts.append(_module(f"_{module.capitalize()}", listed, "def"))
        parts.append(_module(f"_Aio{module.capitalize()}", listed, "async def"))
    awaited = "\n".join(f"    {name}: _Aio{name.capitalize()}" for name in names)
    parts.append(f"class _Aio:\n{awaited}\n")
    parts.append("\n".join([*(f"{name}: _{name.capitalize()}" for name in names), "aio: _Aio", ""]))
    return "\n".join(parts)


def python_name(name: str) -> str:
    """Return the name that a function or option of the guest API has in Python."""
    snake = re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0].lower(), name)
    return "from_" if snake == "from" else snake


def python_type(expression: str) -> str:
    """Return a type of `guest.api.shapes` as Python has it."""
    if expression.endswith("?"):
        return f"{python_type(expression[:-1])} | None"
    outer, _, inner = expression.removesuffix(">").partition("<")
    if outer == "list":
        return f"list[{python_type(inner)}]"
    if outer == "map":
        return f"dict[str, {python_type(inner)}]"
    return _PLAIN.get(outer) or (outer if outer in _WRITTEN_OUT else f"_{outer}")


def _structure(name: str, members: Members) -> str:
    lines = [f"    {python_name(one)}: {python_type(type_)}" for one, type_ in members.items()]
    return "\n".join([f"class _{name}(Record):", *lines, ""])


def _module(name: str, functions: Sequence[GuestFunction], keyword: str) -> str:
    lines = [f"class {name}:"]
    for function in functions:
        arguments = ", ".join(["self", *_arguments(function)])
        result = python_type(function.result)
        lines.append(f"    {keyword} {python_name(function.name)}({arguments}) -> {result}:")
        lines.append(f'        """{_NIL.sub("None", function.summary)}"""')
    return "\n".join([*lines, ""])


def _arguments(function: GuestFunction) -> Iterator[str]:
    if function.module == "log":
        yield from ("message: object", "fields: Mapping[str, Any] | None = None", "**more: Any")
        return
    has_default = False
    for argument in function.args:
        type_ = _ARGUMENTS.get(argument.type) or _TABLES.get(argument.name, "Mapping[str, Any]")
        # With options named one by one, the dict of all of them is not needed.
        has_default = has_default or argument.optional or argument.name == "options"
        # What may be missing in front of what may not, as in kv.cas, is given as None.
        later = function.args[function.args.index(argument) + 1 :]
        if argument.optional and any(not one.optional for one in later):
            has_default = False
            yield f"{argument.name}: {type_} | None"
            continue
        yield f"{argument.name}: {type_}" + (" | None = None" if has_default else "")
    if function.module in _POSITIONAL and function.args:
        yield "/"
    options = OPTIONS.get(function.full_name)
    if options:
        yield "*"
        for name, expression in options.items():
            type_ = python_type(expression).removesuffix(" | None").replace("dict[", "Mapping[")
            text = type_.replace("list[", "Sequence[").replace("_EmailTag", "Mapping[str, str]")
            yield f"{python_name(name)}: {_given(text)} | None = None"


def _given(type_: str) -> str:
    """Return the type of an option: plain dictionaries do for structures, bytes for texts."""
    plain = re.sub(r"_(?:ChatMessage|EmailAttachment)", "Mapping[str, Any]", type_)
    return re.sub(r"\bstr\b(?!,)", "_Text", plain).replace("Mapping[_Text", "Mapping[str")
