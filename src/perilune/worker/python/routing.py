"""Patterns for the path below a function.

A pattern consists of segments; empty ones don't count.  `:name` stands for
one segment, `*` or `*name` at the end for one or more, everything else for
itself.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from perilune.worker.library import NATIVE
from perilune.worker.python.errors import error_of
from perilune.worker.python.library import Current, data_of
from perilune.worker.python.records import text_of

_SEGMENT = re.compile(r"[^/]+")
_ANY = "any"
_METHODS = ("get", "post", "put", "patch", "delete", "head", _ANY)

Handler = Callable[[Any, dict[str, str]], Any]


def segments_of(event: Mapping[str, Any]) -> list[str]:
    """Return the segments of the path below the function: cut first, then decoded (RFC 3986, 2.2).

    A path that the function has changed itself is taken as it is.
    """
    path, raw = event.get("relativePath") or "", event.get("rawRelativePath") or ""
    if "%" in raw and _unescaped(raw) == path:
        return [_unescaped(segment) for segment in _SEGMENT.findall(raw)]
    return _SEGMENT.findall(path)


def capture(given: list[str], pattern: str) -> dict[str, str] | None:
    """Return what the names of a pattern stand for in segments; None if they don't match."""
    wanted = _SEGMENT.findall(pattern)
    last = wanted[-1] if wanted else ""
    has_rest = last.startswith("*")
    if has_rest:
        wanted.pop()
    if len(given) < len(wanted) or (len(given) > len(wanted)) != has_rest:
        return None
    captured = {}
    for segment, value in zip(wanted, given, strict=False):
        if segment.startswith(":"):
            captured[segment[1:]] = value
        elif segment != value:
            return None
    if len(last) > 1 and has_rest:
        captured[last[1:]] = "/".join(given[len(wanted) :])
    return captured


class Router:
    """Routes, tried in the order they were added."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, str, Handler]] = []
        for method in _METHODS:
            setattr(self, method, self._adder(method if method == _ANY else method.upper()))

    def dispatch(self, event: Mapping[str, Any]) -> Any:
        """Return what the handler of the first route that fits returns."""
        segments = segments_of(event)
        method = (event.get("method") or "GET").upper()
        allowed: dict[str, None] = {}
        for wanted, pattern, handler in self._routes:
            params = capture(segments, pattern)
            if params is None:
                continue
            if wanted in (method, _ANY):
                return handler(event, params)
            allowed[wanted] = None
        if not allowed:
            return _refusal(404, "Not found", {})
        return _refusal(405, "Method not allowed", {"Allow": ", ".join(allowed)})

    def _adder(self, method: str) -> Callable[..., Any]:
        def add(pattern: str, handler: Handler | None = None) -> Any:
            """Add a route; without handler, return a decorator that does."""
            if handler is None:
                return lambda function: add(pattern, function)
            if not callable(handler):
                raise TypeError(f"a function is expected, not {type(handler).__name__}")
            self._routes.append((method, pattern, handler))
            return handler

        return add


def router_functions(current: Current) -> dict[str, Callable[..., Any]]:
    """Return the module `router` for the execution that *current* tells of."""

    def path(pattern: str, params: Any = None, options: Any = None, *, strict: bool = False) -> str:
        is_strict = bool((options or {}).get("strict", strict))
        return current.mount + _fill(pattern, params or {}, is_strict)

    def url(pattern: str, params: Any = None, options: Any = None, *, strict: bool = False) -> str:
        return current.base_url.removesuffix("/") + path(pattern, params, options, strict=strict)

    return {
        "match": lambda path, pattern: capture(_SEGMENT.findall(path), pattern) is not None,
        "params": lambda path, pattern: capture(_SEGMENT.findall(path), pattern) or {},
        "path": path,
        "url": url,
        "new": Router,
    }


def _fill(pattern: str, params: Mapping[str, Any], is_strict: bool) -> str:
    if pattern and not pattern.startswith("/"):
        pattern = "/" + pattern

    def value_of(found: re.Match[str]) -> str:
        segment = found[0]
        is_last = not _SEGMENT.search(pattern, found.end())
        is_rest = segment.startswith("*") and len(segment) > 1 and is_last
        if not segment.startswith(":") and not is_rest:
            return segment
        value = params.get(segment[1:])
        if value is None:
            if is_strict:
                raise error_of("router")(f"no value for {segment} in {pattern}")
            return segment
        text = text_of(data_of(value))
        if is_rest:
            return _SEGMENT.sub(lambda part: _escaped(part[0]), text)
        return _escaped(text)

    return _SEGMENT.sub(value_of, pattern)


def _unescaped(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def _escaped(text: str) -> str:
    return text_of(NATIVE["encode_path_segment"](data_of(text)))


def _refusal(status: int, reason: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {**headers, "Content-Type": "application/json"},
        "body": f'{{"error":"{reason}"}}',
    }
