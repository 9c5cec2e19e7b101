"""A stand-in for Resend: keeps what it is sent, answers what it is told to."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.upstream import open_upstream


class Resend:
    """What was posted, and what is answered to it; accepts everything unless told otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.bodies: list[Any] = []
        self._answer: tuple[int, bytes, dict[str, str]] = (200, b"", {})
        self.answer(200, {"id": "email_fake_123"})

    def answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        """Give this answer from now on; bytes are sent as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._answer = (status, data, headers or {})

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Keep one request."""
        self.paths.append(f"{request.method} {request.path_qs}")
        self.headers.append(request.headers.copy())
        self.bodies.append(json.loads(await request.read()))
        status, body, headers = self._answer
        return web.Response(status=status, body=body, headers=headers)


@asynccontextmanager
async def open_resend() -> AsyncIterator[Resend]:
    """Serve a stand-in on a free port of loopback."""
    resend = Resend()
    async with open_upstream(resend.handle) as resend.url:
        yield resend
