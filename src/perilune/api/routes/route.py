"""How a route of the management API is declared, found and called.

A declaration says everything there is to know of a route: requests are served and the OpenAPI
document is made from it.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from perilune.api.access.csrf import SAFE_METHODS
from perilune.api.body import decode_body, read_body_in_time
from perilune.api.error_answer import Error
from perilune.api.errors import (
    AuthenticationRequired,
    BodyReadError,
    BodyTimeout,
    BodyTooLarge,
    CrossSiteRequest,
    InsufficientScope,
    InvalidBody,
    OperationFailed,
    ShuttingDown,
    TooManyAttempts,
)
from perilune.api.headers import header_value
from perilune.api.parameters import Group, Parameter
from perilune.api.replies import encoded_answer, json_answer
from perilune.api.scopes import Caller, TokenScope
from perilune.errors import PeriluneError
from perilune.store import StoreUnavailable

MAX_BODY_BYTES = 2 * 1024 * 1024
JSON = "application/json"
CALLER = "perilune.caller"
"""Where the `Caller` is kept in the ASGI scope of a request that was let in."""

ErrorKinds = tuple[type[PeriluneError], ...]
Handler = Callable[..., Awaitable[Any]]
"""Answers a request: with what is sent as JSON, None for no content, or a whole response.

It gets what its parameters name: those of path and query, `body` and `request`.
"""

EVERYWHERE: ErrorKinds = (OperationFailed, StoreUnavailable, ShuttingDown)
"""What any route may answer."""
WITH_SCOPE: ErrorKinds = (AuthenticationRequired, InsufficientScope, TooManyAttempts)
"""What a route that asks for a right may answer too."""
WITH_CHANGE: ErrorKinds = (CrossSiteRequest,)
"""What such a route may answer if it changes something."""
WITH_BODY: ErrorKinds = (InvalidBody, BodyReadError, BodyTimeout, BodyTooLarge)
"""What a route that takes a body may answer too."""


@dataclass(frozen=True)
class Route:
    """One operation of the management API."""

    method: str
    path: str
    """With its parameters in braces."""
    handler: Handler
    operation_id: str
    """The stable name of the operation for generated clients."""
    summary: str
    """One sentence on what it does."""
    _: KW_ONLY
    tag: str
    """The group it is shown in."""
    scope: TokenScope | None
    """The right that a caller needs; None for a public route."""
    parameters: tuple[Parameter | Group, ...] = ()
    """Those of the query, and those of the path that are more than any text."""
    body: Any = None
    """The type of the body, as msgspec knows types; None if it takes none."""
    required: tuple[str, ...] = ()
    """Members the body can't do without, although its type can."""
    is_body_optional: bool = False
    """Whether an empty body counts as one without members."""
    answer: Any = None
    """The type of the answer, sent as by `to_json`; None if it is empty or free."""
    media_type: str = JSON
    """The content type of the answer."""
    errors: ErrorKinds = ()
    """The errors this route has of its own, beside those that any has."""
    envelope: type = Error
    """The shape of what errors are answered with."""

    def __post_init__(self) -> None:
        """Check that the handler gets what it needs and takes what is declared."""
        declared = {one.name for one in self.parameters} | ({"body"} if self.body else set())
        given = {one.name for one in self._arguments} | declared | {"request"}
        needed = {name for name, one in self._takes.items() if one.default is one.empty}
        if not needed <= given or not declared <= self._takes.keys():
            raise ValueError(f"{self.operation_id}: the handler takes other parameters")

    @property
    def status(self) -> int:
        """The status of success."""
        return 204 if self.answer is None and self.media_type == JSON else 200

    @property
    def all_errors(self) -> ErrorKinds:
        """Every error it may answer."""
        found = self.errors + EVERYWHERE + (WITH_BODY if self.body else ())
        if self.scope is None:
            return found
        return found + WITH_SCOPE + (() if self.method in SAFE_METHODS else WITH_CHANGE)

    @cached_property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the path, then those of the query."""
        return tuple(part for one in self._arguments for part in one.parts)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths it serves; its groups are the texts of the path's parameters."""
        return compile_path(self.path)[0]

    @property
    def template(self) -> str:
        """The path as OpenAPI has it."""
        return compile_path(self.path)[1]

    async def respond(
        self, request: Request, texts: Mapping[str, str], body_timeout_s: float
    ) -> Response:
        """Answer a request whose path has these *texts* for its parameters.

        Raises:
            PeriluneError: the caller may not do this, the request breaks a rule, or it fails.
        """
        if self.scope is not None and not caller_of(request).may(self.scope):
            raise InsufficientScope(self.scope)
        if self._has_query:
            query = request.scope["query_string"].decode("latin-1")
            pairs = parse_qsl(query, keep_blank_values=True)
            texts = {**dict(reversed(pairs)), **texts}  # the first of several counts
        given = {one.name: one.value(texts) for one in self._arguments if one.name in self._takes}
        if self.body is not None:
            given["body"] = await self._read_body(request, body_timeout_s)
        if "request" in self._takes:
            given["request"] = request
        answer = await self.handler(**given)
        if isinstance(answer, Response):
            return answer
        if self.status == 204:
            return Response(status_code=204)
        return encoded_answer(answer) if isinstance(answer, bytes) else json_answer(answer)

    @cached_property
    def _arguments(self) -> tuple[Parameter | Group, ...]:
        """What a handler may get, by path and query, those of the path first."""
        declared = {one.name: one for one in self.parameters}
        in_path = {name: declared.pop(name, Parameter(name)) for name in self.pattern.groupindex}
        return (*in_path.values(), *declared.values())

    @cached_property
    def _takes(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.handler).parameters

    @cached_property
    def _has_query(self) -> bool:
        return len(self.all_parameters) > len(self.pattern.groupindex)

    async def _read_body(self, request: Request, timeout_s: float) -> Any:
        data = await read_body_in_time(
            request.receive,
            limit=MAX_BODY_BYTES,
            timeout_s=timeout_s,
            declared=header_value(request.scope["headers"], b"content-length").decode("latin-1"),
        )
        return decode_body((data or b"{}") if self.is_body_optional else data, self.body)


class RouteTable:
    """Finds the routes of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._literal: dict[str, dict[str, Route]] = {}
        by_pattern: dict[re.Pattern[str], dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                by_pattern.setdefault(route.pattern, {})[route.method] = route
            else:
                self._literal.setdefault(route.path, {})[route.method] = route
        self._by_pattern = tuple(by_pattern.items())

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """Return the routes of *path* by method, none if it is unknown, and its parameters.

        A path of its own is not meant by the parameter of another: no execution has the id
        `stream`.
        """
        literal = self._literal.get(path)
        if literal is not None:
            return literal, {}
        for pattern, routes in self._by_pattern:
            found = pattern.match(path)
            if found is not None:
                return routes, found.groupdict()
        return {}, {}


def caller_of(request: Request) -> Caller:
    """Return who makes *request*, which was let in by a credential."""
    caller: Caller = request.scope[CALLER]
    return caller
