"""Calls of guest code to the outside world: HTTP, AI chat and e-mail, for one execution.

Every call gets the time that is left of the execution, and all three kinds
count against one limit.  What arrives is checked again: the worker that sent
it is not trusted, and its bindings send nothing else.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from perilune.runtimes.contract import WorkerDiedError
from perilune.services.ai import (
    AIClient,
    AIError,
    AITracker,
    ChatRequest,
    Message,
    TrackedAIClient,
)
from perilune.services.email import (
    Attachment,
    EmailClient,
    EmailError,
    EmailTracker,
    SendRequest,
    Tag,
    TrackedEmailClient,
)
from perilune.services.http import HTTPClient, HTTPClientError, Request
from perilune.worker.frames import Reply

SHORTEST_TIMEOUT_S = 0.001

Members = Mapping[str, Any]  # Any: guest values, checked when they are taken out


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundServices:
    """The way to the outside world; what is None is not configured."""

    http: HTTPClient | None = None
    ai: AIClient | None = None
    ai_tracker: AITracker | None = None
    email: EmailClient | None = None
    email_tracker: EmailTracker | None = None


class OutboundCalls:
    """The host side of the modules http, ai and email, bound to one execution."""

    def __init__(
        self,
        services: OutboundServices,
        *,
        function_id: str,
        execution_id: str,
        deadline: float,
        max_calls: int,
    ) -> None:
        """Bind the services.

        Args:
            services: what there is.
            function_id: whose keys and accounts are used.
            execution_id: whose record tells of AI and e-mail calls.
            deadline: reading of the loop's clock at which the execution is over.
            max_calls: most calls, of all modules together.
        """
        self._services = services
        self._function_id = function_id
        self._execution_id = execution_id
        self._deadline = deadline
        self._limit = max_calls
        self._calls_left = max_calls

    async def answer(self, module: str, name: str, args: list[Any]) -> Reply:
        """Carry out one call.  Any: guest values.

        Raises:
            WorkerDiedError: the call can't come from the real bindings.
        """
        if self._calls_left <= 0:
            return Reply(
                f"limit of {self._limit} http, ai and email calls in one execution reached"
            )
        self._calls_left -= 1
        try:
            match module:
                case "http":
                    return await self._http(name, args)
                case "ai":
                    return await self._ai(_members(args[0]))
                case _:
                    return await self._email(_members(args[0]))
        except (HTTPClientError, AIError, EmailError) as error:
            return Reply(str(error))

    def _time_left_s(self) -> float | None:
        if math.isinf(self._deadline):
            return None
        return max(SHORTEST_TIMEOUT_S, self._deadline - asyncio.get_running_loop().time())

    async def _http(self, name: str, args: list[Any]) -> Reply:
        client = self._services.http
        if client is None:
            return Reply("http is not configured")
        method = _text(args.pop(0)) if name == "request" else name
        options = _members(args[1] if len(args) > 1 else None)
        headers = _texts(options.get("headers"))
        body = _optional(options.get("body"), _text) or ""
        if "form" in options:
            form = sorted(_texts(options["form"]).items())
            body = urlencode(form, errors="surrogateescape")
            if not any(one.lower() == "content-type" for one in headers):
                headers["Content-Type"] = "application/x-www-form-urlencoded"
        max_bytes = _optional(options.get("maxBytes"), _number)
        request = Request(
            url=_text(args[0]),
            method=method.upper(),
            headers=headers,
            query=_texts(options.get("query")),
            body=body,
            timeout_s=_smallest(_optional(options.get("timeout"), _number), self._time_left_s()),
            follow_redirects=options.get("followRedirects") is not False,
            max_bytes=None if max_bytes is None else int(max_bytes),
        )
        response = await client.request(request)
        return Reply(
            None,
            {
                "statusCode": response.status_code,
                "headers": _encoded(response.headers),
                "multiHeaders": {
                    _bytes(one): [_bytes(value) for value in values]
                    for one, values in response.multi_headers.items()
                },
                "body": _bytes(response.body),
                "url": _bytes(response.url),
            },
        )

    async def _ai(self, options: Members) -> Reply:
        client = self._services.ai
        if client is None:
            return Reply("ai is not configured")
        messages = [_members(one) for one in _items(options.get("messages"))]
        request = ChatRequest(
            provider=_text(options.get("provider")),
            model=_text(options.get("model")),
            messages=tuple(
                Message(_text(one.get("role")), _text(one.get("content"))) for one in messages
            ),
            max_tokens=int(_number(options.get("max_tokens"))),
            temperature=_optional(options.get("temperature"), _number),
            endpoint=_optional(options.get("endpoint"), _text) or "",
            timeout_s=self._time_left_s(),
        )
        tracked = TrackedAIClient(client, self._services.ai_tracker, self._execution_id)
        answer = await tracked.chat(self._function_id, request)
        usage = answer.usage
        return Reply(
            None,
            {
                "content": _bytes(answer.content),
                "model": _bytes(answer.model),
                "usage": {
                    "input_tokens": usage.input_tokens,
                    "output_tokens": usage.output_tokens,
                },
            },
        )

    async def _email(self, options: Members) -> Reply:
        client = self._services.email
        if client is None:
            return Reply("email is not configured")

        def text(name: str) -> str:
            return _optional(options.get(name), _text) or ""

        def texts(name: str) -> tuple[str, ...]:
            return tuple(_text(one) for one in _items(options.get(name)))

        tags = [_members(one) for one in _items(options.get("tags"))]
        files = [_members(one) for one in _items(options.get("attachments"))]
        request = SendRequest(
            from_=text("from"),
            to=texts("to"),
            subject=text("subject"),
            text=text("text"),
            html=text("html"),
            reply_to=texts("reply_to"),
            cc=texts("cc"),
            bcc=texts("bcc"),
            headers=_texts(options.get("headers")),
            tags=tuple(Tag(_text(one.get("name")), _text(one.get("value"))) for one in tags),
            scheduled_at=text("scheduled_at"),
            attachments=tuple(
                Attachment(
                    filename=_text(one.get("filename")),
                    content=_data(one.get("content")),
                    content_type=_optional(one.get("content_type"), _text) or "",
                )
                for one in files
            ),
            timeout_s=self._time_left_s(),
        )
        tracked = TrackedEmailClient(client, self._services.email_tracker, self._execution_id)
        answer = await tracked.send(self._function_id, request)
        return Reply(None, {"id": _bytes(answer.id)})


# What the bindings send, taken out of guest values; anything else is a forgery.


def _impossible() -> WorkerDiedError:
    return WorkerDiedError("the worker was stopped: it sent a request of an impossible form")


def _data(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _impossible()
    return value


def _text(value: Any) -> str:
    return _data(value).decode("utf-8", "surrogateescape")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _impossible()
    return value


def _optional(value: Any, take: Callable[[Any], Any]) -> Any:
    return None if value is None else take(value)


def _members(value: Any) -> Members:
    """Return a table with text keys; an empty one may come as a list."""
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise _impossible()
    return {_text(name): member for name, member in value.items()}


def _texts(value: Any) -> dict[str, str]:
    return {name: _text(member) for name, member in _members(value).items()}


def _items(value: Any) -> list[Any]:
    """Return a list; an empty one may come as a table without members."""
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise _impossible()
    return value


def _smallest(first: float | None, second: float | None) -> float | None:
    given = [one for one in (first, second) if one is not None]
    return min(given, default=None)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def _encoded(texts: Mapping[str, str]) -> dict[bytes, bytes]:
    return {_bytes(name): _bytes(value) for name, value in texts.items()}
