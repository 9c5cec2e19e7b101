"""What crosses the border to guests and back: context, events, texts that are not UTF-8."""

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from perilune.events import PATH_MARKS, ExecutionContext, HTTPEvent


def guest_context(context: ExecutionContext, event: HTTPEvent) -> dict[str, Any]:
    """Return *context* as guests know it: camelCase, empty members left out.

    *event* is what it is executed for.
    """
    mount = event.path.removesuffix(event.relative_path)
    is_ours = mount.startswith("/fn/") and mount.count("/") == 2
    members: dict[str, Any] = {
        "executionId": context.execution_id,
        "functionId": context.function_id,
        "mount": _escaped(mount) if is_ours else f"/fn/{context.function_id}",
        "startedAt": context.started_at,
    }
    if context.request_id:
        members["requestId"] = context.request_id
    if context.version:
        members["version"] = context.version
    if context.function_name:
        members["functionName"] = context.function_name
    if context.base_url:
        members["baseUrl"] = context.base_url
    return members


@lru_cache(maxsize=1024)
def _escaped(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), "/" + PATH_MARKS)


def guest_event(event: HTTPEvent) -> dict[str, Any]:
    """Return *event* as guests know it."""
    return {
        "method": event.method,
        "path": event.path,
        "relativePath": event.relative_path,
        "rawRelativePath": event.raw_relative_path or event.relative_path,
        "headers": event.headers,
        "body": event.body,
        "query": event.query,
        "multiHeaders": event.multi_headers,
        "multiQuery": event.multi_query,
        "rawQuery": event.raw_query,
        "host": event.host,
        "scheme": event.scheme,
        "remoteAddr": event.remote_addr,
        "trigger": event.trigger,
    }


def header_text(value: str | list[str]) -> str | list[str]:
    """Return header values as text: frames hold their bytes as Latin-1."""
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    return _decoded(value)


def _decoded(value: str) -> str:
    if value.isascii():
        return value
    return value.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def as_bytes(value: Any) -> Any:
    """Return *value* with every text in it as bytes, surrogate escapes turned back."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        # The members of the event are named by us; only what they hold comes from outside.
        return {k if k.isascii() else as_bytes(k): as_bytes(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_bytes(one) for one in value]
    return value
