"""The modules http, ai and email: options as guests write them become what the host takes."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from perilune.worker.library import NATIVE
from perilune.worker.python.errors import error_of
from perilune.worker.python.library import data_of
from perilune.worker.python.records import Headers, HttpResponse, camel_case
from perilune.worker.python.responses import to_json

Functions = dict[str, Callable[..., Any]]

_HTTP_OPTIONS = frozenset({"headers", "query", "timeout", "followRedirects", "maxBytes"})
_BODY_OPTIONS = frozenset({"body", "json", "form"})
_WITHOUT_BODY = frozenset({"get", "head"})
_DEFAULT_MAX_TOKENS = 1024
_CHAT_OPTIONS = frozenset(
    {"provider", "model", "messages", "max_tokens", "temperature", "endpoint"}
)
_MAIL_TEXTS = ("from", "subject", "text", "html")
_MAIL_LISTS = ("to", "cc", "bcc", "reply_to")
_MAIL_OPTIONS = frozenset(
    {*_MAIL_TEXTS, *_MAIL_LISTS, "headers", "tags", "scheduled_at", "attachments"}
)
_RFC3339 = b"2006-01-02T15:04:05Z"


def adapt(modules: dict[str, Functions]) -> None:
    """Put the functions that guests call in place of the bare host calls."""
    for name, call in modules.get("http", {}).items():
        modules["http"][name] = _request(call) if name == "request" else _method(name, call)
    if "ai" in modules:
        modules["ai"]["chat"] = _chat(modules["ai"]["chat"])
    if "email" in modules:
        modules["email"]["send"] = _send(modules["email"]["send"])


def _method(name: str, call: Callable[..., Any]) -> Callable[..., HttpResponse]:
    allowed = _HTTP_OPTIONS if name in _WITHOUT_BODY else _HTTP_OPTIONS | _BODY_OPTIONS

    def send(url: str, options: Any = None, **named: Any) -> HttpResponse:
        return _response(call(url, _http_options(options, named, allowed)))

    send.__name__ = send.__qualname__ = name
    return send


def _request(call: Callable[..., Any]) -> Callable[..., HttpResponse]:
    def request(method: str, url: str, options: Any = None, **named: Any) -> HttpResponse:
        wire = _http_options(options, named, _HTTP_OPTIONS | _BODY_OPTIONS)
        return _response(call(method, url, wire))

    return request


def _response(value: Mapping[str, Any]) -> HttpResponse:
    response = HttpResponse(value)
    response["headers"] = Headers(response["headers"])
    response["multiHeaders"] = Headers(response["multiHeaders"])
    return response


def _http_options(
    options: Any, named: Mapping[str, Any], allowed: frozenset[str]
) -> dict[str, Any]:
    given = _merged("http", options, {camel_case(key): one for key, one in named.items()}, allowed)
    headers = _texts("headers", given.get("headers"))
    wire: dict[str, Any] = {"headers": headers, "query": _texts("query", given.get("query"))}
    for name in ("timeout", "maxBytes"):
        if given.get(name) is not None:
            wire[name] = _positive(name, given[name])
    if given.get("followRedirects") is False:
        wire["followRedirects"] = False
    if given.get("json") is not None:
        wire["body"] = to_json(given["json"])
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = b"application/json"
    elif given.get("form") is not None:
        wire["form"] = _texts("form", given["form"])
    elif given.get("body") is not None:
        wire["body"] = data_of(given["body"])
    return wire


def _chat(call: Callable[..., Any]) -> Callable[..., Any]:
    failure = error_of("ai")

    def chat(options: Any = None, **named: Any) -> Any:
        given = _merged("ai.chat", options, named, _CHAT_OPTIONS)
        if not given.get("provider"):
            raise failure("provider is required (openai or anthropic)")
        if not given.get("model"):
            raise failure("model is required")
        messages = given.get("messages")
        if not isinstance(messages, list | tuple) or not messages:
            raise failure("messages is required and must be a list with at least one message")
        wire = {
            "provider": data_of(given["provider"]),
            "model": data_of(given["model"]),
            "messages": [_message(index, one) for index, one in enumerate(messages)],
            "max_tokens": int(given.get("max_tokens") or _DEFAULT_MAX_TOKENS),
        }
        if given.get("temperature") is not None:
            wire["temperature"] = float(given["temperature"])
        if given.get("endpoint"):
            wire["endpoint"] = data_of(given["endpoint"])
        return call(wire)

    return chat


def _message(index: int, value: Any) -> dict[str, bytes]:
    if not isinstance(value, Mapping) or not value.get("role") or not value.get("content"):
        raise error_of("ai")(f"messages[{index}] needs a role and a content that are text")
    return {"role": data_of(value["role"]), "content": data_of(value["content"])}


def _send(call: Callable[..., Any]) -> Callable[..., Any]:
    failure = error_of("email")

    def send(options: Any = None, **named: Any) -> Any:
        # `from` is a keyword of Python.
        plain = {key.removesuffix("_"): value for key, value in named.items()}
        given = _merged("email.send", options, plain, _MAIL_OPTIONS)
        if given.get("to") is None:
            raise failure("to is required")
        wire: dict[str, Any] = {name: _addresses(name, given.get(name)) for name in _MAIL_LISTS}
        wire |= {name: data_of(given.get(name) or "") for name in _MAIL_TEXTS}
        if not wire["to"]:
            raise failure("to cannot be empty")
        for name in ("from", "subject"):
            if not wire[name]:
                raise failure(f"{name} is required")
        if not wire["text"] and not wire["html"]:
            raise failure("either text or html content is required")
        wire["headers"] = _texts("headers", given.get("headers"))
        wire["tags"] = [_tag(index, one) for index, one in enumerate(given.get("tags") or ())]
        wire["scheduled_at"] = _moment(given.get("scheduled_at"))
        files = given.get("attachments") or ()
        wire["attachments"] = [_attachment(index, one) for index, one in enumerate(files)]
        return call(wire)

    return send


def _addresses(name: str, value: Any) -> list[bytes]:
    if value is None:
        return []
    if isinstance(value, str):
        return [data_of(value)]
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise error_of("email")(f"{name} must be a str or a list of them")
    return [data_of(one) for one in value if one]


def _tag(index: int, value: Any) -> dict[str, bytes]:
    if not isinstance(value, Mapping) or not value.get("name"):
        raise error_of("email")(f"tags[{index}] needs a name and a value")
    return {"name": data_of(value["name"]), "value": data_of(value.get("value") or "")}


def _attachment(index: int, value: Any) -> dict[str, bytes]:
    if not isinstance(value, Mapping) or not value.get("filename") or value.get("content") is None:
        raise error_of("email")(f"attachments[{index}] needs a filename and a content")
    return {
        "filename": data_of(value["filename"]),
        "content": data_of(value["content"]),
        "content_type": data_of(value.get("content_type") or ""),
    }


def _moment(value: Any) -> bytes:
    """Return when an e-mail is to be sent: Unix seconds become RFC 3339."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < 253402300800:
            raise error_of("email")("scheduled_at is out of range")
        return bytes(NATIVE["format_time"](math.floor(value), _RFC3339, b"UTC"))
    return data_of(value or "")


def _merged(
    what: str, options: Any, named: Mapping[str, Any], allowed: frozenset[str]
) -> dict[str, Any]:
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f"the options of {what} must be a dict, not {type(options).__name__}")
    given = {**(options or {}), **named}
    for name in given:
        if name not in allowed:
            raise TypeError(f"{what} has no option {name!r}, only: {', '.join(sorted(allowed))}")
    return given


def _texts(what: str, value: Any) -> dict[str, bytes]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a dict, not {type(value).__name__}")
    return {str(name): data_of(one) for name, one in value.items()}


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not 0 < value < math.inf:
        raise error_of("http")(f"{name} must be a positive number")
    return value
