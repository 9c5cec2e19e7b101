"""The types of the module `perilune`, for editors and type checkers, made from the guest API table.

Functions in JavaScript and TypeScript import that module; the file declares it,
and the same things as globals.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from perilune import __version__
from perilune.runtimes.guest.api import GUEST_API, ArgType, Argument, GuestFunction
from perilune.runtimes.guest.api.shapes import OPTIONS, STRUCTURES, Members

FILE_NAME = "perilune.d.ts"

_HEAD = """\
// What JavaScript and TypeScript functions on Perilune import.
// Written by Perilune {version} from its guest API.

declare module "perilune" {{
  /** Text, or bytes; numbers become text. */
  export type Text = string | number | Uint8Array;

  /** Something that the guest API was asked for can't be done; the message says why. */
  export class PeriluneError extends Error {{
    /** The module that failed, such as `kv`. */
    module: string;
  }}

  /** About this execution. */
  export interface Context {{
    executionId: string;
    functionId: string;
    functionName?: string;
    /** The path at which it was called: `/fn/ADDRESS` or `/fn/ID`, escaped. */
    mount: string;
    version?: string;
    requestId?: string;
    startedAt: number;
    baseUrl?: string;
    /** Returns the seconds until this execution is stopped. */
    timeLeft(): number;
    /** Returns the same in whole milliseconds. */
    getRemainingTimeInMillis(): number;
  }}

  /** Headers by name, found in any case. */
  export type HeaderTexts = Record<string, string>;

  /** What happened: an HTTP request, or what else called the function. */
  export interface Event {{
    method: string;
    path: string;
    relativePath: string;
    /** The same as it was sent: in `/a%2Fb` is one segment. */
    rawRelativePath: string;
    headers: HeaderTexts;
    body: string;
    query: Record<string, string>;
    multiHeaders: Record<string, string[]>;
    multiQuery: Record<string, string[]>;
    rawQuery: string;
    host: string;
    scheme: string;
    remoteAddr: string;
    trigger: string;
    /** The body as it was received. */
    readonly bodyBytes: Uint8Array<ArrayBuffer>;
    /** Returns the body, which is JSON; throws a SyntaxError if it is none. */
    json(): any;
  }}

  /** What a handler may return to say everything about the response. */
  export interface HandlerResponse {{
    statusCode?: number;
    status?: number;
    headers?: Headers | Record<string, string | number | (string | number)[]>;
    /** Text and bytes are sent as they are, other values as JSON. */
    body?: unknown;
    /** Whether the body is base64 of what is to be sent. */
    isBase64Encoded?: boolean;
  }}

  /** A response, a text, bytes, or a value that is sent as JSON. */
  export type HandlerResult =
    | HandlerResponse
    | Response
    | string
    | Uint8Array
    | ArrayBuffer
    | number
    | boolean
    | object
    | null
    | void;

  export type Handler = (
    ctx: Context,
    event: Event,
  ) => HandlerResult | Promise<HandlerResult>;

  /** What a server answered. */
  export interface HttpResponse {{
    statusCode: number;
    headers: HeaderTexts;
    multiHeaders: Record<string, string[]>;
    body: string;
    url: string;
    /** Whether the status is one of success. */
    readonly ok: boolean;
    /** The body as it was received. */
    readonly bodyBytes: Uint8Array<ArrayBuffer>;
    /** Returns the body, which is JSON; throws a SyntaxError if it is none. */
    json(): any;
  }}

  export type RouteHandler = (event: Event, params: Record<string, string>) => unknown;

  /** Routes, tried in the order they were added. */
  export interface Router {{
{router}
    /** Returns what the handler of the first route that fits returns. */
    dispatch(event: Event): any;
  }}
"""
_ROUTE = "    {method}(pattern: string, handler: RouteHandler): Router;"
_ROUTER_METHODS = ("get", "post", "put", "patch", "delete", "head", "any")

# What is written out above, and what only functions of other languages return.
_LEFT_OUT = frozenset({"HttpResponse", "UrlParts", "FormData", "FormFile"})
_PLAIN = {
    "string": "string",
    "int": "number",
    "number": "number",
    "boolean": "boolean",
    "any": "any",
    "nothing": "void",
}
_ARGUMENTS = {
    ArgType.STRING: "Text",
    ArgType.INT: "number",
    ArgType.NUMBER: "number",
    ArgType.ANY: "unknown",
}
_TABLES = {"items": "Iterable<any>", "members": "object"}
"""Table arguments that are no options."""
_NIL = re.compile(r"\bnil\b")
_RESERVED = frozenset({"new", "default"})
_IN_JSON = frozenset({"json"})
"""Modules that have `null`, too, for code that was written for Lua."""
_PROMISED = frozenset({"time.sleep"})
"""What can be waited for, although the host has no part in it."""


def javascript_types(functions: Sequence[GuestFunction] = GUEST_API) -> str:
    """Return the text of `perilune.d.ts`; functions that JavaScript does not have are left out."""
    functions = [one for one in functions if "javascript" not in one.instead]
    router = "\n".join(_ROUTE.format(method=method) for method in _ROUTER_METHODS)
    parts = [_HEAD.format(version=__version__, router=router)]
    parts += [_structure(name, STRUCTURES[name]) for name in STRUCTURES if name not in _LEFT_OUT]
    for module, members in groupby(functions, key=lambda function: function.module):
        parts.append(_module(module, list(members)))
    parts.append("}\n")
    parts.append(_globals(functions))
    return "\n".join(parts)


def javascript_name(name: str) -> str:
    """Return the name that a function or option of the guest API has in JavaScript."""
    return re.sub("_([a-z0-9])", lambda found: found[1].upper(), name)


def typescript_type(expression: str) -> str:
    """Return a type of `guest.api.shapes` as TypeScript has it."""
    if expression.endswith("?"):
        return f"{typescript_type(expression[:-1])} | null"
    outer, _, inner = expression.removesuffix(">").partition("<")
    if outer == "list":
        return f"{typescript_type(inner)}[]"
    if outer == "map":
        return f"Record<string, {typescript_type(inner)}>"
    return _PLAIN.get(outer, outer)


def _structure(name: str, members: Members) -> str:
    lines = [f"    {_member(one, type_)};" for one, type_ in members.items()]
    return "\n".join([f"  export interface {name} {{", *lines, "  }", ""])


def _member(name: str, expression: str) -> str:
    mark = "?" if expression.endswith("?") else ""
    return f"{javascript_name(name)}{mark}: {typescript_type(expression.removesuffix('?'))}"


def _module(name: str, functions: Sequence[GuestFunction]) -> str:
    lines = [f"  export const {name}: {{", *_functions(functions, "    ")]
    if name in _IN_JSON:
        lines.append("    null: null;")
    return "\n".join([*lines, "  };", ""])


def _functions(functions: Sequence[GuestFunction], indent: str) -> Iterator[str]:
    for function in functions:
        yield f"{indent}/** {_NIL.sub('null', function.summary)} */"
        arguments = ", ".join(_arguments(function))
        name = javascript_name(function.name)
        # Without quotes, a method `new` is what an object is made with.
        name = f'"{name}"' if name in _RESERVED else name
        yield f"{indent}{name}({arguments}): {_result(function)};"


def _result(function: GuestFunction) -> str:
    result = typescript_type(function.result)
    is_promise = (function.runs_on_host and function.has_reply) or function.full_name in _PROMISED
    return f"Promise<{result}>" if is_promise else result


def _arguments(function: GuestFunction) -> list[str]:
    if function.module == "log":
        return ["message: unknown", "fields?: object"]
    texts = []
    for index, argument in enumerate(function.args):
        type_ = _argument_type(function, argument)
        # What may be missing in front of what may not, as in kv.cas, is given as null.
        later = function.args[index + 1 :]
        if argument.optional and any(not one.optional for one in later):
            texts.append(f"{argument.name}: {type_} | null")
        elif argument.optional:
            texts.append(f"{argument.name}?: {type_} | null")
        else:
            # `new` is the name of an argument of kv.cas.
            texts.append(f"{_parameter(argument.name)}: {type_}")
    return texts


def _parameter(name: str) -> str:
    return f"{name}_" if name in _RESERVED else name


def _argument_type(function: GuestFunction, argument: Argument) -> str:
    if argument.type is not ArgType.TABLE:
        return _ARGUMENTS[argument.type]
    options = OPTIONS.get(function.full_name)
    if argument.name == "options" and options:
        return f"{{ {'; '.join(_option(*one) for one in options.items())} }}"
    return _TABLES.get(argument.name, "Record<string, any>")


def _option(name: str, expression: str) -> str:
    member = _member(name, expression)
    # Options may be numbers or bytes where results are texts.
    return re.sub(r"\bstring\b(?!, )", "Text", member)


def _globals(functions: Sequence[GuestFunction]) -> str:
    names = [*dict.fromkeys(one.module for one in functions), "PeriluneError"]
    return "".join(f'declare const {name}: typeof import("perilune").{name};\n' for name in names)
