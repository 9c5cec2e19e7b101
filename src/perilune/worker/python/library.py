"""The modules of the guest API that need no host, and the reading of arguments."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from perilune.worker.frames import HostFunction
from perilune.worker.library import NATIVE, LibraryError
from perilune.worker.lua_text import fold_case
from perilune.worker.python.errors import error_of
from perilune.worker.python.failures import HandlerError
from perilune.worker.python.records import Record, camel_case, from_wire, text_of, to_wire
from perilune.worker.python.responses import to_json

MAX_RANDOM = 1_048_576
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_RFC3339 = b"2006-01-02T15:04:05Z07:00"
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMAC_DIGESTS = ("sha1", "sha256", "sha512")
_URL_PARTS = ("scheme", "username", "password", "host", "path", "fragment")

Functions = dict[str, Callable[..., Any]]


class Current:
    """The execution that is being served."""

    mount: str = ""
    """The path that it is called at."""
    base_url: str = ""


def data_of(value: Any) -> bytes:
    """Return a text argument as bytes; numbers become text.

    Raises:
        TypeError: it is neither text nor a number.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value).encode()
    raise TypeError(f"a str is expected, not {type(value).__name__}")


def argument_reader(
    function: HostFunction,
) -> Callable[[tuple[Any, ...], dict[str, Any]], list[Any]]:
    """Return what makes the values of a frame from the arguments of a call.

    Named arguments that the function does not have are members of its `options`.
    """
    name = function.name
    names = function.arg_names
    position = {one: index for index, one in enumerate(names)}
    options = position.get("options")
    required = max(
        (n for n, (_, optional) in enumerate(function.args, 1) if not optional), default=0
    )

    def read(args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        if len(args) > len(names):
            raise TypeError(f"{name}() takes at most {len(names)} arguments, not {len(args)}")
        values: list[Any] = [*args, *[None] * (len(names) - len(args))]
        more = {}
        for key, value in named.items():
            index = position.get(key)
            if index is None:
                more[key] = value
            elif index < len(args):
                raise TypeError(f"{name}() got two values for {key!r}")
            else:
                values[index] = value
        if more:
            if options is None:
                raise TypeError(f"{name}() has no argument {next(iter(more))!r}")
            values[options] = {**(values[options] or {}), **more}
        return [
            _argument(function, index, value)
            for index, value in enumerate(_trimmed(values, required))
        ]

    return read


def _trimmed(values: list[Any], required: int) -> list[Any]:
    """Drop what is missing at the end, but for arguments that must be there."""
    while len(values) > required and values[-1] is None:
        values.pop()
    return values


def _argument(function: HostFunction, index: int, value: Any) -> Any:
    kind, is_optional = function.args[index]
    label = f"{function.name}() argument {function.arg_names[index]!r}"
    if value is None:
        if is_optional:
            return None
        raise TypeError(f"{label} must not be None")
    match kind:
        case "string":
            try:
                return data_of(value)
            except TypeError as error:
                raise TypeError(f"{label}: {error}") from None
        case "int" | "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{label} must be a number, not {type(value).__name__}")
            return value
        case "table":
            if not isinstance(value, Mapping | list | tuple):
                raise TypeError(f"{label} must be a dict, not {type(value).__name__}")
    return to_wire(value)


def _native(module: str, name: str) -> Callable[..., Any]:
    """Return a function of the native library that raises the module's error."""
    function, failure = NATIVE[name], error_of(module)

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except LibraryError as error:
            raise failure(str(error)) from None

    return call


def _texts(module: str, name: str) -> Callable[..., str]:
    """Return a function of the native library on texts that gives a text."""
    function = _native(module, name)

    def call(*args: Any) -> str:
        return text_of(function(*(data_of(one) for one in args)))

    return call


def _raw(module: str, name: str) -> Callable[..., bytes]:
    function = _native(module, name)

    def call(*args: Any) -> bytes:
        return bytes(function(*(data_of(one) for one in args)))

    return call


# json


def _json_encode(
    value: Any, options: Any = None, *, pretty: bool = False, escape_html: bool = True
) -> str:
    members = options or {}
    pretty, escape_html = members.get("pretty", pretty), members.get("escape_html", escape_html)
    try:
        data = to_json(value)
    except HandlerError as error:
        raise error_of("json")(str(error).removeprefix("invalid body: ")) from None
    text = (msgspec.json.format(data, indent=2) if pretty else data).decode()
    return text.translate(_HTML) if escape_html else text


def _json_decode(text: Any, options: Any = None, *, null: bool = False) -> Any:
    try:
        return json.loads(data_of(text))
    except ValueError as error:
        raise error_of("json")(str(error)) from None


# crypto, random


def _equal(a: Any, b: Any) -> bool:
    return bool(NATIVE["equal_bytes"](data_of(a), data_of(b)))


def _random_int(min: int, max: int) -> int:
    if max < min:
        raise error_of("random")(f"random.int: max {max} is less than min {min}")
    return int(NATIVE["random_int"](min, max))


def _random_of(name: str, native: str) -> Callable[[int], str]:
    def draw(n: int) -> str:
        if not 1 <= n <= MAX_RANDOM:
            raise error_of("random")(f"random.{name}: from 1 to {MAX_RANDOM} are possible, not {n}")
        return text_of(NATIVE[native](n))

    return draw


# time


def _sleep(milliseconds: float) -> None:
    if milliseconds > 0:
        time.sleep(milliseconds / 1000)


def _zone_of(zone: str | None) -> bytes | None:
    return None if zone is None else data_of(zone)


def _time_format(seconds: float, layout: str, zone: str | None = None) -> str:
    return text_of(_native("time", "format_time")(seconds, data_of(layout), _zone_of(zone)))


def _time_parse(text: str, layout: str, zone: str | None = None) -> int:
    parse = _native("time", "parse_time")
    return int(parse(data_of(text), data_of(layout), _zone_of(zone)))


def _iso(seconds: float | None = None) -> str:
    moment = time.time() if seconds is None else seconds
    return text_of(_native("time", "format_time")(moment, _RFC3339, b"UTC"))


# url


def _url_parse(text: str) -> Record:
    packed = _native("url", "parse_url")(data_of(text))
    parts = from_wire(msgspec.msgpack.decode(packed))
    return Record(parts)


def _url_build(parts: Mapping[str, Any]) -> str:
    row = [data_of(parts.get(name) or "") for name in _URL_PARTS]
    for name, value in (parts.get("query") or {}).items():
        for one in value if isinstance(value, list | tuple) else (value,):
            row += [data_of(name), data_of(one)]
    return text_of(_native("url", "build_url")(msgspec.msgpack.encode(row)))


# form, cookies


def _header(event: Mapping[str, Any], name: str) -> bytes:
    return data_of(event["headers"].get(name) or "")


def _form_parse(event: Mapping[str, Any]) -> Record:
    packed = _native("form", "parse_form")(_header(event, "Content-Type"), data_of(event["body"]))
    parts = msgspec.msgpack.decode(packed)
    bodies = [file.pop(b"body") for file in parts[b"files"]]
    form = from_wire(parts)
    for file, body in zip(form["files"], bodies, strict=True):
        file["body"] = body
    return Record(form)


def _cookies_parse(event: Mapping[str, Any]) -> dict[str, str]:
    packed = _native("cookies", "parse_cookies")(_header(event, "Cookie"))
    return {text_of(name): text_of(one) for name, one in msgspec.msgpack.decode(packed).items()}


def _cookies_build(name: Any, value: Any, options: Any = None, **more: Any) -> str:
    members = {camel_case(key): to_wire(one) for key, one in {**(options or {}), **more}.items()}
    packed = msgspec.msgpack.encode(members)
    build = _native("cookies", "build_cookie")
    return text_of(build(data_of(name), data_of(value), packed))


# strings


def _text(value: Any) -> str:
    return value if isinstance(value, str) else text_of(data_of(value))


def _split(text: Any, separator: Any) -> list[str]:
    return _text(text).split(_text(separator)) if separator else list(_text(text))


def _join(items: Iterable[Any], separator: Any) -> str:
    return _text(separator).join(_text(one) for one in items)


def _replace(text: Any, old: Any, new: Any, n: int = -1) -> str:
    return _text(text).replace(_text(old), _text(new), n)


def _repeat(text: Any, n: int) -> str:
    if n < 0:
        raise error_of("strings")("strings: negative Repeat count")
    return _text(text) * n


def _folded(text: Any, *, upper: bool) -> str:
    folded = fold_case(data_of(text), upper=upper)
    return text_of(folded) if folded is not None else _text(text)


MODULES: dict[str, Functions] = {
    "json": {
        "encode": _json_encode,
        "decode": _json_decode,
        "array": lambda items: list(items),
        "object": lambda members: dict(members),
    },
    "base64": {
        "encode": _texts("base64", "base64_encode"),
        "decode": _raw("base64", "base64_decode"),
        "url_encode": _texts("base64", "base64_url_encode"),
        "url_decode": _raw("base64", "base64_url_decode"),
    },
    "crypto": {
        **{name: _texts("crypto", name) for name in _DIGESTS},
        **{
            f"hmac_{digest}{ending}": maker("crypto", f"hmac_{digest}{ending}")
            for digest in _HMAC_DIGESTS
            for ending, maker in (("", _texts), ("_base64", _texts), ("_raw", _raw))
        },
        "equal": _equal,
        "uuid": _texts("crypto", "uuid4"),
    },
    "time": {
        "now": lambda: int(time.time()),
        "now_ms": lambda: int(time.time() * 1000),
        "sleep": _sleep,
        "format": _time_format,
        "parse": _time_parse,
        "iso": _iso,
    },
    "url": {
        "parse": _url_parse,
        "build": _url_build,
        "join": _texts("url", "join_urls"),
        "encode": _texts("url", "encode_query"),
        "encode_path": _texts("url", "encode_path_segment"),
        "decode": _texts("url", "decode_query"),
    },
    "form": {"parse": _form_parse},
    "cookies": {"parse": _cookies_parse, "build": _cookies_build},
    "strings": {
        "trim": lambda text: _text(text).strip(),
        "trim_left": lambda text: _text(text).lstrip(" \t\r\n"),
        "trim_right": lambda text: _text(text).rstrip(" \t\r\n"),
        "split": _split,
        "join": _join,
        "has_prefix": lambda text, prefix: _text(text).startswith(_text(prefix)),
        "has_suffix": lambda text, suffix: _text(text).endswith(_text(suffix)),
        "contains": lambda text, part: _text(part) in _text(text),
        "replace": _replace,
        "to_lower": lambda text: _folded(text, upper=False),
        "to_upper": lambda text: _folded(text, upper=True),
        "rep": _repeat,
        "repeat": _repeat,
    },
    "random": {
        "int": _random_int,
        "float": lambda: float(NATIVE["random_float"]()),
        "string": _random_of("string", "random_string"),
        "bytes": _random_of("bytes", "random_base64"),
        "hex": _random_of("hex", "random_hex"),
        "id": _texts("random", "random_id"),
    },
}
"""The modules by name; the functions as guests in Python name them."""
