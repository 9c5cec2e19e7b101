"""What can be read about the guest API: a document for editors and a guide for language models.

Both come from the guest API table and from the limits in the code, so neither
can disagree with what the server does.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from string import Template

import msgspec

from perilune import __version__
from perilune.config import Settings
from perilune.runtimes.guest.api import GUEST_API, MODULES, GuestFunction
from perilune.runtimes.guest.api.handler import CTX, EVENT, GuestObject
from perilune.runtimes.limits import MIB, WorkerLimits
from perilune.services.env import MAX_VALUE_CHARS, MAX_VARIABLES
from perilune.services.kv import DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT, KVLimits
from perilune.services.logger import LogLimits
from perilune.worker.frames import MAX_HEADERS_BYTES

_GUIDE = Template(Path(__file__).with_name("guide.md").read_text(encoding="utf-8"))

# The one name that is a reserved word of Lua.
_RESERVED = frozenset({"repeat"})


def call_name(function: GuestFunction) -> str:
    """Return how Lua code names *function*; reserved words can't follow a dot."""
    if function.name in _RESERVED:
        return f'{function.module}["{function.name}"]'
    return function.full_name


def signature(function: GuestFunction) -> str:
    """Return *function* with its arguments, `?` marking those that may be left out."""
    arguments = ", ".join(
        f"{argument.name}{'?' if argument.optional else ''}: {argument.type}"
        for argument in function.args
    )
    return f"{call_name(function)}({arguments})"


def guest_api_json(functions: Sequence[GuestFunction] = GUEST_API) -> bytes:
    """Return the guest API as a JSON document for editors."""
    modules = [
        {
            "name": module,
            "summary": MODULES[module],
            "functions": [_description(function) for function in members],
        }
        for module, members in groupby(functions, key=lambda function: function.module)
    ]
    document = {"version": __version__, "modules": modules, "handler": [CTX, EVENT]}
    return msgspec.json.encode(document) + b"\n"


def llms_text(functions: Sequence[GuestFunction] = GUEST_API) -> str:
    """Return the guide for language models that write functions, as Markdown.

    The limits in it are the defaults.
    """
    return _GUIDE.substitute(
        _limits(),
        version=__version__,
        handler="\n\n".join(map(_members, (CTX, EVENT))),
        modules=_module_list(functions),
    )


def _description(function: GuestFunction) -> dict[str, object]:
    return {
        "name": function.name,
        "full_name": function.full_name,
        "call": call_name(function),
        "signature": signature(function),
        "arguments": [
            {"name": argument.name, "type": argument.type, "optional": argument.optional}
            for argument in function.args
        ],
        "returns": function.returns,
        "summary": function.summary,
        "example": function.example,
        "examples": {"lua": function.example, **function.examples},
        "instead": function.instead,
        "since": function.since,
        "runs_on": "host" if function.runs_on_host else "worker",
    }


def _members(described: GuestObject) -> str:
    rows = [f"| `{one.name}` | {one.type} | {one.summary} |" for one in described.members]
    head = ("| Field | Type | Meaning |", "|---|---|---|")
    return "\n".join((f"### {described.name}", "", *head, *rows))


def _module_list(functions: Sequence[GuestFunction]) -> str:
    parts = []
    for module, members in groupby(functions, key=lambda function: function.module):
        lines = [f"### {module}", "", MODULES[module], ""]
        lines += [f"- `{signature(one)}` → `{one.returns}`: {one.summary}" for one in members]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _limits() -> dict[str, str]:
    settings, worker, kv, log = Settings(), WorkerLimits(), KVLimits(), LogLimits()
    return {
        "timeout": f"{settings.execution_timeout:g} s",
        "memory": _size(settings.worker_memory),
        "request_body": _size(settings.request_body),
        "response_body": _size(settings.response_body),
        "response_headers": _size(MAX_HEADERS_BYTES),
        "host_calls": f"{worker.host_calls:,}",
        "outbound_calls": f"{settings.http_calls:,}",
        "http_timeout": f"{settings.http_timeout:g} s",
        "http_body": _size(settings.http_response_body),
        "log_lines": f"{log.max_lines:,}",
        "log_line": _size(log.max_line_bytes),
        "log_total": _size(log.max_total_bytes),
        "kv_key": _size(kv.max_key_bytes),
        "kv_value": _size(kv.max_value_bytes),
        "kv_total": _size(kv.max_function_bytes),
        "kv_page": f"{DEFAULT_LIST_LIMIT:,}",
        "kv_page_most": f"{MAX_LIST_LIMIT:,}",
        "env_variables": f"{MAX_VARIABLES:,}",
        "env_value": f"{MAX_VALUE_CHARS:,}",
    }


def _size(size_bytes: int) -> str:
    if size_bytes % MIB == 0:
        return f"{size_bytes // MIB} MiB"
    if size_bytes % 1024 == 0:
        return f"{size_bytes // 1024} KiB"
    return f"{size_bytes} bytes"
