"""HTTP to one server."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from perilune import __version__
from perilune.client.errors import NotFound, NotPermitted, RequestRefused, ServerUnreachable
from perilune.client.target import ServerTarget

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What versions of OpenSSL call an answer that is none of TLS."""

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 330.0
"""A little longer than an execution may take by default."""

PAGE = 100
"""The most that a list gives at once."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """An answer as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Connection:
    """Asks one server; made by `open_connection`.

    Every method raises `ServerUnreachable` when no answer comes.
    """

    def __init__(self, session: aiohttp.ClientSession, target: ServerTarget) -> None:
        self._session = session
        self._token = target.token
        self.url = target.url

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str | int | None] | None = None,
    ) -> Any:  # whatever the route answers
        """Ask the management API; return the decoded answer, None if it is empty.

        Args:
            method: of HTTP.
            path: below the base URL, escaped.
            body: sent as JSON; None sends none.
            params: the query; members that are None are left out.

        Raises:
            Refused: the status is no success; `NotFound` and `NotPermitted` are kinds of it.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = msgspec.json.encode(body)
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        address = f"{path}?{urlencode(query)}" if query else path
        answer = await self._send(method, address, headers, data)
        if answer.status >= 300:
            raise _refusal(answer)
        return _decoded(answer) if answer.body.strip() else None

    async def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        with_token: bool = False,
    ) -> ServerAnswer:
        """Call a function; every status is an answer.

        Args:
            method: of HTTP.
            path: below the base URL, with the query, escaped.
            headers: more than the usual ones.
            body: of the request.
            with_token: whether the function gets the token to see; the server may want it.
        """
        proof = {"Authorization": f"Bearer {self._token}"} if with_token else {}
        return await self._send(method, path, {**proof, **headers}, body)

    async def every(
        self,
        path: str,
        member: str,
        params: Mapping[str, str | int | None] | None = None,
        most: int | None = None,
    ) -> AsyncGenerator[Json, None]:
        """Yield the items of a list, page by page.

        Args:
            path: of the list.
            member: of the answer, which holds the items.
            params: more of the query.
            most: where to stop; None means at the end.

        Raises:
            Refused: see `ask`.
        """
        given = 0
        while most is None or given < most:
            limit = PAGE if most is None else min(PAGE, most - given)
            page = await self.ask(
                "GET", path, params={**(params or {}), "limit": limit, "offset": given}
            )
            items = page[member] or []
            for item in items:
                yield item
            given += len(items)
            if not items or given >= page["pagination"]["total"]:
                return

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None,
    ) -> ServerAnswer:
        try:
            async with self._session.request(
                method,
                URL(self.url + path, encoded=True),
                headers=headers,
                data=data,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                return ServerAnswer(answer.status, list(answer.headers.items()), body)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise ServerUnreachable(f"no answer from {self.url}: {_reason(problem)}") from problem
        except ValueError as problem:
            raise RequestRefused(0, f"that can't be sent: {problem}") from problem


@asynccontextmanager
async def open_connection(target: ServerTarget) -> AsyncIterator[Connection]:
    """Open what asks *target*; the first question connects."""
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=ANSWER_TIMEOUT_S
    )
    async with aiohttp.ClientSession(
        timeout=timeout,
        headers={"User-Agent": f"perilune/{__version__}"},
        # The client sends secrets, so nothing of the machine's environment sends it elsewhere.
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
    ) as session:
        yield Connection(session, target)


def _decoded(answer: ServerAnswer) -> Any:  # whatever JSON can say
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RequestRefused(
            answer.status, "the answer is no JSON: is this a Perilune server?"
        ) from problem


def _reason(problem: Exception) -> str:
    """Return why no answer came, and what there is to do where that is known."""
    cause = problem.os_error if isinstance(problem, aiohttp.ClientConnectorError) else problem
    if isinstance(cause, ConnectionRefusedError):
        return "is the server running? `perilune serve` starts it"
    if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
        return "it does not answer by TLS; does its URL begin with http://?"
    return str(problem) or type(problem).__name__


def _refusal(answer: ServerAnswer) -> RequestRefused:
    text = ""
    try:
        content = msgspec.json.decode(answer.body)
        text = content["error"] if isinstance(content["error"], str) else ""
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        # The status says enough.
        pass
    if answer.status == 404:
        return NotFound(text or "not found")
    if answer.status in (401, 403):
        return NotPermitted(answer.status, text)
    return RequestRefused(answer.status, text)
